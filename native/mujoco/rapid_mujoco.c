// A thin C ABI over MuJoCo, compiled against the installed header, so that no struct layout is known to managed code.
//
// MuJoCo reports an internal error by printing, waiting for Enter and exiting; a handler must not return either. Every call that can fail
// therefore runs under setjmp, and the handler jumps back here with the message. Warnings are counted by MuJoCo itself and kept silent.
#if !__has_include(<mujoco/mujoco.h>)
#error mujoco/mujoco.h was not found: install it with 'apt-get install libmujoco-dev'
#endif
#include <mujoco/mujoco.h>
#include <mujoco/mjxmacro.h>
#include "rapid_mujoco.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

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

// What of a simulation is not a simulation any more, as mjtWarning; -1 when all is well. MuJoCo resets a state with non-finite or huge
// numbers silently and counts a warning, zeroes such controls, and drops contacts beyond its buffers. It clears its counters when it resets
// a bad state, so only their presence means something, not their growth.
static const int fatal[] = {mjWARN_BADQPOS, mjWARN_BADQVEL, mjWARN_BADQACC, mjWARN_BADCTRL, mjWARN_CONTACTFULL, mjWARN_CNSTRFULL};
enum { FATAL = sizeof fatal / sizeof *fatal };

static int breakdown(const mjData *d) {
  for (int i = 0; i < FATAL; i++)
    if (d->warning[fatal[i]].number) return fatal[i];
  return -1;
}

// MuJoCo puts its words for a warning together in a buffer that all threads share. They are asked for once, before anything is
// simulated, with a number that is put in the place of the real one.
#define PLACEHOLDER 987654321
static pthread_once_t words_taken = PTHREAD_ONCE_INIT;
static struct { char before[160], after[160]; } words[mjNWARNING];

static void take_words(void) {
  char placeholder[16];
  int length = snprintf(placeholder, sizeof placeholder, "%d", PLACEHOLDER);
  for (int i = 0; i < FATAL; i++) {
    const char *text = mju_warningText(fatal[i], PLACEHOLDER), *number = strstr(text, placeholder);
    int before = number ? (int)(number - text) : (int)strlen(text);
    snprintf(words[fatal[i]].before, sizeof words->before, "%.*s", before, text);
    snprintf(words[fatal[i]].after, sizeof words->after, "%s", number ? number + length : "");
  }
}

EXPORT int rapid_mj_version(void) { return mj_version(); }
EXPORT const char *rapid_mj_message(void) { return message; }

EXPORT int rapid_mj_load(const char *path, mjModel **model) {
  mju_user_error = on_error;
  mju_user_warning = on_warning;
  pthread_once(&words_taken, take_words);
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

EXPORT double rapid_mj_timestep(const mjModel *m) { return m->opt.timestep; }

// The number of an object by its kind (mjtObj) and name; -1 when there is none.
EXPORT int rapid_mj_id(const mjModel *m, int kind, const char *name) { return mj_name2id(m, kind, name); }

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

// One simulation of a call: what is to be done, then how it ended. Managed code knows this layout.
typedef struct {
  const mjModel *model;
  mjData *data;
  int frames;         // physics steps
  int contact_forces; // whether the forces that bodies feel from outside are computed after them
  int to_current;     // whether what follows from positions and velocities is brought up to date with the new ones
  int status;
  char reason[240]; // MuJoCo's words unless the status is OK
} Simulation;

// Euler's step comes in two halves, of which the first evaluates. To end with what is derived up to date, the second one is taken first:
// the trajectory is the same, and it costs nothing more. What is derived must be up to date before. A Runge-Kutta step has no halves.
static int advance(const Simulation *s) {
  GUARDED({
    int done = 0;
    if (s->to_current && s->model->opt.integrator != mjINT_RK4) {
      mj_step2(s->model, s->data);
      done = 1;
    }
    for (; done < s->frames; done++) mj_step(s->model, s->data);
    if (s->to_current) mj_step1(s->model, s->data);
    if (s->contact_forces) mj_rnePostConstraint(s->model, s->data);
  });
  return breakdown(s->data) < 0 ? OK : DIVERGED;
}

// Steps simulations one after the other under the controls that lie in their states. Whatever happens to one, the others are stepped.
EXPORT void rapid_mj_step(Simulation *simulations, int count) {
  for (Simulation *s = simulations; s < simulations + count; s++) {
    s->status = advance(s);
    if (s->status == FAILED) {
      snprintf(s->reason, sizeof s->reason, "%.*s", (int)sizeof s->reason - 1, message);
    } else if (s->status == DIVERGED) {
      int warning = breakdown(s->data);
      const char *before = words[warning].before, *after = words[warning].after;
      if (*after)
        snprintf(s->reason, sizeof s->reason, "%s%d%s", before, s->data->warning[warning].lastinfo, after);
      else
        snprintf(s->reason, sizeof s->reason, "%s", before);
    }
  }
}

EXPORT int rapid_mj_forward(const mjModel *m, mjData *d) {
  GUARDED(mj_forward(m, d));
  return OK;
}

EXPORT int rapid_mj_contact_count(const mjData *d) { return d->ncon; }

// The name of a part by its kind (mjtObj) and number; 0 or empty when it has none.
EXPORT const char *rapid_mj_name(const mjModel *m, int kind, int id) { return mj_id2name(m, kind, id); }

// The whole state of one simulation into another of the same model.
EXPORT int rapid_mj_copy(const mjModel *m, mjData *to, const mjData *from) {
  GUARDED(mj_copyData(to, m, from));
  return OK;
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

// An array of doubles of the state by its MuJoCo name; it does not move while the data lives. Returns 0 when there is no such array.
EXPORT int rapid_mj_state(const mjModel *m, const mjData *d, const char *name, const void **data, int *count) {
  MJDATA_POINTERS_PREAMBLE(m)
  (void)njmax;
#define X(T, field, rows, columns)                        \
  if (!strcmp(name, #field) && TYPE_OF(d->field) == 0) {  \
    *data = d->field;                                     \
    *count = (int)(m->rows) * (int)(columns);             \
    return 1;                                             \
  }
  MJDATA_POINTERS
#undef X
  return 0;
}

// Raises MuJoCo's own error path, to prove that it comes back as a status.
EXPORT int rapid_mj_fail(const char *text) {
  GUARDED(mju_error(text));
  return OK;
}

int rapid_guarded(void (*body)(void *), void *argument) {
  GUARDED(body(argument));
  return OK;
}

int rapid_refuse(const char *text) {
  snprintf(message, sizeof message, "%s", text);
  return FAILED;
}
