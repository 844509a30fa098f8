// A thin C ABI over MuJoCo, compiled against the installed header, so that no struct layout is known to managed code.
//
// MuJoCo reports an internal error by printing, waiting for Enter and exiting; a handler must not return either. Every call that can fail
// therefore runs under setjmp, and the handler jumps back here with the message. Warnings are counted by MuJoCo itself and kept silent.
#include <mujoco/mujoco.h>
#include <mujoco/mjxmacro.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

enum { OK = 0, FAILED = 1, DIVERGED = 2 };

static _Thread_local jmp_buf recovery;
static _Thread_local int recovering;
static _Thread_local char message[1024];

static void on_error(const char *text) {
  snprintf(message, sizeof message, "%s", text);
  if (recovering) longjmp(recovery, 1);
}

static void on_warning(const char *text) { (void)text; }

#define GUARDED(body)                 \
  do {                                \
    recovering = 1;                   \
    if (setjmp(recovery)) {           \
      recovering = 0;                 \
      return FAILED;                  \
    }                                 \
    body;                             \
    recovering = 0;                   \
  } while (0)

EXPORT int rapid_mj_version(void) { return mj_version(); }
EXPORT const char *rapid_mj_message(void) { return message; }

EXPORT int rapid_mj_load(const char *path, mjModel **model) {
  mju_user_error = on_error;
  mju_user_warning = on_warning;
  message[0] = 0;
  GUARDED(*model = mj_loadXML(path, 0, message, sizeof message));
  return *model ? OK : FAILED;
}

EXPORT void rapid_mj_delete_model(mjModel *m) { mj_deleteModel(m); }

EXPORT int rapid_mj_make_data(const mjModel *m, mjData **data) {
  GUARDED(*data = mj_makeData(m));
  return *data ? OK : FAILED;
}

EXPORT void rapid_mj_delete_data(mjData *d) { mj_deleteData(d); }

EXPORT int rapid_mj_nq(const mjModel *m) { return m->nq; }
EXPORT int rapid_mj_nv(const mjModel *m) { return m->nv; }
EXPORT int rapid_mj_nu(const mjModel *m) { return m->nu; }
EXPORT double rapid_mj_timestep(const mjModel *m) { return m->opt.timestep; }

// Neither pointer moves while the data lives.
EXPORT double *rapid_mj_qpos(mjData *d) { return d->qpos; }
EXPORT double *rapid_mj_qvel(mjData *d) { return d->qvel; }

// MuJoCo clears its counters when it resets a bad state, so only their presence means something, not their growth.
static int has_diverged(const mjData *d) {
  return d->warning[mjWARN_BADQPOS].number || d->warning[mjWARN_BADQVEL].number || d->warning[mjWARN_BADQACC].number ||
         d->warning[mjWARN_BADCTRL].number || d->warning[mjWARN_CONTACTFULL].number || d->warning[mjWARN_CNSTRFULL].number;
}

// Default state, then the given positions and velocities, then one forward evaluation.
EXPORT int rapid_mj_reset(const mjModel *m, mjData *d, const double *qpos, const double *qvel) {
  GUARDED({
    mj_resetData(m, d);
    mju_copy(d->qpos, qpos, m->nq);
    mju_copy(d->qvel, qvel, m->nv);
    mj_forward(m, d);
  });
  return OK;
}

// Holds the controls for `frames` physics steps. MuJoCo resets a state with non-finite or huge numbers silently and counts a warning, zeroes
// such controls, and drops contacts beyond its buffers; all mean that what follows, until the next reset, is not this simulation any more.
EXPORT int rapid_mj_step(const mjModel *m, mjData *d, const double *control, int frames) {
  GUARDED({
    mju_copy(d->ctrl, control, m->nu);
    for (int i = 0; i < frames; i++) mj_step(m, d);
  });
  return has_diverged(d) ? DIVERGED : OK;
}

// Not every array of every MuJoCo version is of one of these types; the others are not asked for.
#define TYPE_OF(pointer) _Generic(*(pointer), double: 0, int: 1, unsigned char: 2, float: 3, default: -1)

// An array of the compiled model by its MuJoCo name. Type: 0 double, 1 int, 2 byte, 3 float. Returns 0 when there is no such array.
EXPORT int rapid_mj_array(const mjModel *m, const char *name, const void **data, int *count, int *type) {
  MJMODEL_POINTERS_PREAMBLE(m)
#define X(T, field, rows, columns)                   \
  if (!strcmp(name, #field)) {                       \
    *data = m->field;                                \
    *count = (int)(m->rows) * (int)(columns);        \
    *type = TYPE_OF(m->field);                       \
    return 1;                                        \
  }
  MJMODEL_POINTERS
#undef X
  return 0;
}

// Raises MuJoCo's own error path, to prove that it comes back as a status.
EXPORT int rapid_mj_fail(const char *text) {
  GUARDED(mju_error(text));
  return OK;
}
