using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Number of dimensions.</summary>
        public long Dimensions => Kept(Native.rt_dim(Handle));

        /// <summary>Number of dimensions.</summary>
        public long ndim => Dimensions;

        /// <summary>Number of elements.</summary>
        public long NumberOfElements => Kept(Native.rt_numel(Handle));

        /// <summary>Bytes per element.</summary>
        public long ElementSize => Kept(Native.rt_element_size(Handle));

        /// <summary>Size of each dimension.</summary>
        public long[] shape => size();

        /// <summary>Element type.</summary>
        public ScalarType dtype => (ScalarType)Kept(Native.rt_dtype(Handle));

        /// <summary>Where the elements are.</summary>
        public Device device => device_type == DeviceType.CPU ? new Device(DeviceType.CPU) : new Device(device_type, device_index);

        /// <summary>The kind of device.</summary>
        public DeviceType device_type => (DeviceType)Kept(Native.rt_device_type(Handle));

        /// <summary>Which device of its kind; -1 on the CPU.</summary>
        public int device_index => (int)Kept(Native.rt_device_index(Handle));

        /// <summary>True on a CUDA device.</summary>
        public bool is_cuda => device_type == DeviceType.CUDA;

        /// <summary>True if no operation that is being recorded made this tensor.</summary>
        public bool is_leaf => Kept(Native.rt_is_leaf(Handle)) != 0;

        /// <summary>Whether operations on the tensor are recorded for differentiation.</summary>
        public bool requires_grad
        {
            get => Kept(Native.rt_requires_grad(Handle)) != 0;
            set => Native.Check(Native.rt_set_requires_grad(Handle, value));
        }

        /// <summary>The accumulated gradient; null before the first backward. Setting it makes backward add into that tensor.</summary>
        /// <remarks>Every read gives a new tensor object for the same gradient, to be disposed like any other.</remarks>
        public Tensor? grad
        {
            get
            {
                Native.Check(Native.rt_grad(Handle, out var gradient));
                return gradient == 0 ? null : new Tensor(gradient);
            }

            set
            {
                Native.Check(Native.rt_set_grad(Handle, value?.Handle ?? 0));
                GC.KeepAlive(value);
            }
        }

        /// <summary>The elements of a contiguous CPU tensor as raw memory, valid while the tensor lives.</summary>
        /// <exception cref="InvalidOperationException">The tensor is not contiguous or not on the CPU.</exception>
        /// <exception cref="ArgumentException">It has more bytes than a span can address, or the assigned span another length.</exception>
        public unsafe Span<byte> bytes
        {
            get
            {
                var length = NumberOfElements * ElementSize;
                if (!is_contiguous())
                {
                    throw new InvalidOperationException("bytes needs a contiguous tensor; call contiguous() first");
                }

                if (length > int.MaxValue)
                {
                    throw new ArgumentException($"{length} bytes are more than a span can address");
                }

                if (device_type != DeviceType.CPU)
                {
                    throw new InvalidOperationException($"bytes needs a tensor on the CPU, not on {device}; call cpu() first");
                }

                Native.Check(Native.rt_data(Handle, out var data));
                return new Span<byte>((void*)data, (int)length);
            }

            set
            {
                var target = bytes;
                if (target.Length != value.Length)
                {
                    throw new ArgumentException($"{value.Length} bytes do not fit a tensor of {target.Length}", nameof(value));
                }

                value.CopyTo(target);
                GC.KeepAlive(this);
            }
        }

        /// <summary>Number of dimensions.</summary>
        public long dim() => Dimensions;

        /// <summary>Number of elements.</summary>
        public long numel() => NumberOfElements;

        /// <summary>Bytes per element.</summary>
        public long element_size() => ElementSize;

        /// <summary>Size of each dimension.</summary>
        public unsafe long[] size()
        {
            var sizes = new long[Dimensions];
            fixed (long* values = sizes)
            {
                Native.rt_sizes(Handle, values);
            }

            GC.KeepAlive(this);
            return sizes;
        }

        /// <summary>Size of one dimension.</summary>
        public long size(int dim)
        {
            Native.Check(Native.rt_size(Handle, dim, out var value));
            GC.KeepAlive(this);
            return value;
        }

        /// <summary>Distance, in elements, between neighbours in each dimension.</summary>
        public unsafe long[] stride()
        {
            var strides = new long[Dimensions];
            fixed (long* values = strides)
            {
                Native.rt_strides(Handle, values);
            }

            GC.KeepAlive(this);
            return strides;
        }

        /// <summary>Distance, in elements, between neighbours in one dimension.</summary>
        public long stride(int dim)
        {
            Native.Check(Native.rt_stride(Handle, dim, out var value));
            GC.KeepAlive(this);
            return value;
        }

        /// <summary>First element's position in the memory that the tensor may share with others.</summary>
        public long storage_offset() => Kept(Native.rt_storage_offset(Handle));

        /// <summary>True if the elements lie in memory in row-major order without gaps.</summary>
        public bool is_contiguous() => Kept(Native.rt_is_contiguous(Handle)) != 0;

        /// <summary>True on the CPU.</summary>
        public bool is_cpu() => device_type == DeviceType.CPU;

        /// <summary>True for floating-point elements.</summary>
        public bool is_floating_point() => torch.is_floating_point(dtype);

        /// <summary>True for integer and boolean elements.</summary>
        public bool is_integral() => torch.is_integral(dtype);

        /// <summary>Sets <see cref="requires_grad"/> and returns the tensor itself.</summary>
        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        /// <summary>Sets <see cref="requires_grad"/> and returns the tensor itself.</summary>
        public Tensor with_requires_grad(bool requires_grad = true) => requires_grad_(requires_grad);

        /// <summary>Keeps the gradient of a tensor that is not a leaf.</summary>
        public void retain_grad() => Native.Check(Native.rt_retain_grad(Handle));

        /// <summary>Element access.</summary>
        /// <exception cref="ArgumentException">T is not the element type.</exception>
        public Utils.TensorAccessor<T> data<T>() where T : unmanaged
        {
            if (ToScalarType(typeof(T)) != dtype)
            {
                throw new ArgumentException($"{typeof(T).Name} is not the element type of a {dtype} tensor");
            }

            return new Utils.TensorAccessor<T>(device_type == DeviceType.CPU ? this : cpu());
        }

        /// <summary>The value of a tensor with one element.</summary>
        /// <exception cref="ArgumentException">There is not one element, or T is not its type.</exception>
        public T item<T>() where T : unmanaged => NumberOfElements == 1
            ? data<T>()[0]
            : throw new ArgumentException($"item needs one element; the tensor has {NumberOfElements}");

        /// <summary>The value of a tensor with one element.</summary>
        public Scalar ToScalar()
        {
            var value = Item(out var floating);
            return new Scalar(floating ? value.Floating : dtype == ScalarType.Bool ? value.Integral != 0 : value.Integral, dtype);
        }

        /// <summary>The value of a tensor with one element.</summary>
        internal (double Floating, long Integral) Item(out bool isFloating)
        {
            Native.Check(Native.rt_item(Handle, out var floating, out var integral, out var kind));
            GC.KeepAlive(this);
            isFloating = kind == 1;
            return (floating, integral);
        }

        private long Kept(long value)
        {
            GC.KeepAlive(this);
            return value;
        }
    }
}
