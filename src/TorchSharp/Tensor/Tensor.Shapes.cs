using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The transpose of a matrix, as a view.</summary>
        public Tensor T => t();

        /// <summary>The transpose of the last two dimensions, as a view.</summary>
        public Tensor mT => transpose(-2, -1);

        /// <summary>The same elements in another shape, as a view; -1 for one size that follows from the others.</summary>
        public Tensor view(params long[] shape) => New(Native.rt_view(Handle, shape, shape.Length), this);

        /// <summary>This tensor in the shape of another, as a view.</summary>
        public Tensor view_as(Tensor other) => view(other.shape);

        /// <summary>The same elements in another shape, a view if the strides allow it; -1 as in <see cref="view"/>.</summary>
        public Tensor reshape(params long[] shape) => New(Native.rt_reshape(Handle, shape, shape.Length), this);

        /// <summary>Merges the dimensions from start to end.</summary>
        public Tensor flatten(long start_dim = 0, long end_dim = -1) => New(Native.rt_flatten(Handle, start_dim, end_dim), this);

        /// <summary>Splits one dimension into several.</summary>
        public Tensor unflatten(long dim, params long[] sizes) => New(Native.rt_unflatten(Handle, dim, sizes, sizes.Length), this);

        /// <summary>Swaps two dimensions, as a view.</summary>
        public Tensor transpose(long dim0, long dim1) => New(Native.rt_transpose(Handle, dim0, dim1), this);

        /// <summary>The transpose of a matrix, as a view.</summary>
        public Tensor t() => New(Native.rt_t(Handle), this);

        /// <summary>Dimensions in another order, as a view.</summary>
        public Tensor permute(params long[] permutation) => New(Native.rt_permute(Handle, permutation, permutation.Length), this);

        /// <summary>A new dimension of size 1.</summary>
        public Tensor unsqueeze(long dim) => New(Native.rt_unsqueeze(Handle, dim), this);

        /// <summary>Without dimensions of size 1: all of them, or the given one.</summary>
        public Tensor squeeze(long? dim = null) =>
            New(dim is { } only ? Native.rt_squeeze_dim(Handle, only) : Native.rt_squeeze(Handle), this);

        /// <summary>Dimensions of size 1 repeated without a copy; -1 keeps a size.</summary>
        public Tensor expand(params long[] sizes) => New(Native.rt_expand(Handle, sizes, sizes.Length, false), this);

        /// <summary>Dimensions of size 1 repeated without a copy; -1 keeps a size.</summary>
        public Tensor expand(ReadOnlySpan<long> sizes, bool isImplicit = false) =>
            New(Native.rt_expand(Handle, sizes, sizes.Length, isImplicit), this);

        /// <summary>Dimensions of size 1 repeated without a copy; -1 keeps a size.</summary>
        public Tensor expand(long[] sizes, bool isImplicit = false) =>
            New(Native.rt_expand(Handle, sizes, sizes.Length, isImplicit), this);

        /// <summary>Expanded to the shape of another tensor.</summary>
        public Tensor expand_as(Tensor other) => expand(other.shape);

        /// <summary>Copies laid out side by side, so many in each dimension.</summary>
        public Tensor repeat(params long[] sizes) => New(Native.rt_repeat(Handle, sizes, sizes.Length), this);

        /// <summary>Reversed along the given dimensions.</summary>
        public Tensor flip(params long[] dims) => New(Native.rt_flip(Handle, dims, dims.Length), this);

        /// <summary>Part of one dimension, as a view.</summary>
        public Tensor narrow(long dim, long start, long length) => New(Native.rt_narrow(Handle, dim, start, length), this);

        /// <summary>Every step-th index of one dimension from start up to finish, as a view.</summary>
        public Tensor slice(long dim, long start, long finish, long step) => New(Native.rt_slice(Handle, dim, start, finish, step), this);

        /// <summary>One index of one dimension, which disappears; a view.</summary>
        public Tensor select(long dim, long index) => New(Native.rt_select(Handle, dim, index), this);

        /// <summary>A view with explicit sizes and strides into the same memory.</summary>
        public Tensor as_strided(long[] size, long[] strides, long storageOffset = 0L) =>
            New(Native.rt_as_strided(Handle, size, strides, size.Length, storageOffset), this);

        /// <summary>The given indices of one dimension, copied.</summary>
        public Tensor index_select(long dim, Tensor index) => New(Native.rt_index_select(Handle, dim, index.Handle), this, index);

        /// <summary>The elements where the mask is true, in one dimension.</summary>
        public Tensor masked_select(Tensor mask) => New(Native.rt_masked_select(Handle, mask.Handle), this, mask);

        /// <summary>One element per index along one dimension.</summary>
        public Tensor gather(long dim, Tensor index) => New(Native.rt_gather(Handle, dim, index.Handle), this, index);

        /// <summary>A copy with the source's elements at the indices along one dimension.</summary>
        public Tensor scatter(long dim, Tensor index, Tensor src) =>
            New(Native.rt_scatter(Handle, dim, index.Handle, src.Handle), this, index, src);

        /// <summary>In place: writes the source's elements at the indices along one dimension.</summary>
        public Tensor scatter_(long dim, Tensor index, Tensor src) =>
            Done(Native.rt_scatter_(Handle, dim, index.Handle, src.Handle), index, src);

        /// <summary>A copy with the source's elements added at the indices along one dimension.</summary>
        public Tensor scatter_add(long dim, Tensor index, Tensor src) =>
            New(Native.rt_scatter_add(Handle, dim, index.Handle, src.Handle), this, index, src);

        /// <summary>In place: adds the source's elements at the indices along one dimension.</summary>
        public Tensor scatter_add_(long dim, Tensor index, Tensor src) =>
            Done(Native.rt_scatter_add_(Handle, dim, index.Handle, src.Handle), index, src);

        /// <summary>Indices of the non-zero elements, [count, dimensions].</summary>
        public Tensor nonzero() => New(Native.rt_nonzero(Handle), this);

        /// <summary>The lower triangle of each matrix.</summary>
        public Tensor tril(long diagonal = 0) => New(Native.rt_tril(Handle, diagonal), this);

        /// <summary>The upper triangle of each matrix.</summary>
        public Tensor triu(long diagonal = 0) => New(Native.rt_triu(Handle, diagonal), this);

        /// <summary>At most so many parts of equal size along one dimension, as views.</summary>
        public Tensor[] chunk(long chunks, long dim = 0L)
        {
            Span<nint> handles = stackalloc nint[Parts(chunks)];
            Native.Check(Native.rt_chunk(Handle, chunks, dim, handles, handles.Length, out var count));
            return Wrap(handles[..count]);
        }

        /// <summary>Parts of the given size along one dimension, as views; the last may be smaller.</summary>
        public Tensor[] split(long size, int dim = 0)
        {
            Span<nint> handles = new nint[(int)(size > 0 ? (this.size(dim) + size - 1) / size : 0) + 1];
            Native.Check(Native.rt_split(Handle, size, dim, handles, handles.Length, out var count));
            return Wrap(handles[..count]);
        }

        /// <summary>Parts of the given sizes along one dimension, as views.</summary>
        public Tensor[] split(long[] sizes, long dim = 0)
        {
            Span<nint> handles = stackalloc nint[Parts(sizes.Length)];
            Native.Check(Native.rt_split_sizes(Handle, sizes, dim, handles, sizes.Length, out var count));
            return Wrap(handles[..count]);
        }

        /// <summary>One view per index of a dimension.</summary>
        public Tensor[] unbind(long dimension = 0L)
        {
            Span<nint> handles = new nint[size((int)dimension)];
            Native.Check(Native.rt_unbind(Handle, dimension, handles, handles.Length, out var count));
            return Wrap(handles[..count]);
        }

        private static int Parts(long count) =>
            count is >= 0 and <= 1024 ? (int)count : throw new ArgumentOutOfRangeException(nameof(count), count, "at most 1024 parts");

        private Tensor[] Wrap(ReadOnlySpan<nint> handles)
        {
            GC.KeepAlive(this);
            var tensors = new Tensor[handles.Length];
            for (var i = 0; i < tensors.Length; i++)
            {
                tensors[i] = new Tensor(handles[i]);
            }

            return tensors;
        }
    }
}
