namespace TorchSharp;

public static partial class torch
{
    /// <summary>Element types.</summary>
    public enum ScalarType : sbyte
    {
        /// <summary>Unsigned 8-bit integer.</summary>
        Byte = 0,

        /// <summary>Signed 8-bit integer.</summary>
        Int8 = 1,

        /// <summary>16-bit integer.</summary>
        Int16 = 2,

        /// <summary>32-bit integer.</summary>
        Int32 = 3,

        /// <summary>64-bit integer.</summary>
        Int64 = 4,

        /// <summary>16-bit float.</summary>
        Float16 = 5,

        /// <summary>32-bit float.</summary>
        Float32 = 6,

        /// <summary>64-bit float.</summary>
        Float64 = 7,

        /// <summary>Truth value.</summary>
        Bool = 11,

        /// <summary>16-bit float with the exponent range of a 32-bit one.</summary>
        BFloat16 = 15,
    }

    /// <summary>Truth value.</summary>
    public static readonly ScalarType @bool = ScalarType.Bool;

    /// <summary>Unsigned 8-bit integer.</summary>
    public static readonly ScalarType uint8 = ScalarType.Byte;

    /// <summary>Signed 8-bit integer.</summary>
    public static readonly ScalarType int8 = ScalarType.Int8;

    /// <summary>16-bit integer.</summary>
    public static readonly ScalarType int16 = ScalarType.Int16;

    /// <summary>32-bit integer.</summary>
    public static readonly ScalarType int32 = ScalarType.Int32;

    /// <summary>64-bit integer.</summary>
    public static readonly ScalarType int64 = ScalarType.Int64;

    /// <summary>16-bit float.</summary>
    public static readonly ScalarType float16 = ScalarType.Float16;

    /// <summary>16-bit float with the exponent range of a 32-bit one.</summary>
    public static readonly ScalarType bfloat16 = ScalarType.BFloat16;

    /// <summary>32-bit float.</summary>
    public static readonly ScalarType float32 = ScalarType.Float32;

    /// <summary>64-bit float.</summary>
    public static readonly ScalarType float64 = ScalarType.Float64;

    /// <summary>True for the integer types and truth values.</summary>
    public static bool is_integral(ScalarType type) => type <= ScalarType.Int64 || type == ScalarType.Bool;

    /// <summary>True for the floating-point types.</summary>
    public static bool is_floating_point(ScalarType type) =>
        type is ScalarType.Float16 or ScalarType.Float32 or ScalarType.Float64 or ScalarType.BFloat16;

    internal static ScalarType ToScalarType(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Boolean => ScalarType.Bool,
        TypeCode.Byte => ScalarType.Byte,
        TypeCode.SByte => ScalarType.Int8,
        TypeCode.Int16 => ScalarType.Int16,
        TypeCode.Int32 => ScalarType.Int32,
        TypeCode.Int64 => ScalarType.Int64,
        TypeCode.Single => ScalarType.Float32,
        TypeCode.Double => ScalarType.Float64,
        _ when type == typeof(Half) => ScalarType.Float16,
        _ => throw new NotSupportedException($"{type.Name} is not a tensor element type"),
    };
}
