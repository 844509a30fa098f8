// Differentiation, gradient modes, threads and devices.
#include "rapid_torch.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>

using rapid::Borrowed;
using rapid::run;
using rapid::share_all;

RT_API int32_t rt_backward_scalar(void* self) {
  return run([&] { Borrowed(self)->backward(); });
}

RT_API int32_t rt_backward(
    void* const* tensors, int32_t tensor_count, void* const* gradients, int32_t gradient_count, bool retain_graph, bool create_graph,
    void* const* inputs, int32_t input_count) {
  return run([&] {
    torch::autograd::backward(
        share_all(tensors, tensor_count), share_all(gradients, gradient_count), retain_graph, create_graph, share_all(inputs, input_count));
  });
}

// `results` takes one handle per input; null where an unused input was allowed.
RT_API int32_t rt_autograd_grad(
    void* const* outputs, int32_t output_count, void* const* inputs, int32_t input_count, void* const* gradients, int32_t gradient_count,
    bool retain_graph, bool create_graph, bool allow_unused, void** results) {
  return run([&] {
    rapid::release_all(
        torch::autograd::grad(
            share_all(outputs, output_count), share_all(inputs, input_count), share_all(gradients, gradient_count), retain_graph,
            create_graph, allow_unused),
        results);
  });
}

RT_API bool rt_grad_enabled() { return c10::GradMode::is_enabled(); }

RT_API void rt_set_grad_enabled(bool enabled) { c10::GradMode::set_enabled(enabled); }

RT_API bool rt_inference_mode_enabled() { return c10::InferenceMode::is_enabled(); }

RT_API void* rt_inference_mode_enter(bool enabled) { return new c10::InferenceMode(enabled); }

RT_API void rt_inference_mode_leave(void* guard) { delete static_cast<c10::InferenceMode*>(guard); }

RT_API int32_t rt_get_num_threads() { return at::get_num_threads(); }

RT_API int32_t rt_set_num_threads(int32_t count) {
  return run([&] { at::set_num_threads(count); });
}

RT_API int32_t rt_get_num_interop_threads() { return static_cast<int32_t>(at::get_num_interop_threads()); }

RT_API int32_t rt_set_num_interop_threads(int32_t count) {
  return run([&] { at::set_num_interop_threads(count); });
}

RT_API int32_t rt_cuda_device_count(int32_t* count) {
  return run([&] { *count = at::hasCUDA() ? static_cast<int32_t>(at::getNumGPUs()) : 0; });
}

RT_API int32_t rt_cuda_synchronize(int32_t index) {
  return run([&] {
    const auto& cuda = at::detail::getCUDAHooks();
    cuda.deviceSynchronize(static_cast<at::DeviceIndex>(index < 0 ? 0 : index));
  });
}
