// Element-wise operations, comparisons and their in-place forms.
#include "rapid_torch.h"

#include <ATen/ops/clamp.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/where.h>

using rapid::Borrowed;
using rapid::make;
using rapid::number;
using rapid::Optional;
using rapid::run;

#define UNARY(name) \
  RT_API void* rt_##name(void* self) { return make([&] { return Borrowed(self)->name(); }); }
#define UNARY_(name) \
  RT_API int32_t rt_##name(void* self) { return run([&] { Borrowed(self)->name(); }); }
#define BINARY(name) \
  RT_API void* rt_##name(void* self, void* other) { return make([&] { return Borrowed(self)->name(*Borrowed(other)); }); }
#define BINARY_(name) \
  RT_API int32_t rt_##name(void* self, void* other) { return run([&] { Borrowed(self)->name(*Borrowed(other)); }); }
#define SCALAR(name) \
  RT_API void* rt_##name##_scalar(void* self, rt_scalar other) { return make([&] { return Borrowed(self)->name(at::Scalar(other)); }); }
#define SCALAR_(name) \
  RT_API int32_t rt_##name##_scalar(void* self, rt_scalar other) { return run([&] { Borrowed(self)->name(at::Scalar(other)); }); }
#define NUMBER(name) \
  RT_API void* rt_##name##_scalar(void* self, rt_scalar other) { \
    return make([&] { \
      const Borrowed tensor(self); \
      return tensor->name(number(*tensor, other)); \
    }); \
  }

UNARY(abs) UNARY(exp) UNARY(expm1) UNARY(log) UNARY(log1p) UNARY(log2) UNARY(log10) UNARY(tanh) UNARY(relu) UNARY(sigmoid)
UNARY(sqrt) UNARY(rsqrt) UNARY(neg) UNARY(sign) UNARY(sin) UNARY(cos) UNARY(tan) UNARY(atan) UNARY(floor) UNARY(ceil) UNARY(trunc)
UNARY(reciprocal) UNARY(erf) UNARY(isfinite) UNARY(isnan) UNARY(isinf) UNARY(logical_not) UNARY(bitwise_not)

UNARY_(abs_) UNARY_(exp_) UNARY_(expm1_) UNARY_(log_) UNARY_(log1p_) UNARY_(tanh_) UNARY_(relu_) UNARY_(sigmoid_) UNARY_(sqrt_)
UNARY_(rsqrt_) UNARY_(neg_) UNARY_(sign_) UNARY_(floor_) UNARY_(ceil_) UNARY_(trunc_) UNARY_(reciprocal_) UNARY_(logical_not_)
UNARY_(zero_)

BINARY(mul) BINARY(pow) BINARY(remainder) BINARY(maximum) BINARY(minimum) BINARY(fmax) BINARY(fmin) BINARY(atan2) BINARY(logaddexp)
BINARY(eq) BINARY(ne) BINARY(lt) BINARY(le) BINARY(gt) BINARY(ge)
BINARY(logical_and) BINARY(logical_or) BINARY(logical_xor) BINARY(bitwise_and) BINARY(bitwise_or) BINARY(bitwise_xor)
BINARY_(mul_) BINARY_(pow_)

NUMBER(mul) NUMBER(eq) NUMBER(ne) NUMBER(lt) NUMBER(le) NUMBER(gt) NUMBER(ge)
SCALAR(pow) SCALAR(remainder) SCALAR(clamp_min) SCALAR(clamp_max)
SCALAR_(pow_) SCALAR_(fill_) SCALAR_(clamp_min_) SCALAR_(clamp_max_)

RT_API int32_t rt_mul__scalar(void* self, rt_scalar other) {
  return run([&] {
    const Borrowed tensor(self);
    tensor->mul_(number(*tensor, other));
  });
}

RT_API void* rt_round(void* self, int64_t decimals) { return make([&] { return Borrowed(self)->round(decimals); }); }

RT_API int32_t rt_round_(void* self, int64_t decimals) { return run([&] { Borrowed(self)->round_(decimals); }); }

RT_API void* rt_softplus(void* self, double beta, double threshold) {
  return make([&] { return at::softplus(*Borrowed(self), beta, threshold); });
}

#define SCALED(name) \
  RT_API void* rt_##name(void* self, void* other, rt_scalar alpha) { \
    return make([&] { return Borrowed(self)->name(*Borrowed(other), at::Scalar(alpha)); }); \
  } \
  RT_API void* rt_##name##_scalar(void* self, rt_scalar other, rt_scalar alpha) { \
    return make([&] { \
      const Borrowed tensor(self); \
      return tensor->name(number(*tensor, other), at::Scalar(alpha)); \
    }); \
  } \
  RT_API int32_t rt_##name##_(void* self, void* other, rt_scalar alpha) { \
    return run([&] { Borrowed(self)->name##_(*Borrowed(other), at::Scalar(alpha)); }); \
  } \
  RT_API int32_t rt_##name##__scalar(void* self, rt_scalar other, rt_scalar alpha) { \
    return run([&] { \
      const Borrowed tensor(self); \
      tensor->name##_(number(*tensor, other), at::Scalar(alpha)); \
    }); \
  }

SCALED(add) SCALED(sub)

namespace {

// mode: 0 true division, 1 rounded towards minus infinity, 2 towards zero.
at::Tensor divide(const at::Tensor& self, const at::Tensor& other, int32_t mode) {
  return mode == 0 ? self.div(other) : self.div(other, mode == 1 ? "floor" : "trunc");
}

void divide_(const at::Tensor& self, const at::Tensor& other, int32_t mode) {
  mode == 0 ? self.div_(other) : self.div_(other, mode == 1 ? "floor" : "trunc");
}

}  // namespace

RT_API void* rt_div(void* self, void* other, int32_t mode) {
  return make([&] { return divide(*Borrowed(self), *Borrowed(other), mode); });
}

RT_API void* rt_div_scalar(void* self, rt_scalar other, int32_t mode) {
  return make([&] {
    const Borrowed tensor(self);
    return divide(*tensor, number(*tensor, other), mode);
  });
}

RT_API int32_t rt_div_(void* self, void* other, int32_t mode) {
  return run([&] { divide_(*Borrowed(self), *Borrowed(other), mode); });
}

RT_API int32_t rt_div__scalar(void* self, rt_scalar other, int32_t mode) {
  return run([&] {
    const Borrowed tensor(self);
    divide_(*tensor, number(*tensor, other), mode);
  });
}

#define TERNARY(name) \
  RT_API void* rt_##name(void* self, void* first, void* second, rt_scalar value) { \
    return make([&] { return Borrowed(self)->name(*Borrowed(first), *Borrowed(second), at::Scalar(value)); }); \
  } \
  RT_API int32_t rt_##name##_(void* self, void* first, void* second, rt_scalar value) { \
    return run([&] { Borrowed(self)->name##_(*Borrowed(first), *Borrowed(second), at::Scalar(value)); }); \
  }

TERNARY(addcmul) TERNARY(addcdiv)

RT_API void* rt_lerp(void* self, void* end, void* weight) {
  return make([&] { return Borrowed(self)->lerp(*Borrowed(end), *Borrowed(weight)); });
}

RT_API int32_t rt_lerp_(void* self, void* end, void* weight) {
  return run([&] { Borrowed(self)->lerp_(*Borrowed(end), *Borrowed(weight)); });
}

namespace {

Optional<at::Scalar> bound(rt_scalar value) {
  return value.present() ? Optional<at::Scalar>(at::Scalar(value)) : Optional<at::Scalar>();
}

Optional<at::Tensor> bound(void* handle) {
  return handle != nullptr ? Optional<at::Tensor>(rapid::share(handle)) : Optional<at::Tensor>();
}

}  // namespace

RT_API void* rt_clamp(void* self, rt_scalar min, rt_scalar max) {
  return make([&] { return at::clamp(*Borrowed(self), bound(min), bound(max)); });
}

RT_API int32_t rt_clamp_(void* self, rt_scalar min, rt_scalar max) {
  return run([&] { Borrowed(self)->clamp_(bound(min), bound(max)); });
}

RT_API void* rt_clamp_tensor(void* self, void* min, void* max) {
  return make([&] { return at::clamp(*Borrowed(self), bound(min), bound(max)); });
}

RT_API int32_t rt_clamp__tensor(void* self, void* min, void* max) {
  return run([&] { Borrowed(self)->clamp_(bound(min), bound(max)); });
}

RT_API void* rt_where(void* condition, void* x, void* y) {
  return make([&] { return at::where(*Borrowed(condition), *Borrowed(x), *Borrowed(y)); });
}

RT_API void* rt_masked_fill(void* self, void* mask, rt_scalar value) {
  return make([&] { return Borrowed(self)->masked_fill(*Borrowed(mask), at::Scalar(value)); });
}

RT_API int32_t rt_masked_fill_(void* self, void* mask, rt_scalar value) {
  return run([&] { Borrowed(self)->masked_fill_(*Borrowed(mask), at::Scalar(value)); });
}
