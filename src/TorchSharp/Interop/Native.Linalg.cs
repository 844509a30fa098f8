using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>native/torch/linalg.cpp.</summary>
internal static unsafe partial class Native
{
    [LibraryImport(Library)] internal static partial nint rt_matmul(nint self, nint other);
    [LibraryImport(Library)] internal static partial nint rt_mm(nint self, nint other);
    [LibraryImport(Library)] internal static partial nint rt_bmm(nint self, nint other);
    [LibraryImport(Library)] internal static partial nint rt_mv(nint self, nint other);
    [LibraryImport(Library)] internal static partial nint rt_dot(nint self, nint other);
    [LibraryImport(Library)] internal static partial nint rt_outer(nint self, nint other);
    [LibraryImport(Library)] internal static partial nint rt_addmm(nint self, nint first, nint second, double beta, double alpha);
    [LibraryImport(Library)] internal static partial nint rt_addmv(nint self, nint first, nint second, double beta, double alpha);
    [LibraryImport(Library)] internal static partial nint rt_baddbmm(nint self, nint first, nint second, double beta, double alpha);
    [LibraryImport(Library)] internal static partial int rt_addmm_(nint self, nint first, nint second, double beta, double alpha);
    [LibraryImport(Library)] internal static partial nint rt_linear(nint input, nint weight, nint bias);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint rt_einsum(string equation, ReadOnlySpan<nint> handles, int count);
    [LibraryImport(Library)] internal static partial int rt_linalg_qr(nint self, int mode, out nint q, out nint r);
    [LibraryImport(Library)]
    internal static partial int rt_linalg_eigh(nint self, [MarshalAs(UnmanagedType.U1)] bool upper, out nint values, out nint vectors);
    [LibraryImport(Library)] internal static partial nint rt_linalg_cholesky(nint self);
    [LibraryImport(Library)] internal static partial nint rt_linalg_inv(nint self);
    [LibraryImport(Library)]
    internal static partial nint rt_linalg_vector_norm(
        nint self, double order, ReadOnlySpan<long> dims, int count, [MarshalAs(UnmanagedType.U1)] bool keepdim);
}
