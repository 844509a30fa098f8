// Reductions, scans and sorting.
#include "rapid_torch.h"

using rapid::Borrowed;
using rapid::make;
using rapid::Optional;
using rapid::run;
using rapid::sizes;

namespace {

// -1 keeps the type that libtorch chooses.
Optional<at::ScalarType> result_type(int32_t dtype) {
  return dtype < 0 ? Optional<at::ScalarType>() : Optional<at::ScalarType>(rapid::scalar_type(dtype));
}

}  // namespace

#define WHOLE(name) \
  RT_API void* rt_##name(void* self) { return make([&] { return Borrowed(self)->name(); }); }

WHOLE(all) WHOLE(any) WHOLE(max) WHOLE(min) WHOLE(argmax) WHOLE(argmin) WHOLE(median)

#define TYPED(name) \
  RT_API void* rt_##name(void* self, int32_t dtype) { return make([&] { return Borrowed(self)->name(result_type(dtype)); }); } \
  RT_API void* rt_##name##_dims(void* self, const int64_t* dims, int32_t count, bool keepdim, int32_t dtype) { \
    return make([&] { return Borrowed(self)->name(sizes(dims, count), keepdim, result_type(dtype)); }); \
  }

TYPED(sum) TYPED(mean)

RT_API void* rt_prod(void* self, int32_t dtype) { return make([&] { return Borrowed(self)->prod(result_type(dtype)); }); }

RT_API void* rt_prod_dim(void* self, int64_t dim, bool keepdim, int32_t dtype) {
  return make([&] { return Borrowed(self)->prod(dim, keepdim, result_type(dtype)); });
}

#define SPREAD(name) \
  RT_API void* rt_##name(void* self, bool unbiased) { return make([&] { return Borrowed(self)->name(unbiased); }); } \
  RT_API void* rt_##name##_dims(void* self, const int64_t* dims, int32_t count, bool unbiased, bool keepdim) { \
    return make([&] { return Borrowed(self)->name(sizes(dims, count), unbiased, keepdim); }); \
  }

SPREAD(std) SPREAD(var)

#define ALONG(name) \
  RT_API void* rt_##name##_dim(void* self, int64_t dim, bool keepdim) { return make([&] { return Borrowed(self)->name(dim, keepdim); }); }

ALONG(all) ALONG(any) ALONG(argmax) ALONG(argmin)

RT_API void* rt_logsumexp(void* self, int64_t dim, bool keepdim) {
  return make([&] { return Borrowed(self)->logsumexp(at::IntArrayRef(dim), keepdim); });
}

#define EXTREME(name) \
  RT_API int32_t rt_##name##_dim(void* self, int64_t dim, bool keepdim, void** values, void** indices) { \
    return run([&] { \
      auto result = Borrowed(self)->name(dim, keepdim); \
      *values = std::get<0>(result).unsafeReleaseTensorImpl(); \
      *indices = std::get<1>(result).unsafeReleaseTensorImpl(); \
    }); \
  } \
  RT_API void* rt_a##name(void* self, const int64_t* dims, int32_t count, bool keepdim) { \
    return make([&] { return Borrowed(self)->a##name(sizes(dims, count), keepdim); }); \
  }

EXTREME(max) EXTREME(min)

RT_API int32_t rt_sort(void* self, int64_t dim, bool descending, bool stable, void** values, void** indices) {
  return run([&] {
    auto result = Borrowed(self)->sort(Optional<bool>(stable), dim, descending);
    *values = std::get<0>(result).unsafeReleaseTensorImpl();
    *indices = std::get<1>(result).unsafeReleaseTensorImpl();
  });
}

RT_API int32_t rt_topk(void* self, int64_t k, int64_t dim, bool largest, bool sorted, void** values, void** indices) {
  return run([&] {
    auto result = Borrowed(self)->topk(k, dim, largest, sorted);
    *values = std::get<0>(result).unsafeReleaseTensorImpl();
    *indices = std::get<1>(result).unsafeReleaseTensorImpl();
  });
}

RT_API void* rt_argsort(void* self, int64_t dim, bool descending) {
  return make([&] { return Borrowed(self)->argsort(dim, descending); });
}

RT_API void* rt_cumsum(void* self, int64_t dim, int32_t dtype) {
  return make([&] { return Borrowed(self)->cumsum(dim, result_type(dtype)); });
}

RT_API void* rt_cumprod(void* self, int64_t dim, int32_t dtype) {
  return make([&] { return Borrowed(self)->cumprod(dim, result_type(dtype)); });
}

RT_API void* rt_norm(void* self, double p) { return make([&] { return Borrowed(self)->norm(at::Scalar(p)); }); }

RT_API void* rt_norm_dim(void* self, double p, int64_t dim, bool keepdim) {
  return make([&] { return Borrowed(self)->norm(Optional<at::Scalar>(at::Scalar(p)), at::IntArrayRef(dim), keepdim); });
}

RT_API void* rt_softmax(void* self, int64_t dim, int32_t dtype) {
  return make([&] { return Borrowed(self)->softmax(dim, result_type(dtype)); });
}

RT_API void* rt_log_softmax(void* self, int64_t dim, int32_t dtype) {
  return make([&] { return Borrowed(self)->log_softmax(dim, result_type(dtype)); });
}
