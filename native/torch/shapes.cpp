// Views, indexing, joining and splitting.
#include "rapid_torch.h"

#include <ATen/TensorIndexing.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>

using rapid::Borrowed;
using rapid::make;
using rapid::run;
using rapid::sizes;

#define SHAPED(name) \
  RT_API void* rt_##name(void* self, const int64_t* values, int32_t count) { \
    return make([&] { return Borrowed(self)->name(sizes(values, count)); }); \
  }

SHAPED(view) SHAPED(reshape) SHAPED(permute) SHAPED(repeat) SHAPED(flip)

RT_API void* rt_expand(void* self, const int64_t* values, int32_t count, bool implicit) {
  return make([&] { return Borrowed(self)->expand(sizes(values, count), implicit); });
}

RT_API void* rt_flatten(void* self, int64_t start, int64_t end) {
  return make([&] { return Borrowed(self)->flatten(start, end); });
}

RT_API void* rt_unflatten(void* self, int64_t dim, const int64_t* values, int32_t count) {
  return make([&] { return Borrowed(self)->unflatten(dim, sizes(values, count)); });
}

RT_API void* rt_transpose(void* self, int64_t dim0, int64_t dim1) {
  return make([&] { return Borrowed(self)->transpose(dim0, dim1); });
}

RT_API void* rt_t(void* self) { return make([&] { return Borrowed(self)->t(); }); }

RT_API void* rt_unsqueeze(void* self, int64_t dim) { return make([&] { return Borrowed(self)->unsqueeze(dim); }); }

RT_API void* rt_squeeze(void* self) { return make([&] { return Borrowed(self)->squeeze(); }); }

RT_API void* rt_squeeze_dim(void* self, int64_t dim) { return make([&] { return Borrowed(self)->squeeze(dim); }); }

RT_API void* rt_narrow(void* self, int64_t dim, int64_t start, int64_t length) {
  return make([&] { return Borrowed(self)->narrow(dim, start, length); });
}

RT_API void* rt_slice(void* self, int64_t dim, int64_t start, int64_t end, int64_t step) {
  return make([&] { return Borrowed(self)->slice(dim, start, end, step); });
}

RT_API void* rt_select(void* self, int64_t dim, int64_t index) {
  return make([&] { return Borrowed(self)->select(dim, index); });
}

// Selects along the first `count` dimensions.
RT_API void* rt_get(void* self, const int64_t* indices, int32_t count) {
  return make([&] {
    at::Tensor value = *Borrowed(self);
    for (int32_t i = 0; i < count; ++i) value = value.select(0, indices[i]);
    return value;
  });
}

RT_API int32_t rt_set(void* self, const int64_t* indices, int32_t count, void* source) {
  return run([&] {
    at::Tensor target = *Borrowed(self);
    for (int32_t i = 0; i < count; ++i) target = target.select(0, indices[i]);
    target.copy_(*Borrowed(source));
  });
}

RT_API void* rt_as_strided(void* self, const int64_t* shape, const int64_t* strides, int32_t count, int64_t offset) {
  return make([&] { return Borrowed(self)->as_strided(sizes(shape, count), sizes(strides, count), offset); });
}

RT_API void* rt_index_select(void* self, int64_t dim, void* index) {
  return make([&] { return Borrowed(self)->index_select(dim, *Borrowed(index)); });
}

RT_API void* rt_masked_select(void* self, void* mask) {
  return make([&] { return Borrowed(self)->masked_select(*Borrowed(mask)); });
}

RT_API void* rt_gather(void* self, int64_t dim, void* index) {
  return make([&] { return Borrowed(self)->gather(dim, *Borrowed(index)); });
}

RT_API void* rt_scatter(void* self, int64_t dim, void* index, void* source) {
  return make([&] { return Borrowed(self)->scatter(dim, *Borrowed(index), *Borrowed(source)); });
}

RT_API int32_t rt_scatter_(void* self, int64_t dim, void* index, void* source) {
  return run([&] { Borrowed(self)->scatter_(dim, *Borrowed(index), *Borrowed(source)); });
}

RT_API void* rt_scatter_add(void* self, int64_t dim, void* index, void* source) {
  return make([&] { return Borrowed(self)->scatter_add(dim, *Borrowed(index), *Borrowed(source)); });
}

RT_API int32_t rt_scatter_add_(void* self, int64_t dim, void* index, void* source) {
  return run([&] { Borrowed(self)->scatter_add_(dim, *Borrowed(index), *Borrowed(source)); });
}

RT_API void* rt_nonzero(void* self) { return make([&] { return Borrowed(self)->nonzero(); }); }

RT_API void* rt_tril(void* self, int64_t diagonal) { return make([&] { return Borrowed(self)->tril(diagonal); }); }

RT_API void* rt_triu(void* self, int64_t diagonal) { return make([&] { return Borrowed(self)->triu(diagonal); }); }

RT_API void* rt_cat(void* const* handles, int32_t count, int64_t dim) {
  return make([&] { return at::cat(rapid::share_all(handles, count), dim); });
}

RT_API void* rt_stack(void* const* handles, int32_t count, int64_t dim) {
  return make([&] { return at::stack(rapid::share_all(handles, count), dim); });
}

namespace {

// The managed side offers `capacity` places; more parts than that are an error of the binding, not of the user.
void hand_out(const std::vector<at::Tensor>& parts, void** handles, int32_t capacity, int32_t* count) {
  TORCH_CHECK(parts.size() <= static_cast<size_t>(capacity), parts.size(), " parts where at most ", capacity, " were expected");
  rapid::release_all(parts, handles);
  *count = static_cast<int32_t>(parts.size());
}

}  // namespace

RT_API int32_t rt_chunk(void* self, int64_t chunks, int64_t dim, void** handles, int32_t capacity, int32_t* count) {
  return run([&] { hand_out(Borrowed(self)->chunk(chunks, dim), handles, capacity, count); });
}

RT_API int32_t rt_split(void* self, int64_t size, int64_t dim, void** handles, int32_t capacity, int32_t* count) {
  return run([&] { hand_out(Borrowed(self)->split(size, dim), handles, capacity, count); });
}

RT_API int32_t rt_split_sizes(void* self, const int64_t* values, int64_t dim, void** handles, int32_t capacity, int32_t* count) {
  return run([&] { hand_out(Borrowed(self)->split_with_sizes(sizes(values, capacity), dim), handles, capacity, count); });
}

RT_API int32_t rt_unbind(void* self, int64_t dim, void** handles, int32_t capacity, int32_t* count) {
  return run([&] { hand_out(Borrowed(self)->unbind(dim), handles, capacity, count); });
}

// One entry of an indexing expression.
struct rt_index_entry {
  int64_t kind;  // 0 new axis, 1 integer, 2 ellipsis, 3 boolean, 4 tensor, 5 slice
  int64_t start;  // also the integer or the boolean
  int64_t stop;
  int64_t step;
  void* tensor;
};

namespace {

std::vector<at::indexing::TensorIndex> decode(const rt_index_entry* entries, int32_t count) {
  std::vector<at::indexing::TensorIndex> indices;
  indices.reserve(count);
  for (int32_t i = 0; i < count; ++i) {
    const rt_index_entry& entry = entries[i];
    switch (entry.kind) {
      case 0: indices.emplace_back(at::indexing::None); break;
      case 1: indices.emplace_back(entry.start); break;
      case 2: indices.emplace_back(at::indexing::Ellipsis); break;
      case 3: indices.emplace_back(entry.start != 0); break;
      case 4: indices.emplace_back(rapid::share(entry.tensor)); break;
      default: indices.emplace_back(at::indexing::Slice(entry.start, entry.stop, entry.step)); break;
    }
  }
  return indices;
}

}  // namespace

RT_API void* rt_index(void* self, const rt_index_entry* entries, int32_t count) {
  return make([&] { return Borrowed(self)->index(decode(entries, count)); });
}

RT_API int32_t rt_index_put_(void* self, const rt_index_entry* entries, int32_t count, void* value) {
  return run([&] { at::Tensor(*Borrowed(self)).index_put_(decode(entries, count), *Borrowed(value)); });
}

RT_API int32_t rt_index_put__scalar(void* self, const rt_index_entry* entries, int32_t count, rt_scalar value) {
  return run([&] { at::Tensor(*Borrowed(self)).index_put_(decode(entries, count), at::Scalar(value)); });
}
