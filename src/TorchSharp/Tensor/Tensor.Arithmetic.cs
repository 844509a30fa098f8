using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>x + target.</summary>
        public Tensor add(Tensor target) => New(Native.rt_add(Handle, target.Handle, 1), this, target);

        /// <summary>x + alpha * target.</summary>
        public Tensor add(Tensor target, Scalar alpha) => New(Native.rt_add(Handle, target.Handle, alpha.Value), this, target);

        /// <summary>x + scalar.</summary>
        public Tensor add(Scalar scalar) => New(Native.rt_add_scalar(Handle, scalar.Value, 1), this);

        /// <summary>x + alpha * scalar.</summary>
        public Tensor add(Scalar scalar, Scalar alpha) => New(Native.rt_add_scalar(Handle, scalar.Value, alpha.Value), this);

        /// <summary>In place: x + target.</summary>
        public Tensor add_(Tensor target) => Done(Native.rt_add_(Handle, target.Handle, 1), target);

        /// <summary>In place: x + alpha * target.</summary>
        public Tensor add_(Tensor target, Scalar alpha) => Done(Native.rt_add_(Handle, target.Handle, alpha.Value), target);

        /// <summary>In place: x + scalar.</summary>
        public Tensor add_(Scalar scalar) => Done(Native.rt_add__scalar(Handle, scalar.Value, 1));

        /// <summary>In place: x + alpha * scalar.</summary>
        public Tensor add_(Scalar scalar, Scalar alpha) => Done(Native.rt_add__scalar(Handle, scalar.Value, alpha.Value));

        /// <summary>x - target.</summary>
        public Tensor sub(Tensor target) => New(Native.rt_sub(Handle, target.Handle, 1), this, target);

        /// <summary>x - target.</summary>
        public Tensor sub(Scalar target) => New(Native.rt_sub_scalar(Handle, target.Value, 1), this);

        /// <summary>In place: x - target.</summary>
        public Tensor sub_(Tensor target) => Done(Native.rt_sub_(Handle, target.Handle, 1), target);

        /// <summary>In place: x - target.</summary>
        public Tensor sub_(Scalar target) => Done(Native.rt_sub__scalar(Handle, target.Value, 1));

        /// <summary>x / target, rounded as asked.</summary>
        public Tensor div(Tensor target, RoundingMode rounding_mode = RoundingMode.None) =>
            New(Native.rt_div(Handle, target.Handle, Rounding(rounding_mode)), this, target);

        /// <summary>x / target, rounded as asked.</summary>
        public Tensor div(Scalar target, RoundingMode rounding_mode = RoundingMode.None) =>
            New(Native.rt_div_scalar(Handle, target.Value, Rounding(rounding_mode)), this);

        /// <summary>In place: x / target, rounded as asked.</summary>
        public Tensor div_(Tensor target, RoundingMode rounding_mode = RoundingMode.None) =>
            Done(Native.rt_div_(Handle, target.Handle, Rounding(rounding_mode)), target);

        /// <summary>In place: x / target, rounded as asked.</summary>
        public Tensor div_(Scalar target, RoundingMode rounding_mode = RoundingMode.None) =>
            Done(Native.rt_div__scalar(Handle, target.Value, Rounding(rounding_mode)));

        /// <summary>x + value * tensor1 * tensor2.</summary>
        public Tensor addcmul(Tensor tensor1, Tensor tensor2, Scalar value) =>
            New(Native.rt_addcmul(Handle, tensor1.Handle, tensor2.Handle, value.Value), this, tensor1, tensor2);

        /// <summary>In place: x + value * tensor1 * tensor2.</summary>
        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value) =>
            Done(Native.rt_addcmul_(Handle, tensor1.Handle, tensor2.Handle, value.Value), tensor1, tensor2);

        /// <summary>x + value * tensor1 / tensor2.</summary>
        public Tensor addcdiv(Tensor tensor1, Tensor tensor2, Scalar value) =>
            New(Native.rt_addcdiv(Handle, tensor1.Handle, tensor2.Handle, value.Value), this, tensor1, tensor2);

        /// <summary>x + tensor1 / tensor2.</summary>
        public Tensor addcdiv(Tensor tensor1, Tensor tensor2) =>
            New(Native.rt_addcdiv(Handle, tensor1.Handle, tensor2.Handle, 1), this, tensor1, tensor2);

        /// <summary>In place: x + value * tensor1 / tensor2.</summary>
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value) =>
            Done(Native.rt_addcdiv_(Handle, tensor1.Handle, tensor2.Handle, value.Value), tensor1, tensor2);

        /// <summary>In place: x + tensor1 / tensor2.</summary>
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2) =>
            Done(Native.rt_addcdiv_(Handle, tensor1.Handle, tensor2.Handle, 1), tensor1, tensor2);

        /// <summary>x + weight * (end - x).</summary>
        public Tensor lerp(Tensor end, Tensor weight) => New(Native.rt_lerp(Handle, end.Handle, weight.Handle), this, end, weight);

        /// <summary>In place: x + weight * (end - x).</summary>
        public Tensor lerp_(Tensor end, Tensor weight) => Done(Native.rt_lerp_(Handle, end.Handle, weight.Handle), end, weight);

        /// <summary>x limited to [min, max]; a null bound is open.</summary>
        public Tensor clamp(Scalar? min = null, Scalar? max = null) => New(Native.rt_clamp(Handle, Bound(min), Bound(max)), this);

        /// <summary>x limited to [min, max] element-wise; a null bound is open.</summary>
        public Tensor clamp(Tensor? min = null, Tensor? max = null) =>
            New(Native.rt_clamp_tensor(Handle, min?.Handle ?? 0, max?.Handle ?? 0), this, min, max);

        /// <summary>In place: x limited to [min, max]; a null bound is open.</summary>
        public Tensor clamp_(Scalar? min = null, Scalar? max = null) => Done(Native.rt_clamp_(Handle, Bound(min), Bound(max)));

        /// <summary>In place: x limited to [min, max] element-wise; a null bound is open.</summary>
        public Tensor clamp_(Tensor? min = null, Tensor? max = null) =>
            Done(Native.rt_clamp__tensor(Handle, min?.Handle ?? 0, max?.Handle ?? 0), min, max);

        /// <summary>x limited to [min, max]; a null bound is open.</summary>
        public Tensor clip(Scalar? min = null, Scalar? max = null) => clamp(min, max);

        /// <summary>x, at least min.</summary>
        public Tensor clamp_min(Scalar min) => New(Native.rt_clamp_min_scalar(Handle, min.Value), this);

        /// <summary>x, at most max.</summary>
        public Tensor clamp_max(Scalar max) => New(Native.rt_clamp_max_scalar(Handle, max.Value), this);

        /// <summary>In place: x, at least min.</summary>
        public Tensor clamp_min_(Scalar min) => Done(Native.rt_clamp_min__scalar(Handle, min.Value));

        /// <summary>In place: x, at most max.</summary>
        public Tensor clamp_max_(Scalar max) => Done(Native.rt_clamp_max__scalar(Handle, max.Value));

        /// <summary>x where the condition is true, y elsewhere.</summary>
        public Tensor where(Tensor condition, Tensor y) => New(Native.rt_where(condition.Handle, Handle, y.Handle), this, condition, y);

        /// <summary>x with the value where the mask is true.</summary>
        public Tensor masked_fill(Tensor mask, Scalar value) => New(Native.rt_masked_fill(Handle, mask.Handle, value.Value), this, mask);

        /// <summary>In place: writes the value where the mask is true.</summary>
        public Tensor masked_fill_(Tensor mask, Scalar value) => Done(Native.rt_masked_fill_(Handle, mask.Handle, value.Value), mask);

        /// <summary>In place: sets every element.</summary>
        public Tensor fill_(Scalar value) => Done(Native.rt_fill__scalar(Handle, value.Value));

        private static NativeScalar Bound(Scalar? value) => value is null ? NativeScalar.Absent : value.Value;

        private static int Rounding(RoundingMode mode) => mode switch
        {
            RoundingMode.None => 0,
            RoundingMode.floor => 1,
            _ => 2,
        };
    }

    /// <summary>How a quotient is rounded.</summary>
    public enum RoundingMode
    {
        /// <summary>True division.</summary>
        None,

        /// <summary>Towards zero.</summary>
        trunc,

        /// <summary>Towards minus infinity.</summary>
        floor,
    }
}
