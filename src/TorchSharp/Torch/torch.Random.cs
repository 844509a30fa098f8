using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Uniform numbers on [0, 1).</summary>
    public static Tensor rand(
        long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) =>
        rand((ReadOnlySpan<long>)size, dtype, device, requires_grad, generator);

    /// <summary>Uniform numbers on [0, 1).</summary>
    public static Tensor rand(
        ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, Generator? generator = null) =>
        Drawn(Native.rt_rand(size, size.Length, generator?.Handle ?? 0, Code(dtype), Kind(device), IndexOf(device)), requires_grad);

    /// <summary>Uniform numbers on [0, 1).</summary>
    public static Tensor rand(
        long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) =>
        rand((ReadOnlySpan<long>)[size], dtype, device, requires_grad, generator);

    /// <summary>Uniform numbers on [0, 1).</summary>
    public static Tensor rand(
        long rows, long columns, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, Generator? generator = null) =>
        rand((ReadOnlySpan<long>)[rows, columns], dtype, device, requires_grad, generator);

    /// <summary>Uniform numbers on [0, 1).</summary>
    public static Tensor rand(
        long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, Generator? generator = null) =>
        rand((ReadOnlySpan<long>)[dim0, dim1, dim2], dtype, device, requires_grad, generator);

    /// <summary>Uniform numbers on [0, 1).</summary>
    public static Tensor rand(
        long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, Generator? generator = null) =>
        rand((ReadOnlySpan<long>)[dim0, dim1, dim2, dim3], dtype, device, requires_grad, generator);

    /// <summary>Standard normal numbers.</summary>
    public static Tensor randn(
        long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) =>
        randn((ReadOnlySpan<long>)size, dtype, device, requires_grad, generator);

    /// <summary>Standard normal numbers.</summary>
    public static Tensor randn(
        ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, Generator? generator = null) =>
        Drawn(Native.rt_randn(size, size.Length, generator?.Handle ?? 0, Code(dtype), Kind(device), IndexOf(device)), requires_grad);

    /// <summary>Standard normal numbers.</summary>
    public static Tensor randn(
        long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) =>
        randn((ReadOnlySpan<long>)[size], dtype, device, requires_grad, generator);

    /// <summary>Standard normal numbers.</summary>
    public static Tensor randn(
        long rows, long columns, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, Generator? generator = null) =>
        randn((ReadOnlySpan<long>)[rows, columns], dtype, device, requires_grad, generator);

    /// <summary>Standard normal numbers.</summary>
    public static Tensor randn(
        long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, Generator? generator = null) =>
        randn((ReadOnlySpan<long>)[dim0, dim1, dim2], dtype, device, requires_grad, generator);

    /// <summary>Standard normal numbers.</summary>
    public static Tensor randn(
        long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, Generator? generator = null) =>
        randn((ReadOnlySpan<long>)[dim0, dim1, dim2, dim3], dtype, device, requires_grad, generator);
    /// <summary>Uniform integers on [low, high); 64-bit unless another type is given.</summary>
    public static Tensor randint(
        long low, long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        Generator? generator = null) => Drawn(
            Native.rt_randint(
                low, high, size, size.Length, generator?.Handle ?? 0, Code(dtype ?? ScalarType.Int64), Kind(device), IndexOf(device)),
            requires_grad);

    /// <summary>Uniform integers on [0, high); 64-bit unless another type is given.</summary>
    public static Tensor randint(
        long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) =>
        randint(0, high, size, dtype, device, requires_grad, generator);

    /// <summary>0 to n - 1 in random order; 64-bit unless another type is given.</summary>
    public static Tensor randperm(
        long n, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) => Drawn(
            Native.rt_randperm(n, generator?.Handle ?? 0, Code(dtype ?? ScalarType.Int64), Kind(device), IndexOf(device)), requires_grad);

    /// <summary>Uniform numbers on [0, 1) in the shape of another tensor.</summary>
    public static Tensor rand_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        input.rand_like(dtype, device, requires_grad);

    /// <summary>Standard normal numbers in the shape of another tensor.</summary>
    public static Tensor randn_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        input.randn_like(dtype, device, requires_grad);

    /// <summary>Draws indices with probabilities proportional to the elements of each row.</summary>
    public static Tensor multinomial(Tensor input, long num_samples, bool replacement = false, Generator? generator = null) =>
        input.multinomial(num_samples, replacement, generator);

    /// <summary>Draws 1 with the probability that the element states, else 0.</summary>
    public static Tensor bernoulli(Tensor input, Generator? generator = null) => input.bernoulli(generator);

    private static Tensor Drawn(nint handle, bool requires_grad)
    {
        var tensor = Tensor.New(handle);
        return requires_grad ? tensor.requires_grad_() : tensor;
    }

    private static int Code(ScalarType? dtype) => (int)(dtype ?? ScalarType.Float32);

    private static int Kind(Device? device) => (int)(device?.type ?? DeviceType.CPU);

    private static int IndexOf(Device? device) => device?.index ?? -1;
}
