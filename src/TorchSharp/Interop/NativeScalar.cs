using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>A number as it crosses to libtorch: by value, so that no operation allocates for its constants.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct NativeScalar
{
    private readonly long _bits;
    private readonly int _kind;

    private NativeScalar(long bits, int kind)
    {
        _bits = bits;
        _kind = kind;
    }

    /// <summary>"Not given": an open bound.</summary>
    internal static NativeScalar Absent => new(0, 3);

    public static implicit operator NativeScalar(int value) => new(value, 0);

    public static implicit operator NativeScalar(long value) => new(value, 0);

    public static implicit operator NativeScalar(double value) => new(BitConverter.DoubleToInt64Bits(value), 1);

    public static implicit operator NativeScalar(bool value) => new(value ? 1 : 0, 2);

    internal double ToDouble() => _kind == 1 ? BitConverter.Int64BitsToDouble(_bits) : _bits;

    internal long ToInt64() => _kind == 1 ? (long)BitConverter.Int64BitsToDouble(_bits) : _bits;

    internal bool ToBoolean() => ToDouble() != 0;
}
