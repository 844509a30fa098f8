// Tensors from nothing and from memory of the caller.
#include "rapid_torch.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

using rapid::Borrowed;
using rapid::make;
using rapid::sizes;

// What every factory is told about its result.
struct rt_options {
  int32_t dtype;
  int32_t device_type;
  int32_t device_index;
  int32_t requires_grad;

  operator at::TensorOptions() const {
    return at::TensorOptions().dtype(rapid::scalar_type(dtype)).device(rapid::device(device_type, device_index));
  }
  at::Tensor finish(at::Tensor tensor) const {
    return requires_grad ? tensor.set_requires_grad(true) : tensor;
  }
};

#define SIZED(name) \
  RT_API void* rt_##name(const int64_t* shape, int32_t count, rt_options options) { \
    return make([&] { return options.finish(at::name(sizes(shape, count), at::TensorOptions(options))); }); \
  }

SIZED(empty) SIZED(zeros) SIZED(ones)

RT_API void* rt_full(const int64_t* shape, int32_t count, rt_scalar value, rt_options options) {
  return make([&] { return options.finish(at::full(sizes(shape, count), at::Scalar(value), at::TensorOptions(options))); });
}

RT_API void* rt_empty_like(void* self, rt_options options) {
  return make([&] { return options.finish(at::empty_like(*Borrowed(self), at::TensorOptions(options))); });
}

RT_API void* rt_full_like(void* self, rt_scalar value, rt_options options) {
  return make([&] { return options.finish(at::full_like(*Borrowed(self), at::Scalar(value), at::TensorOptions(options))); });
}

RT_API void* rt_arange(rt_scalar start, rt_scalar stop, rt_scalar step, rt_options options) {
  return make([&] {
    return options.finish(at::arange(at::Scalar(start), at::Scalar(stop), at::Scalar(step), at::TensorOptions(options)));
  });
}

RT_API void* rt_linspace(double start, double end, int64_t steps, rt_options options) {
  return make([&] { return options.finish(at::linspace(start, end, steps, at::TensorOptions(options))); });
}

RT_API void* rt_eye(int64_t rows, int64_t columns, rt_options options) {
  return make([&] { return options.finish(at::eye(rows, columns, at::TensorOptions(options))); });
}

// Wraps memory of the caller on the CPU; `release(context)` runs when the last tensor that uses it is gone. After an error the caller
// still owns the memory.
RT_API void* rt_from_blob(void* data, const int64_t* shape, int32_t count, int32_t dtype, void (*release)(void*), void* context) {
  return make([&] {
    return at::from_blob(
        data, sizes(shape, count), [release, context](void*) { release(context); }, at::TensorOptions().dtype(rapid::scalar_type(dtype)));
  });
}
