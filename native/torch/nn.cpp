// Layers, losses and initialisers.
#include "rapid_torch.h"

#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/huber_loss.h>
#include <ATen/ops/l1_loss.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/smooth_l1_loss.h>
#include <torch/nn/init.h>

using rapid::Borrowed;
using rapid::make;
using rapid::run;
using rapid::share;
using rapid::sizes;

RT_API void* rt_conv2d(
    void* input, void* weight, void* bias, const int64_t* stride, const int64_t* padding, const int64_t* dilation, int64_t groups) {
  return make([&] {
    return at::conv2d(*Borrowed(input), *Borrowed(weight), share(bias), sizes(stride, 2), sizes(padding, 2), sizes(dilation, 2), groups);
  });
}

RT_API void* rt_layer_norm(void* input, const int64_t* shape, int32_t count, void* weight, void* bias, double eps) {
  return make([&] { return at::layer_norm(*Borrowed(input), sizes(shape, count), share(weight), share(bias), eps); });
}

RT_API void* rt_one_hot(void* self, int64_t classes) { return make([&] { return at::one_hot(*Borrowed(self), classes); }); }

// reduction: 0 none, 1 mean, 2 sum.
RT_API void* rt_mse_loss(void* input, void* target, int64_t reduction) {
  return make([&] { return at::mse_loss(*Borrowed(input), *Borrowed(target), reduction); });
}

RT_API void* rt_l1_loss(void* input, void* target, int64_t reduction) {
  return make([&] { return at::l1_loss(*Borrowed(input), *Borrowed(target), reduction); });
}

RT_API void* rt_smooth_l1_loss(void* input, void* target, int64_t reduction, double beta) {
  return make([&] { return at::smooth_l1_loss(*Borrowed(input), *Borrowed(target), reduction, beta); });
}

RT_API void* rt_huber_loss(void* input, void* target, int64_t reduction, double delta) {
  return make([&] { return at::huber_loss(*Borrowed(input), *Borrowed(target), reduction, delta); });
}

RT_API void* rt_binary_cross_entropy_with_logits(void* input, void* target, void* weight, void* positive_weight, int64_t reduction) {
  return make([&] {
    return at::binary_cross_entropy_with_logits(*Borrowed(input), *Borrowed(target), share(weight), share(positive_weight), reduction);
  });
}

RT_API void* rt_cross_entropy(void* input, void* target, void* weight, int64_t reduction, int64_t ignore_index, double label_smoothing) {
  return make([&] {
    return at::cross_entropy_loss(*Borrowed(input), *Borrowed(target), share(weight), reduction, ignore_index, label_smoothing);
  });
}

RT_API int32_t rt_init_orthogonal_(void* self, double gain) {
  return run([&] { torch::nn::init::orthogonal_(*Borrowed(self), gain); });
}

RT_API int32_t rt_init_xavier_uniform_(void* self, double gain) {
  return run([&] { torch::nn::init::xavier_uniform_(*Borrowed(self), gain); });
}

RT_API int32_t rt_init_constant_(void* self, rt_scalar value) {
  return run([&] { torch::nn::init::constant_(*Borrowed(self), value); });
}

RT_API int32_t rt_init_uniform_(void* self, double low, double high) {
  return run([&] { torch::nn::init::uniform_(*Borrowed(self), low, high); });
}

RT_API int32_t rt_init_normal_(void* self, double mean, double deviation) {
  return run([&] { torch::nn::init::normal_(*Borrowed(self), mean, deviation); });
}
