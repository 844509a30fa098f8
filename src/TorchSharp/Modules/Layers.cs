using System.Globalization;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>y = x W^T + b.</summary>
public sealed class Linear : nn.Module<Tensor, Tensor>
{
    internal Linear(long inputs, long outputs, bool hasBias, Device? device, ScalarType? dtype)
        : base(nameof(Linear))
    {
        in_features = inputs;
        out_features = outputs;

        // Uniform within 1 / sqrt(fan_in), libtorch's default for both.
        var bound = inputs > 0 ? 1 / Math.Sqrt(inputs) : 0;
        weight = Initialized([outputs, inputs], bound, device, dtype);
        register_parameter(nameof(weight), weight);
        if (hasBias)
        {
            bias = Initialized([outputs], bound, device, dtype);
            register_parameter(nameof(bias), bias);
        }
    }

    /// <summary>[out, in].</summary>
    public Parameter weight { get; }

    /// <summary>[out], or null.</summary>
    public Parameter? bias { get; }

    /// <summary>Size of an input vector.</summary>
    public long in_features { get; }

    /// <summary>Size of an output vector.</summary>
    public long out_features { get; }

    /// <summary>[..., in] to [..., out].</summary>
    public override Tensor forward(Tensor tensor) => nn.functional.linear(tensor, weight, bias);

    internal static Parameter Initialized(long[] shape, double bound, Device? device, ScalarType? dtype)
    {
        var tensor = empty(shape, dtype, device).DetachFromDisposeScope();
        nn.init.uniform_(tensor, -bound, bound);
        return new Parameter(tensor);
    }
}

/// <summary>Cross-correlation of images with learned filters.</summary>
public sealed class Conv2d : nn.Module<Tensor, Tensor>
{
    private readonly long[] _stride;
    private readonly long[] _padding;
    private readonly long[] _dilation;
    private readonly long _groups;

    internal Conv2d(
        long inputs, long outputs, (long Height, long Width) kernel, (long, long) stride, (long, long) padding, (long, long) dilation,
        long groups, bool hasBias, Device? device, ScalarType? dtype)
        : base(nameof(Conv2d))
    {
        (in_channels, out_channels) = (inputs, outputs);
        _stride = [stride.Item1, stride.Item2];
        _padding = [padding.Item1, padding.Item2];
        _dilation = [dilation.Item1, dilation.Item2];
        _groups = groups;

        // Uniform within 1 / sqrt(fan_in), libtorch's default for both.
        var bound = 1 / Math.Sqrt(Math.Max(1, inputs / groups * kernel.Height * kernel.Width));
        weight = Linear.Initialized([outputs, inputs / groups, kernel.Height, kernel.Width], bound, device, dtype);
        register_parameter(nameof(weight), weight);
        if (hasBias)
        {
            bias = Linear.Initialized([outputs], bound, device, dtype);
            register_parameter(nameof(bias), bias);
        }
    }

    /// <summary>[out, in / groups, height, width].</summary>
    public Parameter weight { get; }

    /// <summary>[out], or null.</summary>
    public Parameter? bias { get; }

    /// <summary>Channels of the input.</summary>
    public long in_channels { get; }

    /// <summary>Channels of the output.</summary>
    public long out_channels { get; }

    /// <summary>[N, in, height, width] to [N, out, height', width'].</summary>
    public override Tensor forward(Tensor input) => nn.functional.conv2d(input, weight, bias, _stride, _padding, _dilation, _groups);
}

/// <summary>max(x, 0).</summary>
public sealed class ReLU : nn.Module<Tensor, Tensor>
{
    internal ReLU(bool inplace)
        : base(nameof(ReLU)) => this.inplace = inplace;

    /// <summary>Overwrites the input.</summary>
    public bool inplace { get; set; }

    /// <summary>max(x, 0).</summary>
    public override Tensor forward(Tensor tensor) => nn.functional.relu(tensor, inplace);
}

/// <summary>Hyperbolic tangent.</summary>
public sealed class Tanh : nn.Module<Tensor, Tensor>
{
    internal Tanh(bool inplace)
        : base(nameof(Tanh)) => this.inplace = inplace;

    /// <summary>Overwrites the input.</summary>
    public bool inplace { get; set; }

    /// <summary>Hyperbolic tangent.</summary>
    public override Tensor forward(Tensor tensor) => nn.functional.tanh(tensor, inplace);
}

/// <summary>Merges dimensions.</summary>
public sealed class Flatten : nn.Module<Tensor, Tensor>
{
    internal Flatten(long start_dim, long end_dim)
        : base(nameof(Flatten)) => (this.start_dim, this.end_dim) = (start_dim, end_dim);

    /// <summary>First dimension to merge.</summary>
    public long start_dim { get; set; }

    /// <summary>Last dimension to merge.</summary>
    public long end_dim { get; set; }

    /// <summary>The input with the dimensions merged.</summary>
    public override Tensor forward(Tensor input) => input.flatten(start_dim, end_dim);
}

/// <summary>Modules one after another.</summary>
public class Sequential : nn.Module<Tensor, Tensor>
{
    private readonly List<nn.Module<Tensor, Tensor>> _modules = [];

    internal Sequential()
        : base(nameof(Sequential))
    {
    }

    /// <summary>Number of modules.</summary>
    public int Count => _modules.Count;

    /// <summary>A module by its position.</summary>
    public nn.IModule<Tensor, Tensor> this[int index] => _modules[index];

    /// <summary>Adds a module at the end.</summary>
    public Sequential append(string name, nn.IModule<Tensor, Tensor> module)
    {
        var appended = (nn.Module<Tensor, Tensor>)module;
        register_module(name, appended);
        _modules.Add(appended);
        return this;
    }

    /// <summary>Adds a module at the end, named by its position.</summary>
    public Sequential append(nn.IModule<Tensor, Tensor> module) => append(Count.ToString(CultureInfo.InvariantCulture), module);

    /// <summary>Each module applied to the result of the one before.</summary>
    public override Tensor forward(Tensor tensor)
    {
        if (Count == 0)
        {
            return tensor.alias();
        }

        using var scope = NewDisposeScope();
        foreach (var module in _modules)
        {
            tensor = module.call(tensor);
        }

        return tensor.MoveToOuterDisposeScope();
    }
}
