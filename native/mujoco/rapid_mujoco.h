// What the files of this library share.
#pragma once

#define EXPORT __attribute__((visibility("default")))

enum { OK = 0, FAILED = 1, DIVERGED = 2 };

// Runs something during which MuJoCo may fail: FAILED, with its message kept, where it would otherwise end the process.
int rapid_guarded(void (*body)(void *), void *argument);

// Keeps a message and returns FAILED.
int rapid_refuse(const char *text);
