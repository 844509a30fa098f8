// OpenGL without a window, from whichever library the machine has. A context is bound to a thread only while it draws, so that any thread
// may draw with it, one at a time.
#pragma once

// NULL when the machine has nothing to draw with; opengl_problem says what to do.
void *opengl_create(void);
void opengl_destroy(void *context);

// Makes a context the calling thread's; 0 when that fails.
int opengl_bind(void *context);
void opengl_release(void);

const char *opengl_problem(void);
