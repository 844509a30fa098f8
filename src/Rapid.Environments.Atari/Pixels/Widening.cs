using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Rapid.Environments.Atari.Pixels;

/// <summary>Bytes as the numbers that observations are made of.</summary>
internal static class Widening
{
    /// <summary>Writes each byte as a number.</summary>
    /// <param name="bytes">[n].</param>
    /// <param name="numbers">[n] or more, overwritten.</param>
    public static void ToFloats(ReadOnlySpan<byte> bytes, Span<float> numbers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(numbers.Length, bytes.Length);
        ref var source = ref MemoryMarshal.GetReference(bytes);
        ref var target = ref MemoryMarshal.GetReference(numbers);
        nuint i = 0;
        for (; i + 32 <= (nuint)bytes.Length; i += 32)
        {
            var (low, high) = Vector256.Widen(Vector256.LoadUnsafe(ref source, i));
            Store(low, ref Unsafe.Add(ref target, i));
            Store(high, ref Unsafe.Add(ref target, i + 16));
        }

        for (; i < (nuint)bytes.Length; i++)
        {
            numbers[(int)i] = bytes[(int)i];
        }
    }

    private static void Store(Vector256<ushort> sixteen, ref float target)
    {
        var (low, high) = Vector256.Widen(sixteen);
        Vector256.ConvertToSingle(low.AsInt32()).StoreUnsafe(ref target);
        Vector256.ConvertToSingle(high.AsInt32()).StoreUnsafe(ref target, 8);
    }
}
