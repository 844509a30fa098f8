using System.Runtime.InteropServices;

namespace Rapid.Agents.State;

/// <summary>A tensor in memory as a checkpoint holds it.</summary>
/// <param name="Type">safetensors' name of the element type: "F32".</param>
/// <param name="Shape">Row-major shape.</param>
/// <param name="Bytes">Elements, little-endian.</param>
public sealed record TensorData(string Type, IReadOnlyList<long> Shape, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>A copy of float32 elements.</summary>
    public static TensorData FromFloats(ReadOnlySpan<float> values, params ReadOnlySpan<long> shape) =>
        new("F32", shape.ToArray(), MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>The elements of a float32 tensor, in place.</summary>
    /// <exception cref="InvalidDataException">It is of another type.</exception>
    public ReadOnlySpan<float> Floats() =>
        Type == "F32"
            ? MemoryMarshal.Cast<byte, float>(Bytes.Span)
            : throw new InvalidDataException($"a tensor of type {Type} where F32 is expected");
}
