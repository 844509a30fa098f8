// Handles, properties, memory and copies of one tensor.
#include "rapid_torch.h"

#include <string>

using rapid::Borrowed;
using rapid::make;
using rapid::run;

namespace {

thread_local std::string last_error;

}  // namespace

void rapid::set_error(const char* message) noexcept {
  try {
    last_error = message;
  } catch (const std::exception&) {
    last_error.clear();  // no memory for the message; the status still says that the call failed
  }
}

// The message of this thread's last failed call, valid until its next one.
RT_API const char* rt_last_error() { return last_error.c_str(); }

RT_API void rt_release(void* self) { rapid::TensorPointer::reclaim(static_cast<at::TensorImpl*>(self)); }

RT_API int64_t rt_dim(void* self) { return Borrowed(self)->dim(); }

RT_API int64_t rt_numel(void* self) { return Borrowed(self)->numel(); }

RT_API int64_t rt_element_size(void* self) { return static_cast<int64_t>(Borrowed(self)->element_size()); }

RT_API int32_t rt_dtype(void* self) { return static_cast<int32_t>(Borrowed(self)->scalar_type()); }

RT_API int32_t rt_device_type(void* self) { return static_cast<int32_t>(Borrowed(self)->device().type()); }

RT_API int32_t rt_device_index(void* self) { return Borrowed(self)->device().index(); }

RT_API int32_t rt_is_contiguous(void* self) { return Borrowed(self)->is_contiguous(); }

RT_API int32_t rt_is_leaf(void* self) { return Borrowed(self)->is_leaf(); }

RT_API int32_t rt_requires_grad(void* self) { return Borrowed(self)->requires_grad(); }

RT_API int64_t rt_storage_offset(void* self) { return Borrowed(self)->storage_offset(); }

RT_API void rt_sizes(void* self, int64_t* values) {
  for (const int64_t size : Borrowed(self)->sizes()) *values++ = size;
}

RT_API void rt_strides(void* self, int64_t* values) {
  for (const int64_t stride : Borrowed(self)->strides()) *values++ = stride;
}

RT_API int32_t rt_size(void* self, int64_t dim, int64_t* value) {
  return run([&] { *value = Borrowed(self)->size(dim); });
}

RT_API int32_t rt_stride(void* self, int64_t dim, int64_t* value) {
  return run([&] { *value = Borrowed(self)->stride(dim); });
}

RT_API int32_t rt_data(void* self, void** data) {
  return run([&] { *data = Borrowed(self)->data_ptr(); });
}

RT_API int32_t rt_item(void* self, double* floating, int64_t* integral, int32_t* kind) {
  return run([&] {
    const at::Scalar value = Borrowed(self)->item();
    TORCH_CHECK(!value.isComplex(), "complex scalars are not supported");
    *kind = value.isBoolean() ? 2 : value.isFloatingPoint() ? 1 : 0;
    *floating = value.toDouble();
    *integral = *kind == 1 ? 0 : value.toLong();
  });
}

RT_API int32_t rt_equal(void* self, void* other, bool* equal) {
  return run([&] { *equal = Borrowed(self)->equal(*Borrowed(other)); });
}

RT_API int32_t rt_allclose(void* self, void* other, double relative, double absolute, bool equal_nan, bool* close) {
  return run([&] { *close = Borrowed(self)->allclose(*Borrowed(other), relative, absolute, equal_nan); });
}

RT_API int32_t rt_set_requires_grad(void* self, bool requires_grad) {
  return run([&] { Borrowed(self)->set_requires_grad(requires_grad); });
}

RT_API int32_t rt_retain_grad(void* self) {
  return run([&] { Borrowed(self)->retain_grad(); });
}

// `grad` receives null when there is none.
RT_API int32_t rt_grad(void* self, void** grad) {
  return run([&] {
    at::Tensor value = Borrowed(self)->grad();
    *grad = value.defined() ? value.unsafeReleaseTensorImpl() : nullptr;
  });
}

RT_API int32_t rt_set_grad(void* self, void* grad) {
  return run([&] { Borrowed(self)->mutable_grad() = rapid::share(grad); });
}

RT_API void* rt_alias(void* self) { return make([&] { return rapid::share(self); }); }

RT_API void* rt_detach(void* self) { return make([&] { return Borrowed(self)->detach(); }); }

RT_API int32_t rt_detach_(void* self) { return run([&] { Borrowed(self)->detach_(); }); }

RT_API void* rt_clone(void* self) { return make([&] { return Borrowed(self)->clone(); }); }

RT_API void* rt_contiguous(void* self) { return make([&] { return Borrowed(self)->contiguous(); }); }

RT_API int32_t rt_copy_(void* self, void* source, bool non_blocking) {
  return run([&] { Borrowed(self)->copy_(*Borrowed(source), non_blocking); });
}

RT_API void* rt_to(void* self, int32_t dtype, int32_t device_type, int32_t device_index, bool copy, bool non_blocking) {
  return make([&] {
    const auto options = at::TensorOptions().dtype(rapid::scalar_type(dtype)).device(rapid::device(device_type, device_index));
    return Borrowed(self)->to(options, non_blocking, copy);
  });
}

RT_API void* rt_to_type(void* self, int32_t dtype, bool copy, bool non_blocking) {
  return make([&] { return Borrowed(self)->to(rapid::scalar_type(dtype), non_blocking, copy); });
}
