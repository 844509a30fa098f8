using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>True if every element is non-zero.</summary>
        public Tensor all() => New(Native.rt_all(Handle), this);

        /// <summary>True where every element along a dimension is non-zero.</summary>
        public Tensor all(long dim, bool keepdim = false) => New(Native.rt_all_dim(Handle, dim, keepdim), this);

        /// <summary>True if any element is non-zero.</summary>
        public Tensor any() => New(Native.rt_any(Handle), this);

        /// <summary>True where any element along a dimension is non-zero.</summary>
        public Tensor any(long dim, bool keepdim = false) => New(Native.rt_any_dim(Handle, dim, keepdim), this);

        /// <summary>The largest element.</summary>
        public Tensor max() => New(Native.rt_max(Handle), this);

        /// <summary>Element-wise larger of the two.</summary>
        public Tensor max(Tensor other) => maximum(other);

        /// <summary>The largest elements along a dimension and their indices.</summary>
        public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false) =>
            Pair(Native.rt_max_dim(Handle, dim, keepdim, out var values, out var indices), values, indices);

        /// <summary>The smallest element.</summary>
        public Tensor min() => New(Native.rt_min(Handle), this);

        /// <summary>Element-wise smaller of the two.</summary>
        public Tensor min(Tensor other) => minimum(other);

        /// <summary>The smallest elements along a dimension and their indices.</summary>
        public (Tensor values, Tensor indexes) min(long dim, bool keepdim = false) =>
            Pair(Native.rt_min_dim(Handle, dim, keepdim, out var values, out var indices), values, indices);

        /// <summary>The largest elements along dimensions.</summary>
        public Tensor amax(params long[] dims) => New(Native.rt_amax(Handle, dims, dims.Length, false), this);

        /// <summary>The smallest elements along dimensions.</summary>
        public Tensor amin(params long[] dims) => New(Native.rt_amin(Handle, dims, dims.Length, false), this);

        /// <summary>Flat index of the largest element.</summary>
        public Tensor argmax() => New(Native.rt_argmax(Handle), this);

        /// <summary>Indices of the largest elements along a dimension.</summary>
        public Tensor argmax(long dim, bool keepdim = false) => New(Native.rt_argmax_dim(Handle, dim, keepdim), this);

        /// <summary>Flat index of the smallest element.</summary>
        public Tensor argmin() => New(Native.rt_argmin(Handle), this);

        /// <summary>Indices of the smallest elements along a dimension.</summary>
        public Tensor argmin(long dim, bool keepdim = false) => New(Native.rt_argmin_dim(Handle, dim, keepdim), this);

        /// <summary>Indices that sort along a dimension.</summary>
        public Tensor argsort(long dim = -1, bool descending = false) => New(Native.rt_argsort(Handle, dim, descending), this);

        /// <summary>Sorted along a dimension, and the indices that sort.</summary>
        public (Tensor Values, Tensor Indices) sort(long dim = -1, bool descending = false, bool stable = false) =>
            Pair(Native.rt_sort(Handle, dim, descending, stable, out var values, out var indices), values, indices);

        /// <summary>The k largest or smallest elements along a dimension and their indices.</summary>
        public (Tensor values, Tensor indexes) topk(int k, int dim = -1, bool largest = true, bool sorted = true) =>
            Pair(Native.rt_topk(Handle, k, dim, largest, sorted, out var values, out var indices), values, indices);

        /// <summary>The lower median of all elements.</summary>
        public Tensor median() => New(Native.rt_median(Handle), this);

        /// <summary>Sum of all elements.</summary>
        public Tensor sum(ScalarType? type = null) => New(Native.rt_sum(Handle, Code(type)), this);

        /// <summary>Sum along dimensions.</summary>
        public Tensor sum(long[] dim, bool keepdim = false, ScalarType? type = null) => sum((ReadOnlySpan<long>)dim, keepdim, type);

        /// <summary>Sum along dimensions.</summary>
        public Tensor sum(ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null) =>
            New(Native.rt_sum_dims(Handle, dim, dim.Length, keepdim, Code(type)), this);

        /// <summary>Sum along a dimension.</summary>
        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => sum([dim], keepdim, type);

        /// <summary>Mean of all elements.</summary>
        public Tensor mean() => New(Native.rt_mean(Handle, -1), this);

        /// <summary>Mean along dimensions.</summary>
        public Tensor mean(long[] dimensions, bool keepdim = false, ScalarType? type = null) =>
            New(Native.rt_mean_dims(Handle, dimensions, dimensions.Length, keepdim, Code(type)), this);

        /// <summary>Product of all elements.</summary>
        public Tensor prod(ScalarType? type = null) => New(Native.rt_prod(Handle, Code(type)), this);

        /// <summary>Product along a dimension.</summary>
        public Tensor prod(long dim, bool keepdim = false, ScalarType? type = null) =>
            New(Native.rt_prod_dim(Handle, dim, keepdim, Code(type)), this);

        /// <summary>Standard deviation of all elements; divides by n - 1 if unbiased.</summary>
        public Tensor std(bool unbiased = true) => New(Native.rt_std(Handle, unbiased), this);

        /// <summary>Standard deviation along dimensions; divides by n - 1 if unbiased.</summary>
        public Tensor std(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Typed(New(Native.rt_std_dims(Handle, dimensions, dimensions.Length, unbiased, keepdim), this), type);

        /// <summary>Standard deviation along a dimension; divides by n - 1 if unbiased.</summary>
        public Tensor std(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Typed(New(Native.rt_std_dims(Handle, [dim], 1, unbiased, keepdim), this), type);

        /// <summary>Variance of all elements; divides by n - 1 if unbiased.</summary>
        public Tensor var(bool unbiased = true) => New(Native.rt_var(Handle, unbiased), this);

        /// <summary>Variance along dimensions; divides by n - 1 if unbiased.</summary>
        public Tensor var(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Typed(New(Native.rt_var_dims(Handle, dimensions, dimensions.Length, unbiased, keepdim), this), type);

        /// <summary>Variance along a dimension; divides by n - 1 if unbiased.</summary>
        public Tensor var(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Typed(New(Native.rt_var_dims(Handle, [dim], 1, unbiased, keepdim), this), type);

        /// <summary>(sum |x|^p)^(1/p) over all elements.</summary>
        public Tensor norm(float p = 2.0f) => New(Native.rt_norm(Handle, p), this);

        /// <summary>(sum |x|^p)^(1/p) along a dimension.</summary>
        public Tensor norm(int dim, bool keepdim = false, float p = 2.0f) => New(Native.rt_norm_dim(Handle, p, dim, keepdim), this);

        /// <summary>Running sums along a dimension.</summary>
        public Tensor cumsum(long dim, ScalarType? type = null) => New(Native.rt_cumsum(Handle, dim, Code(type)), this);

        /// <summary>Running products along a dimension.</summary>
        public Tensor cumprod(long dim, ScalarType? type = null) => New(Native.rt_cumprod(Handle, dim, Code(type)), this);

        /// <summary>log(sum(e^x)) along a dimension, without overflow.</summary>
        public Tensor logsumexp(long dim, bool keepdim = false) => New(Native.rt_logsumexp(Handle, dim, keepdim), this);

        /// <summary>e^x / sum(e^x) along a dimension.</summary>
        public Tensor softmax(long dim, ScalarType? dtype = null) => New(Native.rt_softmax(Handle, dim, Code(dtype)), this);

        /// <summary>x - log(sum(e^x)) along a dimension.</summary>
        public Tensor log_softmax(long dim, ScalarType? dtype = null) => New(Native.rt_log_softmax(Handle, dim, Code(dtype)), this);

        /// <summary>Matrix product with libtorch's rules for vectors and batches.</summary>
        public Tensor matmul(Tensor target) => New(Native.rt_matmul(Handle, target.Handle), this, target);

        /// <summary>Product of two matrices.</summary>
        public Tensor mm(Tensor target) => New(Native.rt_mm(Handle, target.Handle), this, target);

        /// <summary>Products of two batches of matrices.</summary>
        public Tensor bmm(Tensor batch2) => New(Native.rt_bmm(Handle, batch2.Handle), this, batch2);

        /// <summary>Product of a matrix and a vector.</summary>
        public Tensor mv(Tensor target) => New(Native.rt_mv(Handle, target.Handle), this, target);

        /// <summary>Scalar product of two vectors.</summary>
        public Tensor dot(Tensor target) => New(Native.rt_dot(Handle, target.Handle), this, target);

        /// <summary>Outer product of two vectors.</summary>
        public Tensor outer(Tensor vec2) => New(Native.rt_outer(Handle, vec2.Handle), this, vec2);

        /// <summary>beta * x + alpha * mat1 @ mat2.</summary>
        public Tensor addmm(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) =>
            New(Native.rt_addmm(Handle, mat1.Handle, mat2.Handle, beta, alpha), this, mat1, mat2);

        /// <summary>In place: beta * x + alpha * mat1 @ mat2.</summary>
        public Tensor addmm_(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) =>
            Done(Native.rt_addmm_(Handle, mat1.Handle, mat2.Handle, beta, alpha), mat1, mat2);

        /// <summary>beta * x + alpha * mat @ vec.</summary>
        public Tensor addmv(Tensor mat, Tensor vec, float beta = 1.0f, float alpha = 1.0f) =>
            New(Native.rt_addmv(Handle, mat.Handle, vec.Handle, beta, alpha), this, mat, vec);

        /// <summary>beta * x + alpha * batch1 @ batch2, for batches of matrices.</summary>
        public Tensor baddbmm(Tensor batch1, Tensor batch2, float beta = 1, float alpha = 1) =>
            New(Native.rt_baddbmm(Handle, batch1.Handle, batch2.Handle, beta, alpha), this, batch1, batch2);

        /// <summary>Draws indices with probabilities proportional to the elements of each row.</summary>
        public Tensor multinomial(long num_samples, bool replacement = false, Generator? generator = null) =>
            New(Native.rt_multinomial(Handle, num_samples, replacement, generator?.Handle ?? 0), this);

        /// <summary>Draws 1 with the probability that the element states, else 0.</summary>
        public Tensor bernoulli(Generator? generator = null) => New(Native.rt_bernoulli(Handle, generator?.Handle ?? 0), this);

        /// <summary>In place: normal numbers.</summary>
        public Tensor normal_(double mean = 0.0, double std = 1.0, Generator? generator = null) =>
            Done(Native.rt_normal_(Handle, mean, std, generator?.Handle ?? 0));

        /// <summary>In place: uniform numbers on [from, to).</summary>
        public Tensor uniform_(double from, double to, Generator? generator = null) =>
            Done(Native.rt_uniform_(Handle, from, to, generator?.Handle ?? 0));

        /// <summary>In place: exponentially distributed numbers with the given rate.</summary>
        public Tensor exponential_(double lambda = 1.0, Generator? generator = null) =>
            Done(Native.rt_exponential_(Handle, lambda, generator?.Handle ?? 0));

        private static int Code(ScalarType? type) => type is { } given ? (int)given : -1;

        private static Tensor Typed(Tensor tensor, ScalarType? type) =>
            type is null || type == tensor.dtype ? tensor : tensor.to_type(type.Value, disposeAfter: true);

        private (Tensor, Tensor) Pair(int status, nint first, nint second)
        {
            GC.KeepAlive(this);
            Native.Check(status);
            return (new Tensor(first), new Tensor(second));
        }
    }
}
