using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Joins tensors along a dimension that exists.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public static Tensor cat(IList<Tensor> tensors, long dim = 0)
    {
        if (tensors.Count == 0)
        {
            throw new ArgumentException("there is nothing to join", nameof(tensors));
        }

        var result = Native.rt_cat(Handles(tensors), tensors.Count, dim);
        GC.KeepAlive(tensors);
        return Tensor.New(result);
    }

    /// <summary>Joins tensors along a new dimension.</summary>
    public static Tensor stack(IEnumerable<Tensor> tensors, long dim = 0)
    {
        var list = tensors as IReadOnlyCollection<Tensor> ?? [.. tensors];
        var result = Native.rt_stack(Handles(list), list.Count, dim);
        GC.KeepAlive(list);
        return Tensor.New(result);
    }

    /// <summary>At most so many parts of equal size along one dimension, as views.</summary>
    public static Tensor[] chunk(Tensor input, long chunks, long dim = 0L) => input.chunk(chunks, dim);

    /// <summary>Parts of the given sizes along one dimension, as views.</summary>
    public static Tensor[] split(Tensor tensor, long[] split_size_or_sections, long dim = 0L) => tensor.split(split_size_or_sections, dim);

    /// <summary>One view per index of a dimension.</summary>
    public static Tensor[] unbind(Tensor input, long dim = 0L) => input.unbind(dim);

    /// <summary>Sums of products in Einstein's notation, for example "bij,bjk->bik".</summary>
    public static Tensor einsum(string equation, params Tensor[] tensors)
    {
        var result = Native.rt_einsum(equation, Handles(tensors), tensors.Length);
        GC.KeepAlive(tensors);
        return Tensor.New(result);
    }

    /// <summary>Linear algebra.</summary>
    public static partial class linalg
    {
        /// <summary>What <see cref="qr"/> returns.</summary>
        public enum QRMode
        {
            /// <summary>Q with as many columns as the smaller dimension.</summary>
            Reduced = 0,

            /// <summary>A square Q.</summary>
            Complete = 1,

            /// <summary>R only.</summary>
            R = 2,
        }

        /// <summary>Orthogonal times upper triangular.</summary>
        public static (Tensor Q, Tensor R) qr(Tensor input, QRMode mode = QRMode.Reduced)
        {
            Native.Check(Native.rt_linalg_qr(input.Handle, (int)mode, out var q, out var r));
            GC.KeepAlive(input);
            return (new Tensor(q), new Tensor(r));
        }

        /// <summary>Eigenvalues, ascending, and eigenvectors of a symmetric matrix, of which the lower or upper triangle is read.</summary>
        public static (Tensor, Tensor) eigh(Tensor input, char UPLO = 'L')
        {
            Native.Check(Native.rt_linalg_eigh(input.Handle, UPLO == 'U', out var values, out var vectors));
            GC.KeepAlive(input);
            return (new Tensor(values), new Tensor(vectors));
        }

        /// <summary>The lower triangular L with L L^T equal to the matrix.</summary>
        public static Tensor cholesky(Tensor input) => Tensor.New(Native.rt_linalg_cholesky(input.Handle), input);

        /// <summary>The inverse of a matrix.</summary>
        public static Tensor inv(Tensor input) => Tensor.New(Native.rt_linalg_inv(input.Handle), input);

        /// <summary>(sum |x|^ord)^(1/ord) over the given dimensions, or all.</summary>
        public static Tensor vector_norm(Tensor input, double ord = 2d, long[]? dims = null, bool keepdim = false) =>
            Tensor.New(Native.rt_linalg_vector_norm(input.Handle, ord, dims, dims?.Length ?? -1, keepdim), input);

        /// <summary>The Euclidean norm over the given dimensions, or all.</summary>
        public static Tensor norm(Tensor input, long[]? dims = null, bool keepdim = false) => vector_norm(input, 2, dims, keepdim);
    }
}
