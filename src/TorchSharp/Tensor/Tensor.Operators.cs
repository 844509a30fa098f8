using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Sum.</summary>
        public static Tensor operator +(Tensor left, Tensor right) => left.add(right);

        /// <summary>Sum.</summary>
        public static Tensor operator +(Tensor left, Scalar right) => New(Native.rt_add_scalar(left.Handle, right.Value, 1), left);

        /// <summary>Sum.</summary>
        public static Tensor operator +(Tensor left, int right) => New(Native.rt_add_scalar(left.Handle, right, 1), left);

        /// <summary>Sum.</summary>
        public static Tensor operator +(Tensor left, long right) => New(Native.rt_add_scalar(left.Handle, right, 1), left);

        /// <summary>Sum.</summary>
        public static Tensor operator +(Tensor left, float right) => New(Native.rt_add_scalar(left.Handle, right, 1), left);

        /// <summary>Sum.</summary>
        public static Tensor operator +(Tensor left, double right) => New(Native.rt_add_scalar(left.Handle, right, 1), left);

        /// <summary>Sum.</summary>
        public static Tensor operator +(Scalar left, Tensor right) => New(Native.rt_add_scalar(right.Handle, left.Value, 1), right);

        /// <summary>Sum.</summary>
        public static Tensor operator +(int left, Tensor right) => New(Native.rt_add_scalar(right.Handle, left, 1), right);

        /// <summary>Sum.</summary>
        public static Tensor operator +(long left, Tensor right) => New(Native.rt_add_scalar(right.Handle, left, 1), right);

        /// <summary>Sum.</summary>
        public static Tensor operator +(float left, Tensor right) => New(Native.rt_add_scalar(right.Handle, left, 1), right);

        /// <summary>Sum.</summary>
        public static Tensor operator +(double left, Tensor right) => New(Native.rt_add_scalar(right.Handle, left, 1), right);

        /// <summary>Difference.</summary>
        public static Tensor operator -(Tensor left, Tensor right) => left.sub(right);

        /// <summary>Difference.</summary>
        public static Tensor operator -(Tensor left, Scalar right) => New(Native.rt_sub_scalar(left.Handle, right.Value, 1), left);

        /// <summary>Difference.</summary>
        public static Tensor operator -(Tensor left, int right) => New(Native.rt_sub_scalar(left.Handle, right, 1), left);

        /// <summary>Difference.</summary>
        public static Tensor operator -(Tensor left, long right) => New(Native.rt_sub_scalar(left.Handle, right, 1), left);

        /// <summary>Difference.</summary>
        public static Tensor operator -(Tensor left, float right) => New(Native.rt_sub_scalar(left.Handle, right, 1), left);

        /// <summary>Difference.</summary>
        public static Tensor operator -(Tensor left, double right) => New(Native.rt_sub_scalar(left.Handle, right, 1), left);

        /// <summary>Difference.</summary>
        public static Tensor operator -(Scalar left, Tensor right) => Subtract(left.Value, right);

        /// <summary>Difference.</summary>
        public static Tensor operator -(int left, Tensor right) => Subtract(left, right);

        /// <summary>Difference.</summary>
        public static Tensor operator -(long left, Tensor right) => Subtract(left, right);

        /// <summary>Difference.</summary>
        public static Tensor operator -(float left, Tensor right) => Subtract(left, right);

        /// <summary>Difference.</summary>
        public static Tensor operator -(double left, Tensor right) => Subtract(left, right);

        /// <summary>Product.</summary>
        public static Tensor operator *(Tensor left, Tensor right) => left.mul(right);

        /// <summary>Product.</summary>
        public static Tensor operator *(Tensor left, Scalar right) => New(Native.rt_mul_scalar(left.Handle, right.Value), left);

        /// <summary>Product.</summary>
        public static Tensor operator *(Tensor left, int right) => New(Native.rt_mul_scalar(left.Handle, right), left);

        /// <summary>Product.</summary>
        public static Tensor operator *(Tensor left, long right) => New(Native.rt_mul_scalar(left.Handle, right), left);

        /// <summary>Product.</summary>
        public static Tensor operator *(Tensor left, float right) => New(Native.rt_mul_scalar(left.Handle, right), left);

        /// <summary>Product.</summary>
        public static Tensor operator *(Tensor left, double right) => New(Native.rt_mul_scalar(left.Handle, right), left);

        /// <summary>Product.</summary>
        public static Tensor operator *(Scalar left, Tensor right) => New(Native.rt_mul_scalar(right.Handle, left.Value), right);

        /// <summary>Product.</summary>
        public static Tensor operator *(int left, Tensor right) => New(Native.rt_mul_scalar(right.Handle, left), right);

        /// <summary>Product.</summary>
        public static Tensor operator *(long left, Tensor right) => New(Native.rt_mul_scalar(right.Handle, left), right);

        /// <summary>Product.</summary>
        public static Tensor operator *(float left, Tensor right) => New(Native.rt_mul_scalar(right.Handle, left), right);

        /// <summary>Product.</summary>
        public static Tensor operator *(double left, Tensor right) => New(Native.rt_mul_scalar(right.Handle, left), right);

        /// <summary>Quotient.</summary>
        public static Tensor operator /(Tensor left, Tensor right) => left.div(right);

        /// <summary>Quotient.</summary>
        public static Tensor operator /(Tensor left, Scalar right) => New(Native.rt_div_scalar(left.Handle, right.Value, 0), left);

        /// <summary>Quotient.</summary>
        public static Tensor operator /(Tensor left, int right) => New(Native.rt_div_scalar(left.Handle, right, 0), left);

        /// <summary>Quotient.</summary>
        public static Tensor operator /(Tensor left, long right) => New(Native.rt_div_scalar(left.Handle, right, 0), left);

        /// <summary>Quotient.</summary>
        public static Tensor operator /(Tensor left, float right) => New(Native.rt_div_scalar(left.Handle, right, 0), left);

        /// <summary>Quotient.</summary>
        public static Tensor operator /(Tensor left, double right) => New(Native.rt_div_scalar(left.Handle, right, 0), left);

        /// <summary>Quotient.</summary>
        public static Tensor operator /(Scalar left, Tensor right) => Divide(left.Value, right);

        /// <summary>Quotient.</summary>
        public static Tensor operator /(int left, Tensor right) => Divide(left, right);

        /// <summary>Quotient.</summary>
        public static Tensor operator /(long left, Tensor right) => Divide(left, right);

        /// <summary>Quotient.</summary>
        public static Tensor operator /(float left, Tensor right) => Divide(left, right);

        /// <summary>Quotient.</summary>
        public static Tensor operator /(double left, Tensor right) => Divide(left, right);

        /// <summary>Remainder with the sign of the divisor.</summary>
        public static Tensor operator %(Tensor left, Tensor right) => left.remainder(right);

        /// <summary>Remainder with the sign of the divisor.</summary>
        public static Tensor operator %(Tensor left, Scalar right) => New(Native.rt_remainder_scalar(left.Handle, right.Value), left);

        /// <summary>Remainder with the sign of the divisor.</summary>
        public static Tensor operator %(Tensor left, int right) => New(Native.rt_remainder_scalar(left.Handle, right), left);

        /// <summary>Remainder with the sign of the divisor.</summary>
        public static Tensor operator %(Tensor left, long right) => New(Native.rt_remainder_scalar(left.Handle, right), left);

        /// <summary>Remainder with the sign of the divisor.</summary>
        public static Tensor operator %(Tensor left, float right) => New(Native.rt_remainder_scalar(left.Handle, right), left);

        /// <summary>Remainder with the sign of the divisor.</summary>
        public static Tensor operator %(Tensor left, double right) => New(Native.rt_remainder_scalar(left.Handle, right), left);

        /// <summary>Negation.</summary>
        public static Tensor operator -(Tensor tensor) => tensor.neg();

        /// <summary>Bitwise or logical and.</summary>
        public static Tensor operator &(Tensor left, Tensor right) => left.bitwise_and(right);

        /// <summary>Bitwise or logical or.</summary>
        public static Tensor operator |(Tensor left, Tensor right) => left.bitwise_or(right);

        /// <summary>Bitwise or logical exclusive or.</summary>
        public static Tensor operator ^(Tensor left, Tensor right) => left.bitwise_xor(right);

        /// <summary>Bitwise or logical complement.</summary>
        public static Tensor operator ~(Tensor left) => left.bitwise_not();

        private static Tensor Subtract(NativeScalar left, Tensor right)
        {
            using var negated = right.neg();
            return New(Native.rt_add_scalar(negated.Handle, left, 1), negated);
        }

        private static Tensor Divide(NativeScalar left, Tensor right)
        {
            using var inverse = right.reciprocal();
            return New(Native.rt_mul_scalar(inverse.Handle, left), inverse);
        }
    }
}
