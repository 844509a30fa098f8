namespace TorchSharp.Modules;

/// <summary>A tensor that modules register and optimisers step.</summary>
public class Parameter : torch.Tensor
{
    /// <summary>Takes over a tensor, which is invalid afterwards.</summary>
    public Parameter(torch.Tensor data, bool requires_grad = true)
        : base(data.with_requires_grad(requires_grad))
    {
    }
}
