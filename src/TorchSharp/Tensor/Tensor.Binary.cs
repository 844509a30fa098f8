using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>x^exponent.</summary>
        public Tensor pow(Tensor exponent) => New(Native.rt_pow(Handle, exponent.Handle), this, exponent);

        /// <summary>x^exponent.</summary>
        public Tensor pow(Scalar exponent) => New(Native.rt_pow_scalar(Handle, exponent.Value), this);

        /// <summary>Larger of the two; NaN wins.</summary>
        public Tensor maximum(Tensor other) => New(Native.rt_maximum(Handle, other.Handle), this, other);

        /// <summary>Smaller of the two; NaN wins.</summary>
        public Tensor minimum(Tensor other) => New(Native.rt_minimum(Handle, other.Handle), this, other);

        /// <summary>Larger of the two; NaN loses.</summary>
        public Tensor fmax(Tensor other) => New(Native.rt_fmax(Handle, other.Handle), this, other);

        /// <summary>Smaller of the two; NaN loses.</summary>
        public Tensor fmin(Tensor other) => New(Native.rt_fmin(Handle, other.Handle), this, other);

        /// <summary>Angle of the point (other, x).</summary>
        public Tensor atan2(Tensor other) => New(Native.rt_atan2(Handle, other.Handle), this, other);

        /// <summary>log(e^x + e^other) without overflow.</summary>
        public Tensor logaddexp(Tensor other) => New(Native.rt_logaddexp(Handle, other.Handle), this, other);

        /// <summary>True where both are non-zero.</summary>
        public Tensor logical_and(Tensor other) => New(Native.rt_logical_and(Handle, other.Handle), this, other);

        /// <summary>True where either is non-zero.</summary>
        public Tensor logical_or(Tensor other) => New(Native.rt_logical_or(Handle, other.Handle), this, other);

        /// <summary>True where exactly one is non-zero.</summary>
        public Tensor logical_xor(Tensor other) => New(Native.rt_logical_xor(Handle, other.Handle), this, other);

        /// <summary>Bitwise or logical and.</summary>
        public Tensor bitwise_and(Tensor other) => New(Native.rt_bitwise_and(Handle, other.Handle), this, other);

        /// <summary>Bitwise or logical or.</summary>
        public Tensor bitwise_or(Tensor other) => New(Native.rt_bitwise_or(Handle, other.Handle), this, other);

        /// <summary>Bitwise or logical exclusive or.</summary>
        public Tensor bitwise_xor(Tensor other) => New(Native.rt_bitwise_xor(Handle, other.Handle), this, other);

        /// <summary>Remainder with the sign of the divisor.</summary>
        public Tensor remainder(Tensor target) => New(Native.rt_remainder(Handle, target.Handle), this, target);

        /// <summary>Remainder with the sign of the divisor.</summary>
        public Tensor remainder(Scalar scalar) => New(Native.rt_remainder_scalar(Handle, scalar.Value), this);

        /// <summary>Product.</summary>
        public Tensor mul(Tensor target) => New(Native.rt_mul(Handle, target.Handle), this, target);

        /// <summary>Product.</summary>
        public Tensor mul(Scalar target) => New(Native.rt_mul_scalar(Handle, target.Value), this);

        /// <summary>True where equal.</summary>
        public Tensor eq(Tensor target) => New(Native.rt_eq(Handle, target.Handle), this, target);

        /// <summary>True where equal.</summary>
        public Tensor eq(Scalar target) => New(Native.rt_eq_scalar(Handle, target.Value), this);

        /// <summary>True where different.</summary>
        public Tensor ne(Tensor target) => New(Native.rt_ne(Handle, target.Handle), this, target);

        /// <summary>True where different.</summary>
        public Tensor ne(Scalar target) => New(Native.rt_ne_scalar(Handle, target.Value), this);

        /// <summary>True where less.</summary>
        public Tensor lt(Tensor target) => New(Native.rt_lt(Handle, target.Handle), this, target);

        /// <summary>True where less.</summary>
        public Tensor lt(Scalar target) => New(Native.rt_lt_scalar(Handle, target.Value), this);

        /// <summary>True where less or equal.</summary>
        public Tensor le(Tensor target) => New(Native.rt_le(Handle, target.Handle), this, target);

        /// <summary>True where less or equal.</summary>
        public Tensor le(Scalar target) => New(Native.rt_le_scalar(Handle, target.Value), this);

        /// <summary>True where greater.</summary>
        public Tensor gt(Tensor target) => New(Native.rt_gt(Handle, target.Handle), this, target);

        /// <summary>True where greater.</summary>
        public Tensor gt(Scalar target) => New(Native.rt_gt_scalar(Handle, target.Value), this);

        /// <summary>True where greater or equal.</summary>
        public Tensor ge(Tensor target) => New(Native.rt_ge(Handle, target.Handle), this, target);

        /// <summary>True where greater or equal.</summary>
        public Tensor ge(Scalar target) => New(Native.rt_ge_scalar(Handle, target.Value), this);

        /// <summary>In place: multiplies.</summary>
        public Tensor mul_(Tensor target) => Done(Native.rt_mul_(Handle, target.Handle), target);

        /// <summary>In place: multiplies.</summary>
        public Tensor mul_(Scalar target) => Done(Native.rt_mul__scalar(Handle, target.Value));

        /// <summary>In place: raises to a power.</summary>
        public Tensor pow_(Tensor exponent) => Done(Native.rt_pow_(Handle, exponent.Handle), exponent);

        /// <summary>In place: raises to a power.</summary>
        public Tensor pow_(Scalar exponent) => Done(Native.rt_pow__scalar(Handle, exponent.Value));
    }
}
