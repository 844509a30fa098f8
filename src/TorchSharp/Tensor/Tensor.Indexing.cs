using System.Runtime.CompilerServices;
using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>An indexing expression; a view unless an index is a tensor.</summary>
        [IndexerName("TensorItems")]
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        /// <summary>Indexing by tensors of indices or masks.</summary>
        [IndexerName("TensorItems")]
        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        /// <summary>One index of the first dimension, as a view.</summary>
        [IndexerName("TensorItems")]
        public Tensor this[long i1]
        {
            get => Get([i1]);
            set => Set([i1], value);
        }

        /// <summary>One index of each of the first two dimensions, as a view.</summary>
        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2]
        {
            get => Get([i1, i2]);
            set => Set([i1, i2], value);
        }

        /// <summary>One index of each of the first three dimensions, as a view.</summary>
        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3]
        {
            get => Get([i1, i2, i3]);
            set => Set([i1, i2, i3], value);
        }

        /// <summary>One index of each of the first four dimensions, as a view.</summary>
        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4]
        {
            get => Get([i1, i2, i3, i4]);
            set => Set([i1, i2, i3, i4], value);
        }

        /// <summary>An indexing expression; a view unless an index is a tensor.</summary>
        public Tensor index(params TensorIndex[] indices)
        {
            var result = New(Native.rt_index(Handle, Encode(indices), indices.Length), this);
            GC.KeepAlive(indices);
            return result;
        }

        /// <summary>Indexing by tensors of indices or masks.</summary>
        public Tensor index(params Tensor[] indices) => index(Array.ConvertAll(indices, TensorIndex.Tensor));

        /// <summary>In place: writes the value, broadcast, to the indexed part.</summary>
        public Tensor index_put_(Tensor value, params TensorIndex[] indices)
        {
            Done(Native.rt_index_put_(Handle, Encode(indices), indices.Length, value.Handle), value);
            GC.KeepAlive(indices);
            return this;
        }

        /// <summary>In place: writes the value, broadcast, to the indexed part.</summary>
        public Tensor index_put_(Tensor value, params Tensor[] indices) => index_put_(value, Array.ConvertAll(indices, TensorIndex.Tensor));

        /// <summary>In place: writes the number to the indexed part.</summary>
        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            Done(Native.rt_index_put__scalar(Handle, Encode(indices), indices.Length, value.Value));
            GC.KeepAlive(indices);
            return this;
        }

        private static NativeIndex[] Encode(TensorIndex[] indices) => Array.ConvertAll(indices, index => index.Native);

        private Tensor Get(ReadOnlySpan<long> indices) => New(Native.rt_get(Handle, indices, indices.Length), this);

        private void Set(ReadOnlySpan<long> indices, Tensor value) =>
            Done(Native.rt_set(Handle, indices, indices.Length, value.Handle), value);
    }

    /// <summary>One entry of an indexing expression: an integer, a range, a mask, a new axis or an ellipsis.</summary>
    public struct TensorIndex
    {
        private NativeIndex _native;
        private Tensor? _tensor;

        /// <summary>All dimensions that no other entry names.</summary>
        public static readonly TensorIndex Ellipsis = new() { _native = new NativeIndex { Kind = 2 } };

        /// <summary>A new dimension of size 1.</summary>
        public static readonly TensorIndex None = new() { _native = new NativeIndex { Kind = 0 } };

        /// <summary>Everything in one dimension.</summary>
        public static readonly TensorIndex Colon = Slice();

        internal readonly NativeIndex Native
        {
            get
            {
                var native = _native;
                native.Tensor = _tensor?.Handle ?? 0;
                return native;
            }
        }

        /// <summary>A range: start, stop (exclusive) and step; negative positions count from the end.</summary>
        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null) => new()
        {
            _native = new NativeIndex { Kind = 5, Start = start ?? 0, Stop = stop ?? long.MaxValue, Step = step ?? 1 },
        };

        /// <summary>A range of C#.</summary>
        public static TensorIndex Slice(Range range) => Slice(
            range.Start.IsFromEnd ? -range.Start.Value : range.Start.Value,
            range.End.IsFromEnd ? range.End.Value == 0 ? null : -range.End.Value : range.End.Value);

        /// <summary>A new dimension: of size 1 for true, 0 for false.</summary>
        public static TensorIndex Bool(bool value) => new() { _native = new NativeIndex { Kind = 3, Start = value ? 1 : 0 } };

        /// <summary>One position; the dimension disappears.</summary>
        public static TensorIndex Single(long? index) => new() { _native = new NativeIndex { Kind = 1, Start = index ?? 0 } };

        /// <summary>Positions or a mask.</summary>
        public static TensorIndex Tensor(Tensor tensor) => new() { _native = new NativeIndex { Kind = 4 }, _tensor = tensor };

        /// <summary>One position.</summary>
        public static implicit operator TensorIndex(long value) => Single(value);

        /// <summary>A range of C#.</summary>
        public static implicit operator TensorIndex(Range range) => Slice(range);

        /// <summary>A position of C#.</summary>
        public static implicit operator TensorIndex(Index index) => Single(index.IsFromEnd ? -index.Value : index.Value);

        /// <summary>Exists for overload resolution: of the two indexers, one number picks the one that takes entries.</summary>
        /// <exception cref="InvalidOperationException">Always.</exception>
        public static implicit operator Tensor(TensorIndex value) => throw new InvalidOperationException("an index is not a tensor");
    }
}
