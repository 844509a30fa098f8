// What every file of the C ABI shares.
//
// A tensor handle is a TensorImpl* that owns one reference. A function that makes a tensor returns its handle, or null after an
// error; the others return 0, or 1 after an error. The message waits in thread-local storage for rt_last_error.
#pragma once

#include <ATen/ScalarOps.h>
#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>
#include <cstdint>
#include <cstring>
#include <exception>
#include <torch/version.h>
#include <vector>
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 6)
#include <optional>
#else
#include <c10/util/Optional.h>
#endif

#define RT_API extern "C" __attribute__((visibility("default")))

namespace rapid {

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 6)
template <class T>
using Optional = std::optional<T>;
#else
template <class T>
using Optional = c10::optional<T>;
#endif

void set_error(const char* message) noexcept;

// Runs `body`, which returns a tensor, and hands its reference to the caller.
template <class Body>
void* make(Body&& body) noexcept {
  try {
    return body().unsafeReleaseTensorImpl();
  } catch (const c10::Error& error) {
    set_error(error.what_without_backtrace());
  } catch (const std::exception& error) {
    set_error(error.what());
  }
  return nullptr;
}

template <class Body>
int32_t run(Body&& body) noexcept {
  try {
    body();
    return 0;
  } catch (const c10::Error& error) {
    set_error(error.what_without_backtrace());
  } catch (const std::exception& error) {
    set_error(error.what());
  }
  return 1;
}

using TensorPointer = c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>;

// Views a handle as a tensor without touching its reference count; the caller keeps the handle alive during the call.
class Borrowed {
 public:
  explicit Borrowed(void* handle) : tensor_(TensorPointer::reclaim(static_cast<at::TensorImpl*>(handle))) {}
  ~Borrowed() { tensor_.unsafeReleaseTensorImpl(); }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  operator const at::Tensor&() const { return tensor_; }
  const at::Tensor& operator*() const { return tensor_; }
  const at::Tensor* operator->() const { return &tensor_; }

 private:
  at::Tensor tensor_;
};

// A counted reference to what the handle names; null gives an undefined tensor.
inline at::Tensor share(void* handle) {
  return handle == nullptr ? at::Tensor() : at::Tensor(*Borrowed(handle));
}

inline std::vector<at::Tensor> share_all(void* const* handles, int32_t count) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(count);
  for (int32_t i = 0; i < count; ++i) tensors.push_back(share(handles[i]));
  return tensors;
}

inline void release_all(const std::vector<at::Tensor>& tensors, void** handles) {
  for (const auto& tensor : tensors) *handles++ = tensor.defined() ? at::Tensor(tensor).unsafeReleaseTensorImpl() : nullptr;
}

inline at::IntArrayRef sizes(const int64_t* values, int32_t count) { return {values, static_cast<size_t>(count)}; }

inline at::ScalarType scalar_type(int32_t type) { return static_cast<at::ScalarType>(type); }

inline at::Device device(int32_t type, int32_t index) {
  return {static_cast<at::DeviceType>(type), static_cast<at::DeviceIndex>(index)};
}

// A number as a tensor for an operation with `self`. libtorch's own scalar overloads make a double and cast it at every call, which
// costs a microsecond; for 32-bit floats the number is made in their type at once, with the same result.
inline at::Tensor number(const at::Tensor& self, const at::Scalar& value) {
  if (self.scalar_type() != at::kFloat || !self.is_cpu()) return at::native::wrapped_scalar_tensor(value);
  at::Tensor tensor = at::detail::scalar_tensor_static(value, at::kFloat, at::kCPU);
  tensor.unsafeGetTensorImpl()->set_wrapped_number(true);
  return tensor;
}

}  // namespace rapid

// A number as the managed side passes it: by value, in two registers.
struct rt_scalar {
  int64_t bits;
  int32_t kind;  // 0 integer, 1 floating point, 2 boolean, 3 absent

  operator at::Scalar() const {
    if (kind == 0) return at::Scalar(bits);
    if (kind == 2) return at::Scalar(bits != 0);
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return at::Scalar(value);
  }
  bool present() const { return kind != 3; }
};
