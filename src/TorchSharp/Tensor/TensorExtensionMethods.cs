using TorchSharp.Modules;

namespace TorchSharp;

/// <summary>Conversions of tensors.</summary>
public static class TensorExtensionMethods
{
    /// <summary>Makes a tensor a parameter; the tensor itself is invalid afterwards.</summary>
    public static Parameter AsParameter(this torch.Tensor tensor) => new(tensor);

    /// <summary>Bytes per element.</summary>
    public static int ElementSize(this torch.ScalarType type) => type switch
    {
        torch.ScalarType.Byte or torch.ScalarType.Int8 or torch.ScalarType.Bool => 1,
        torch.ScalarType.Int16 or torch.ScalarType.Float16 or torch.ScalarType.BFloat16 => 2,
        torch.ScalarType.Int32 or torch.ScalarType.Float32 => 4,
        _ => 8,
    };

    /// <summary>The value of a tensor with one element.</summary>
    public static float ToSingle(this torch.Tensor value) => (float)value.ToDouble();

    /// <summary>The value of a tensor with one element.</summary>
    public static double ToDouble(this torch.Tensor value)
    {
        var (floating, _) = value.Item(out _);
        return floating;
    }

    /// <summary>The value of a tensor with one element.</summary>
    public static sbyte ToSByte(this torch.Tensor value) => (sbyte)value.ToInt64();

    /// <summary>The value of a tensor with one element.</summary>
    public static byte ToByte(this torch.Tensor value) => (byte)value.ToInt64();

    /// <summary>The value of a tensor with one element.</summary>
    public static short ToInt16(this torch.Tensor value) => (short)value.ToInt64();

    /// <summary>The value of a tensor with one element.</summary>
    public static int ToInt32(this torch.Tensor value) => (int)value.ToInt64();

    /// <summary>The value of a tensor with one element, truncated.</summary>
    public static long ToInt64(this torch.Tensor value)
    {
        var (floating, integral) = value.Item(out var isFloating);
        return isFloating ? (long)floating : integral;
    }

    /// <summary>True unless the tensor's one element is 0.</summary>
    public static bool ToBoolean(this torch.Tensor value) => value.ToDouble() != 0;
}
