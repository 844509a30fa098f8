namespace Rapid.Agents.P3o;

/// <summary>Figures of one off-policy step.</summary>
/// <param name="EffectiveSampleSize">Of the batch, in (0, 1].</param>
/// <param name="Clip">Of importance weights.</param>
/// <param name="KlWeight">lambda.</param>
/// <param name="MeanRatio">Mean importance weight.</param>
/// <param name="Kl">Mean divergence, in the form that the options ask for.</param>
/// <param name="PolicyLoss">Clipped importance-weighted policy gradient loss.</param>
/// <param name="ValueLoss">Before its coefficient.</param>
/// <param name="GradientNorm">Before clipping.</param>
internal readonly record struct P3oFigures(
    double EffectiveSampleSize, double Clip, double KlWeight, double MeanRatio, double Kl, double PolicyLoss, double ValueLoss,
    double GradientNorm);

/// <summary>Means over the off-policy steps that follow one on-policy step.</summary>
internal struct P3oDiagnostics
{
    private int _steps;
    private double _effectiveSampleSize, _clip, _klWeight, _meanRatio, _kl, _policyLoss, _valueLoss, _gradientNorm;

    /// <summary>Adds one off-policy step.</summary>
    public void Add(P3oFigures figures)
    {
        _steps++;
        _effectiveSampleSize += figures.EffectiveSampleSize;
        _clip += figures.Clip;
        _klWeight += figures.KlWeight;
        _meanRatio += figures.MeanRatio;
        _kl += figures.Kl;
        _policyLoss += figures.PolicyLoss;
        _valueLoss += figures.ValueLoss;
        _gradientNorm += figures.GradientNorm;
    }

    /// <summary>By name; none when no step was taken.</summary>
    public readonly IReadOnlyList<(string Name, double Value)> Means() => _steps == 0 ? [] :
    [
        ("replay_effective_sample_size", _effectiveSampleSize / _steps),
        ("replay_clip", _clip / _steps),
        ("replay_kl_weight", _klWeight / _steps),
        ("replay_mean_ratio", _meanRatio / _steps),
        ("replay_kl", _kl / _steps),
        ("replay_policy_loss", _policyLoss / _steps),
        ("replay_value_loss", _valueLoss / _steps),
        ("replay_gradient_norm", _gradientNorm / _steps),
    ];
}
