// Two ways to OpenGL: EGL without a surface, which Mesa has, in hardware or software; and OSMesa, software alone. Neither is linked: what
// is there is found when something is drawn for the first time. MuJoCo looks its functions up in the libraries that are visible to all, so
// that only the one that works is made so.
#define _GNU_SOURCE
#include "opengl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// Values of the two specifications, whose headers a machine need not have.
enum {
  EGL_PLATFORM_SURFACELESS_MESA = 0x31DD, EGL_OPENGL_API = 0x30A2, EGL_NONE = 0x3038,
  EGL_SURFACE_TYPE = 0x3033, EGL_PBUFFER_BIT = 1, EGL_RENDERABLE_TYPE = 0x3040, EGL_OPENGL_BIT = 8,
  GL_RGBA = 0x1908, GL_UNSIGNED_BYTE = 0x1401, OSMESA_SIDE = 16
};

static struct {
  void *display, *config;
  void *(*proc)(const char *);
  void *(*platform_display)(unsigned, void *, const int *);
  unsigned (*initialize)(void *, int *, int *);
  unsigned (*bind_api)(unsigned);
  unsigned (*choose_config)(void *, const int *, void **, int, int *);
  void *(*create_context)(void *, void *, void *, const int *);
  unsigned (*make_current)(void *, void *, void *, void *);
  unsigned (*destroy_context)(void *, void *);
} egl;

static struct {
  void *(*create)(unsigned, int, int, int, void *);
  unsigned char (*make_current)(void *, void *, unsigned, int, int);
  void (*destroy)(void *);
} osmesa;

typedef struct {
  void *handle;
  unsigned char pixels[4 * OSMESA_SIDE * OSMESA_SIDE]; // OSMesa wants a surface of its own; MuJoCo draws beside it
} OSMesaSurface;

enum { NOTHING, EGL, OSMESA };

static pthread_once_t looked = PTHREAD_ONCE_INIT;
static int backend = NOTHING;
static char problem[512];

static void *egl_create(void) {
  egl.bind_api(EGL_OPENGL_API);
  return egl.create_context(egl.display, egl.config, NULL, NULL);
}

static int egl_bind(void *context) {
  // A thread asks for OpenGL ES until it says otherwise, and releases the context of the one that it asked for.
  return egl.bind_api(EGL_OPENGL_API) && egl.make_current(egl.display, NULL, NULL, context);
}

static void *osmesa_create(void) {
  OSMesaSurface *surface = calloc(1, sizeof *surface);
  if (surface && !(surface->handle = osmesa.create(GL_RGBA, 24, 8, 8, NULL))) {
    free(surface);
    surface = NULL;
  }
  return surface;
}

static int osmesa_bind(OSMesaSurface *surface) {
  return surface ? osmesa.make_current(surface->handle, surface->pixels, GL_UNSIGNED_BYTE, OSMESA_SIDE, OSMESA_SIDE)
                 : osmesa.make_current(NULL, NULL, 0, 0, 0);
}

#define FIND(target, library, name) (*(void **)&(target) = dlsym(library, name))

static int open_egl(void) {
  void *library = dlopen("libEGL.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return 0;
  static const int wanted[] = {EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE};
  int count = 0, is_complete =
    FIND(egl.proc, library, "eglGetProcAddress") && FIND(egl.initialize, library, "eglInitialize")
    && FIND(egl.bind_api, library, "eglBindAPI") && FIND(egl.choose_config, library, "eglChooseConfig")
    && FIND(egl.create_context, library, "eglCreateContext") && FIND(egl.make_current, library, "eglMakeCurrent")
    && FIND(egl.destroy_context, library, "eglDestroyContext")
    && (*(void **)&egl.platform_display = egl.proc("eglGetPlatformDisplayEXT"));
  if (is_complete && (egl.display = egl.platform_display(EGL_PLATFORM_SURFACELESS_MESA, NULL, NULL))
      && egl.initialize(egl.display, NULL, NULL) && egl.bind_api(EGL_OPENGL_API)
      && egl.choose_config(egl.display, wanted, &egl.config, 1, &count) && count > 0) {
    void *context = egl_create();
    int works = context && egl_bind(context);
    if (works) egl_bind(NULL);
    if (context) egl.destroy_context(egl.display, context);
    if (works) return dlopen("libEGL.so.1", RTLD_NOW | RTLD_GLOBAL) != NULL;
  }
  return 0;
}

static int open_osmesa(void) {
  void *library = dlopen("libOSMesa.so.8", RTLD_NOW | RTLD_LOCAL);
  if (!library) return 0;
  if (!FIND(osmesa.create, library, "OSMesaCreateContextExt") || !FIND(osmesa.make_current, library, "OSMesaMakeCurrent")
      || !FIND(osmesa.destroy, library, "OSMesaDestroyContext"))
    return 0;
  return dlopen("libOSMesa.so.8", RTLD_NOW | RTLD_GLOBAL) != NULL;
}

static void look(void) {
  // Programs that draw with MuJoCo take their way from this variable; other values than these two ask for windows.
  const char *wish = getenv("MUJOCO_GL");
  int only_egl = wish && !strcasecmp(wish, "egl"), only_osmesa = wish && !strcasecmp(wish, "osmesa");
  if (!only_osmesa && open_egl()) {
    backend = EGL;
  } else if (!only_egl && open_osmesa()) {
    backend = OSMESA;
  } else {
    int is_chosen = only_egl || only_osmesa;
    snprintf(problem, sizeof problem,
             "this machine cannot draw%s%s: %s. Run: sudo apt-get install -y --no-install-recommends %s%s",
             is_chosen ? " with MUJOCO_GL=" : "", is_chosen ? wish : "",
             only_egl ? "Mesa's EGL does not work here" : only_osmesa ? "libOSMesa.so.8 does not work here"
                                                                      : "it has neither Mesa's EGL nor OSMesa",
             only_osmesa ? "libosmesa6" : "libegl1 libgl1-mesa-dri", is_chosen ? "; or unset MUJOCO_GL, and what works is taken" : "");
  }
}

void *opengl_create(void) {
  pthread_once(&looked, look);
  return backend == EGL ? egl_create() : backend == OSMESA ? osmesa_create() : NULL;
}

void opengl_destroy(void *context) {
  if (backend == EGL) {
    egl.destroy_context(egl.display, context);
  } else {
    osmesa.destroy(((OSMesaSurface *)context)->handle);
    free(context);
  }
}

int opengl_bind(void *context) { return backend == EGL ? egl_bind(context) : osmesa_bind(context); }

void opengl_release(void) { opengl_bind(NULL); }

const char *opengl_problem(void) { return backend == NOTHING ? problem : "the OpenGL library gives no further context"; }
