namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>True where equal, element-wise. Test a reference with <c>is null</c>.</summary>
        public static Tensor operator ==(Tensor left, Tensor right) => left.eq(right);

        /// <summary>True where equal, element-wise.</summary>
        public static Tensor operator ==(Tensor left, Scalar right) => left.eq(right);

        /// <summary>True where equal, element-wise.</summary>
        public static Tensor operator ==(Scalar left, Tensor right) => right.eq(left);

        /// <summary>True where different, element-wise. Test a reference with <c>is null</c>.</summary>
        public static Tensor operator !=(Tensor left, Tensor right) => left.ne(right);

        /// <summary>True where different, element-wise.</summary>
        public static Tensor operator !=(Tensor left, Scalar right) => left.ne(right);

        /// <summary>True where different, element-wise.</summary>
        public static Tensor operator !=(Scalar left, Tensor right) => right.ne(left);

        /// <summary>True where less, element-wise.</summary>
        public static Tensor operator <(Tensor left, Tensor right) => left.lt(right);

        /// <summary>True where less, element-wise.</summary>
        public static Tensor operator <(Tensor left, Scalar right) => left.lt(right);

        /// <summary>True where less, element-wise.</summary>
        public static Tensor operator <(Scalar left, Tensor right) => right.gt(left);

        /// <summary>True where less or equal, element-wise.</summary>
        public static Tensor operator <=(Tensor left, Tensor right) => left.le(right);

        /// <summary>True where less or equal, element-wise.</summary>
        public static Tensor operator <=(Tensor left, Scalar right) => left.le(right);

        /// <summary>True where less or equal, element-wise.</summary>
        public static Tensor operator <=(Scalar left, Tensor right) => right.ge(left);

        /// <summary>True where greater, element-wise.</summary>
        public static Tensor operator >(Tensor left, Tensor right) => left.gt(right);

        /// <summary>True where greater, element-wise.</summary>
        public static Tensor operator >(Tensor left, Scalar right) => left.gt(right);

        /// <summary>True where greater, element-wise.</summary>
        public static Tensor operator >(Scalar left, Tensor right) => right.lt(left);

        /// <summary>True where greater or equal, element-wise.</summary>
        public static Tensor operator >=(Tensor left, Tensor right) => left.ge(right);

        /// <summary>True where greater or equal, element-wise.</summary>
        public static Tensor operator >=(Tensor left, Scalar right) => left.ge(right);

        /// <summary>True where greater or equal, element-wise.</summary>
        public static Tensor operator >=(Scalar left, Tensor right) => right.le(left);

        /// <summary>A tensor of no dimensions.</summary>
        public static implicit operator Tensor(byte value) => tensor(value);

        /// <summary>A tensor of no dimensions.</summary>
        public static implicit operator Tensor(sbyte value) => tensor(value);

        /// <summary>A tensor of no dimensions.</summary>
        public static implicit operator Tensor(short value) => tensor(value);

        /// <summary>A tensor of no dimensions.</summary>
        public static implicit operator Tensor(int value) => tensor(value);

        /// <summary>A tensor of no dimensions.</summary>
        public static implicit operator Tensor(long value) => tensor(value);

        /// <summary>A tensor of no dimensions.</summary>
        public static implicit operator Tensor(float value) => tensor(value);

        /// <summary>A tensor of no dimensions.</summary>
        public static implicit operator Tensor(double value) => tensor(value);

        /// <summary>A tensor of no dimensions.</summary>
        public static implicit operator Tensor(bool value) => tensor(value);

        /// <summary>A tensor of no dimensions.</summary>
        public static implicit operator Tensor(Scalar scalar) => Filled(scalar);

        /// <summary>A tensor of one dimension with a copy of the values.</summary>
        public static implicit operator Tensor(byte[] value) => tensor(value);

        /// <summary>A tensor of one dimension with a copy of the values.</summary>
        public static implicit operator Tensor(sbyte[] value) => tensor(value);

        /// <summary>A tensor of one dimension with a copy of the values.</summary>
        public static implicit operator Tensor(short[] value) => tensor(value);

        /// <summary>A tensor of one dimension with a copy of the values.</summary>
        public static implicit operator Tensor(int[] value) => tensor(value);

        /// <summary>A tensor of one dimension with a copy of the values.</summary>
        public static implicit operator Tensor(long[] value) => tensor(value);

        /// <summary>A tensor of one dimension with a copy of the values.</summary>
        public static implicit operator Tensor(float[] value) => tensor(value);

        /// <summary>A tensor of one dimension with a copy of the values.</summary>
        public static implicit operator Tensor(double[] value) => tensor(value);

        /// <summary>A tensor of one dimension with a copy of the values.</summary>
        public static implicit operator Tensor(bool[] value) => tensor(value);

        /// <summary>The value of a tensor with one element.</summary>
        public static explicit operator float(Tensor value) => value.ToSingle();

        /// <summary>The value of a tensor with one element.</summary>
        public static explicit operator double(Tensor value) => value.ToDouble();

        /// <summary>The value of a tensor with one element.</summary>
        public static explicit operator sbyte(Tensor value) => value.ToSByte();

        /// <summary>The value of a tensor with one element.</summary>
        public static explicit operator byte(Tensor value) => value.ToByte();

        /// <summary>The value of a tensor with one element.</summary>
        public static explicit operator short(Tensor value) => value.ToInt16();

        /// <summary>The value of a tensor with one element.</summary>
        public static explicit operator int(Tensor value) => value.ToInt32();

        /// <summary>The value of a tensor with one element.</summary>
        public static explicit operator long(Tensor value) => value.ToInt64();

        /// <summary>The value of a tensor with one element.</summary>
        public static explicit operator bool(Tensor value) => value.ToBoolean();

        private static Tensor Filled(Scalar scalar) => full([], scalar, scalar.Type);
    }
}
