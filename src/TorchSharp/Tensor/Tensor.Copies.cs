using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>A copy.</summary>
        public Tensor clone() => New(Native.rt_clone(Handle), this);

        /// <summary>The same memory outside the graph.</summary>
        public Tensor detach() => New(Native.rt_detach(Handle), this);

        /// <summary>Takes this tensor out of the graph.</summary>
        public Tensor detach_() => Done(Native.rt_detach_(Handle));

        /// <summary>Row-major elements; the same memory if they already are.</summary>
        public Tensor contiguous() => New(Native.rt_contiguous(Handle), this);

        /// <summary>Overwrites the elements with those of another tensor of any type and place, broadcast to this shape.</summary>
        public Tensor copy_(Tensor source, bool nonBlocking = false) => Done(Native.rt_copy_(Handle, source.Handle, nonBlocking), source);

        /// <summary>On the CPU; the same memory if it already is there.</summary>
        public Tensor cpu() => to(CPU);

        /// <summary>On a CUDA device; the same memory if it already is there.</summary>
        public Tensor cuda(Device? device = null, bool non_blocking = false) => to(device ?? CUDA, non_blocking: non_blocking);

        /// <summary>With elements of another type; the same memory if they already are and no copy is asked for.</summary>
        public Tensor to_type(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false)
        {
            var result = New(Native.rt_to_type(Handle, (int)type, copy, non_blocking), this);
            if (disposeAfter)
            {
                Dispose();
            }

            return result;
        }

        /// <summary>With the element type of another tensor.</summary>
        public Tensor type_as(Tensor tensor) => to_type(tensor.dtype);

        /// <inheritdoc cref="to_type"/>
        public Tensor to(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            to_type(type, copy, disposeAfter, non_blocking);

        /// <summary>On another device; the same memory if it already is there and no copy is asked for.</summary>
        public Tensor to(Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            to(dtype, device, copy, disposeAfter, non_blocking);

        /// <summary>On another device, with elements of another type.</summary>
        public Tensor to(ScalarType type, Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false)
        {
            var result = New(Native.rt_to(Handle, (int)type, (int)device.type, device.index, copy, non_blocking), this);
            if (disposeAfter)
            {
                Dispose();
            }

            return result;
        }

        /// <summary>On the device and with the element type of another tensor.</summary>
        public Tensor to(Tensor other, bool non_blocking = false) => to(other.dtype, other.device, non_blocking: non_blocking);

        /// <summary>With truth values.</summary>
        public Tensor @bool() => to_type(ScalarType.Bool);

        /// <summary>With unsigned 8-bit elements.</summary>
        public Tensor @byte() => to_type(ScalarType.Byte);

        /// <summary>With 32-bit integers.</summary>
        public Tensor @int() => to_type(ScalarType.Int32);

        /// <summary>With 64-bit integers.</summary>
        public Tensor @long() => to_type(ScalarType.Int64);

        /// <summary>With 16-bit floats.</summary>
        public Tensor half() => to_type(ScalarType.Float16);

        /// <summary>With 32-bit floats.</summary>
        public Tensor @float() => to_type(ScalarType.Float32);

        /// <summary>With 64-bit floats.</summary>
        public Tensor @double() => to_type(ScalarType.Float64);

        /// <summary>Differentiates this tensor of one element; gradients add up in <see cref="grad"/> of the leaves.</summary>
        public void backward() => Native.Check(Native.rt_backward_scalar(Handle));

        /// <summary>Differentiates this tensor; gradients add up in <see cref="grad"/> of the leaves, or of the inputs only.</summary>
        /// <param name="grad_tensors">The weights of the elements; may be null for one element.</param>
        /// <param name="retain_graph">Keep the graph for another pass.</param>
        /// <param name="create_graph">Make the gradients differentiable.</param>
        /// <param name="inputs">The leaves that receive gradients; all if null.</param>
        public void backward(
            IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null) =>
            autograd.backward([this], grad_tensors, retain_graph, create_graph, inputs);

        /// <summary>Uninitialised, of this shape; type and device of this tensor unless given.</summary>
        public Tensor empty_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            New(Native.rt_empty_like(Handle, Like(dtype, device, requires_grad)), this);

        /// <summary>Zeros of this shape; type and device of this tensor unless given.</summary>
        public Tensor zeros_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            New(Native.rt_full_like(Handle, 0, Like(dtype, device, requires_grad)), this);

        /// <summary>Ones of this shape; type and device of this tensor unless given.</summary>
        public Tensor ones_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            New(Native.rt_full_like(Handle, 1, Like(dtype, device, requires_grad)), this);

        /// <summary>One value in this shape; type and device of this tensor unless given.</summary>
        public Tensor full_like(Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            New(Native.rt_full_like(Handle, value.Value, Like(dtype, device, requires_grad)), this);

        /// <summary>Uniform on [0, 1), of this shape.</summary>
        public Tensor rand_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            rand(shape, dtype ?? this.dtype, device ?? this.device, requires_grad);

        /// <summary>Standard normal, of this shape.</summary>
        public Tensor randn_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            randn(shape, dtype ?? this.dtype, device ?? this.device, requires_grad);

        private NativeOptions Like(ScalarType? dtype, Device? device, bool requires_grad) => new(
            (int)(dtype ?? this.dtype), (int)(device?.type ?? device_type), device?.index ?? device_index, requires_grad);
    }
}
