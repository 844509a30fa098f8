namespace Rapid.Protocol.Specs;

/// <summary>How a network output becomes a standard deviation.</summary>
public enum StdParameterization
{
    /// <summary>exp of tanh(x) stretched to [-5, 2] (CleanRL).</summary>
    TanhLogStd,
    /// <summary>exp(clip(x, -20, 2)) (Haarnoja's first code, Stable-Baselines3).</summary>
    ClippedLogStd,
    /// <summary>softplus(clip(x, -6, 6)) (offp).</summary>
    Softplus,
}
