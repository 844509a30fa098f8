// Pictures of simulations by MuJoCo's own renderer, into memory.
#include "rapid_mujoco.h"

#include "opengl.h"

#include <math.h>
#include <mujoco/mujoco.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Where a picture is taken from. Managed code knows this layout.
typedef struct {
  double lookat[3];  // metres; of a followed body x and y are counted from its mass centre
  double distance;   // metres
  double azimuth;    // degrees
  double elevation;  // degrees
  int followed_body; // number, or -1 for a camera that stands still
} View;

typedef struct {
  void *context;
  mjModel drawn; // the arrays of a model, and sizes and quality of these pictures
  int width, height, is_complete;
  mjvScene scene;
  mjvOption option;
  mjrContext resources;
  unsigned char *rows; // [height * width * 3], bottom row first, as OpenGL has them
} Renderer;

typedef struct {
  Renderer *renderer;
  mjData *data;
  const View *view;
} Picture;

static void create(void *argument) {
  Renderer *r = argument;
  mjv_defaultScene(&r->scene);
  mjv_defaultOption(&r->option);
  mjr_defaultContext(&r->resources);
  mjv_makeScene(&r->drawn, &r->scene, 1000 + 2 * r->drawn.ngeom);
  mjr_makeContext(&r->drawn, &r->resources, mjFONTSCALE_100);
  mjr_setBuffer(mjFB_OFFSCREEN, &r->resources);
  if (r->resources.currentBuffer != mjFB_OFFSCREEN) mju_error("OpenGL has no buffer beside the window");
  int effects = r->drawn.vis.quality.shadowsize > 0;
  r->scene.flags[mjRND_SHADOW] = r->scene.flags[mjRND_REFLECTION] = effects;
  r->is_complete = 1;
}

static void draw(void *argument) {
  Picture *picture = argument;
  Renderer *r = picture->renderer;
  const View *view = picture->view;
  mjvCamera camera;
  mjv_defaultCamera(&camera);
  camera.distance = view->distance;
  camera.azimuth = view->azimuth;
  camera.elevation = view->elevation;
  mju_copy3(camera.lookat, view->lookat);
  if (view->followed_body >= 0) {
    const mjtNum *centre = picture->data->subtree_com + 3 * view->followed_body;
    camera.lookat[0] += centre[0];
    camera.lookat[1] += centre[1];

    // Jumps are seen best by a camera that stays where it is; only what would leave the picture is followed upwards.
    mjtNum away = centre[2] - view->lookat[2], slack = view->distance / 4;
    if (fabs(away) > slack) camera.lookat[2] += away - copysign(slack, away);
  }

  if (!isfinite(camera.lookat[0]) || !isfinite(camera.lookat[1]) || !isfinite(camera.lookat[2]))
    mju_error("the simulation broke down: its positions are not finite");
  mjrRect whole = {0, 0, r->width, r->height};
  mjv_updateScene(&r->drawn, picture->data, &r->option, NULL, &camera, mjCAT_ALL, &r->scene);
  mjr_setBuffer(mjFB_OFFSCREEN, &r->resources);
  mjr_render(whole, &r->scene, &r->resources);
  mjr_readPixels(r->rows, NULL, whole, &r->resources);
  if (mjr_getError()) mju_error("OpenGL reports an error");
}

static void free_resources(void *argument) {
  Renderer *r = argument;
  mjr_freeContext(&r->resources);
  mjv_freeScene(&r->scene);
}

EXPORT void rapid_render_delete(Renderer *r) {
  if (r->context && opengl_bind(r->context)) {
    if (r->is_complete) rapid_guarded(free_resources, r);
    opengl_release();
  }
  // What MuJoCo had made of an incomplete renderer goes with its context.
  if (r->context) opengl_destroy(r->context);
  free(r->rows);
  free(r);
}

// Makes a renderer of pictures of one size. The model must live as long.
EXPORT int rapid_render_create(const mjModel *m, int width, int height, int samples, int shadow_size, Renderer **renderer) {
  Renderer *r = calloc(1, sizeof *r);
  *renderer = NULL;
  if (!r || !(r->rows = malloc(3 * (size_t)width * height))) {
    free(r);
    return rapid_refuse("out of memory");
  }

  r->width = width;
  r->height = height;
  r->drawn = *m;
  r->drawn.vis.global.offwidth = width;
  r->drawn.vis.global.offheight = height;
  r->drawn.vis.quality.offsamples = samples;
  r->drawn.vis.quality.shadowsize = shadow_size;
  int status = OK;
  if (!(r->context = opengl_create())) {
    status = rapid_refuse(opengl_problem());
  } else if (!opengl_bind(r->context)) {
    status = rapid_refuse("the OpenGL context cannot be used on this thread");
  } else {
    status = rapid_guarded(create, r);
    opengl_release();
  }

  if (status == OK)
    *renderer = r;
  else
    rapid_render_delete(r);
  return status;
}

// Draws a state of the model into rgb [height * width * 3], top row first. Any thread may call, one at a time for a renderer.
EXPORT int rapid_render_draw(Renderer *r, mjData *d, const View *view, unsigned char *rgb) {
  if (!opengl_bind(r->context)) return rapid_refuse("the OpenGL context is in use by another thread");
  Picture picture = {r, d, view};
  int status = rapid_guarded(draw, &picture);
  opengl_release();
  size_t row = 3 * (size_t)r->width;
  for (int y = 0; status == OK && y < r->height; y++) memcpy(rgb + y * row, r->rows + (r->height - 1 - y) * row, row);
  return status;
}

// A body that goes places and has limbs: there the camera goes along. A ball that is thrown has none, a cart has one direction.
static int is_walker(const mjModel *m, int body) {
  int slides = 0, is_free = 0, has_limbs = 0;
  for (int j = m->body_jntadr[body]; j < m->body_jntadr[body] + m->body_jntnum[body]; j++) {
    slides += m->jnt_type[j] == mjJNT_SLIDE;
    is_free |= m->jnt_type[j] == mjJNT_FREE;
  }
  for (int other = 1; other < m->nbody; other++)
    has_limbs |= other != body && m->body_rootid[other] == body && m->body_jntnum[other] > 0;
  return (is_free || slides >= 2) && has_limbs;
}

// The smallest box around what has a size, of one kinematic tree or of all (root -1). 0 when there is nothing.
static int bounds(const mjModel *m, const mjData *d, int root, double low[3], double high[3]) {
  int count = 0;
  for (int g = 0; g < m->ngeom; g++) {
    if (m->geom_type[g] == mjGEOM_PLANE || m->geom_type[g] == mjGEOM_HFIELD) continue;
    if (root >= 0 && m->body_rootid[m->geom_bodyid[g]] != root) continue;
    for (int axis = 0; axis < 3; axis++) {
      double at = d->geom_xpos[3 * g + axis], reach = m->geom_rbound[g];
      low[axis] = count ? mju_min(low[axis], at - reach) : at - reach;
      high[axis] = count ? mju_max(high[axis], at + reach) : at + reach;
    }
    count++;
  }
  return count;
}

// A view of all that is there, or of the body that walks: from the side, or from above where all lies flat, unless the model's file says
// how.
EXPORT void rapid_render_default_view(const mjModel *m, const mjData *d, View *view) {
  view->followed_body = -1;
  for (int body = m->nbody - 1; body > 0; body--)
    if (m->body_parentid[body] == 0 && is_walker(m, body)) view->followed_body = body;

  double low[3] = {0}, high[3] = {0}, square = 0, margin = 1.1;
  bounds(m, d, view->followed_body, low, high);
  for (int axis = 0; axis < 3; axis++) {
    view->lookat[axis] = view->followed_body < 0 || axis == 2 ? (low[axis] + high[axis]) / 2 : 0;
    square += (high[axis] - low[axis]) * (high[axis] - low[axis]);
  }

  // The sphere around the box fills the picture's height.
  double radius = mju_max(sqrt(square) / 2, 0.01);
  view->distance = margin * radius / sin(m->vis.global.fovy * mjPI / 360);
  view->azimuth = m->vis.global.azimuth;
  view->elevation = m->vis.global.elevation;
  const double mujoco_default = -45, side = -20, above = -70, flat = 0.3;
  if (view->elevation == mujoco_default)
    view->elevation = high[2] - low[2] < flat * mju_max(high[0] - low[0], high[1] - low[1]) ? above : side;
}
