// Matrix products and decompositions.
#include "rapid_torch.h"

#include <ATen/ops/linalg_cholesky.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linalg_inv.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/einsum.h>

using rapid::Borrowed;
using rapid::make;
using rapid::Optional;
using rapid::run;

#define PRODUCT(name) \
  RT_API void* rt_##name(void* self, void* other) { return make([&] { return Borrowed(self)->name(*Borrowed(other)); }); }

PRODUCT(matmul) PRODUCT(mm) PRODUCT(bmm) PRODUCT(mv) PRODUCT(dot) PRODUCT(outer)

#define ADDED(name) \
  RT_API void* rt_##name(void* self, void* first, void* second, double beta, double alpha) { \
    return make([&] { return Borrowed(self)->name(*Borrowed(first), *Borrowed(second), beta, alpha); }); \
  }

ADDED(addmm) ADDED(addmv) ADDED(baddbmm)

RT_API int32_t rt_addmm_(void* self, void* first, void* second, double beta, double alpha) {
  return run([&] { Borrowed(self)->addmm_(*Borrowed(first), *Borrowed(second), beta, alpha); });
}

RT_API void* rt_linear(void* input, void* weight, void* bias) {
  return make([&] {
    if (bias == nullptr) return at::linear(*Borrowed(input), *Borrowed(weight));
    return at::linear(*Borrowed(input), *Borrowed(weight), *Borrowed(bias));
  });
}

RT_API void* rt_einsum(const char* equation, void* const* handles, int32_t count) {
  return make([&] { return at::einsum(equation, rapid::share_all(handles, count)); });
}

RT_API int32_t rt_linalg_qr(void* self, int32_t mode, void** q, void** r) {
  return run([&] {
    auto result = at::linalg_qr(*Borrowed(self), mode == 0 ? "reduced" : mode == 1 ? "complete" : "r");
    *q = std::get<0>(result).unsafeReleaseTensorImpl();
    *r = std::get<1>(result).unsafeReleaseTensorImpl();
  });
}

RT_API int32_t rt_linalg_eigh(void* self, bool upper, void** values, void** vectors) {
  return run([&] {
    auto result = at::linalg_eigh(*Borrowed(self), upper ? "U" : "L");
    *values = std::get<0>(result).unsafeReleaseTensorImpl();
    *vectors = std::get<1>(result).unsafeReleaseTensorImpl();
  });
}

RT_API void* rt_linalg_cholesky(void* self) { return make([&] { return at::linalg_cholesky(*Borrowed(self)); }); }

RT_API void* rt_linalg_inv(void* self) { return make([&] { return at::linalg_inv(*Borrowed(self)); }); }

// count < 0: over all dimensions.
RT_API void* rt_linalg_vector_norm(void* self, double order, const int64_t* dims, int32_t count, bool keepdim) {
  return make([&] {
    return count < 0 ? at::linalg_vector_norm(*Borrowed(self), order)
                     : at::linalg_vector_norm(*Borrowed(self), order, rapid::sizes(dims, count), keepdim);
  });
}
