using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Rapid.Environments.Atari.Machine;

/// <summary>What of a line each object covers; an object's index is the number of its bit in a set of objects.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LineMasks
{
    /// <summary>Of each object.</summary>
    public LineMask P0, M0, P1, M1, Ball, Playfield;

    /// <summary>The mask of an object, 0..5.</summary>
    [UnscopedRef]
    public ref LineMask this[int item]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref Unsafe.Add(ref P0, item);
    }
}
