using TorchSharp.Interop;

namespace TorchSharp;

/// <summary>A number of any element type, as an operand of tensor operations.</summary>
public sealed class Scalar : IDisposable
{
    internal Scalar(NativeScalar value, torch.ScalarType type)
    {
        Value = value;
        Type = type;
    }

    /// <summary>The kind of number; it takes part in type promotion as libtorch's scalars do.</summary>
    public torch.ScalarType Type { get; }

    internal NativeScalar Value { get; }

    /// <summary>Wraps a number.</summary>
    public static implicit operator Scalar(byte value) => new((long)value, torch.ScalarType.Byte);

    /// <summary>Wraps a number.</summary>
    public static implicit operator Scalar(sbyte value) => new((long)value, torch.ScalarType.Int8);

    /// <summary>Wraps a number.</summary>
    public static implicit operator Scalar(short value) => new((long)value, torch.ScalarType.Int16);

    /// <summary>Wraps a number.</summary>
    public static implicit operator Scalar(int value) => new((long)value, torch.ScalarType.Int32);

    /// <summary>Wraps a number.</summary>
    public static implicit operator Scalar(long value) => new(value, torch.ScalarType.Int64);

    /// <summary>Wraps a number.</summary>
    public static implicit operator Scalar(float value) => new((double)value, torch.ScalarType.Float32);

    /// <summary>Wraps a number.</summary>
    public static implicit operator Scalar(double value) => new(value, torch.ScalarType.Float64);

    /// <summary>Wraps a truth value.</summary>
    public static implicit operator Scalar(bool value) => new(value, torch.ScalarType.Bool);

    /// <summary>Nothing to release: the number lives in this object.</summary>
    public void Dispose()
    {
    }
}

/// <summary>Conversions between <see cref="Scalar"/> and numbers.</summary>
public static class ScalarExtensionMethods
{
    /// <summary>Wraps a number.</summary>
    public static Scalar ToScalar(this int value) => value;

    /// <summary>Wraps a number.</summary>
    public static Scalar ToScalar(this long value) => value;

    /// <summary>Wraps a number.</summary>
    public static Scalar ToScalar(this float value) => value;

    /// <summary>Wraps a number.</summary>
    public static Scalar ToScalar(this double value) => value;

    /// <summary>Wraps a truth value.</summary>
    public static Scalar ToScalar(this bool value) => value;

    /// <summary>The value as a float.</summary>
    public static float ToSingle(this Scalar value) => (float)value.Value.ToDouble();

    /// <summary>The value as a double.</summary>
    public static double ToDouble(this Scalar value) => value.Value.ToDouble();

    /// <summary>The value as an sbyte.</summary>
    public static sbyte ToSByte(this Scalar value) => (sbyte)value.Value.ToInt64();

    /// <summary>The value as a byte.</summary>
    public static byte ToByte(this Scalar value) => (byte)value.Value.ToInt64();

    /// <summary>The value as a short.</summary>
    public static short ToInt16(this Scalar value) => (short)value.Value.ToInt64();

    /// <summary>The value as an int.</summary>
    public static int ToInt32(this Scalar value) => (int)value.Value.ToInt64();

    /// <summary>The value as a long.</summary>
    public static long ToInt64(this Scalar value) => value.Value.ToInt64();

    /// <summary>True unless the value is 0.</summary>
    public static bool ToBoolean(this Scalar value) => value.Value.ToBoolean();
}
