// Random numbers and their generators.
#include "rapid_torch.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/core/Generator.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randperm.h>
#include <mutex>

using rapid::Borrowed;
using rapid::make;
using rapid::Optional;
using rapid::run;
using rapid::sizes;

namespace {

Optional<at::Generator> generator(void* handle) {
  return handle == nullptr ? Optional<at::Generator>() : Optional<at::Generator>(*static_cast<at::Generator*>(handle));
}

at::TensorOptions options(int32_t dtype, int32_t device_type, int32_t device_index) {
  return at::TensorOptions().dtype(rapid::scalar_type(dtype)).device(rapid::device(device_type, device_index));
}

}  // namespace

RT_API void* rt_rand(const int64_t* shape, int32_t count, void* source, int32_t dtype, int32_t device_type, int32_t device_index) {
  return make([&] { return at::rand(sizes(shape, count), generator(source), options(dtype, device_type, device_index)); });
}

RT_API void* rt_randn(const int64_t* shape, int32_t count, void* source, int32_t dtype, int32_t device_type, int32_t device_index) {
  return make([&] { return at::randn(sizes(shape, count), generator(source), options(dtype, device_type, device_index)); });
}

RT_API void* rt_randint(
    int64_t low, int64_t high, const int64_t* shape, int32_t count, void* source, int32_t dtype, int32_t device_type,
    int32_t device_index) {
  return make([&] { return at::randint(low, high, sizes(shape, count), generator(source), options(dtype, device_type, device_index)); });
}

RT_API void* rt_randperm(int64_t n, void* source, int32_t dtype, int32_t device_type, int32_t device_index) {
  return make([&] { return at::randperm(n, generator(source), options(dtype, device_type, device_index)); });
}

RT_API void* rt_multinomial(void* self, int64_t samples, bool replacement, void* source) {
  return make([&] { return Borrowed(self)->multinomial(samples, replacement, generator(source)); });
}

RT_API void* rt_bernoulli(void* self, void* source) {
  return make([&] { return Borrowed(self)->bernoulli(generator(source)); });
}

RT_API int32_t rt_normal_(void* self, double mean, double deviation, void* source) {
  return run([&] { Borrowed(self)->normal_(mean, deviation, generator(source)); });
}

RT_API int32_t rt_uniform_(void* self, double from, double to, void* source) {
  return run([&] { Borrowed(self)->uniform_(from, to, generator(source)); });
}

RT_API int32_t rt_exponential_(void* self, double lambda, void* source) {
  return run([&] { Borrowed(self)->exponential_(lambda, generator(source)); });
}

RT_API int32_t rt_manual_seed(uint64_t seed) {
  return run([&] { at::manual_seed(seed); });
}

RT_API void* rt_generator_default() { return new at::Generator(at::detail::getDefaultCPUGenerator()); }

RT_API void* rt_generator_new(uint64_t seed) { return new at::Generator(at::make_generator<at::CPUGeneratorImpl>(seed)); }

RT_API void rt_generator_release(void* self) { delete static_cast<at::Generator*>(self); }

RT_API void rt_generator_seed(void* self, uint64_t seed) {
  auto& source = *static_cast<at::Generator*>(self);
  const std::lock_guard<std::mutex> lock(source.mutex());
  source.set_current_seed(seed);
}

RT_API uint64_t rt_generator_initial_seed(void* self) { return static_cast<at::Generator*>(self)->current_seed(); }

RT_API void* rt_generator_state(void* self) {
  return make([&] { return static_cast<at::Generator*>(self)->get_state(); });
}

RT_API int32_t rt_generator_set_state(void* self, void* state) {
  return run([&] {
    auto& source = *static_cast<at::Generator*>(self);
    const std::lock_guard<std::mutex> lock(source.mutex());
    source.set_state(*Borrowed(state));
  });
}
