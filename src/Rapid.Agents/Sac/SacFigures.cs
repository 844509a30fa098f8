using Rapid.Agents.OffPolicy;
using Rapid.Agents.State;
using static TorchSharp.torch;

namespace Rapid.Agents.Sac;

/// <summary>What SAC reports: kept on the device, read only when somebody asks.</summary>
internal sealed class SacFigures(int rows, Device device) : IDisposable
{
    private readonly Tensor _values = zeros(rows, device: device), _logProbabilities = zeros(rows, device: device);

    /// <summary>Keeps the figures of a policy update.</summary>
    /// <param name="values">[B], the smaller Q of the policy's actions.</param>
    /// <param name="logProbabilities">[B], of the policy's actions.</param>
    public void Keep(Tensor values, Tensor logProbabilities)
    {
        using var noGrad = no_grad();
        _values.copy_(values);
        _logProbabilities.copy_(logProbabilities);
    }

    /// <summary>Reads them. Waits for the device.</summary>
    public IReadOnlyList<(string Name, double Value)> Read(Temperature temperature, TwinCritics critics, DensePolicy policy)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var numbers = new float[7];
        var (loss, error) = critics.MeanErrors();
        var (value, logProbability) = (_values.mean().view(1), _logProbabilities.mean().view(1));
        TensorMemory.CopyTo(
            cat([value, logProbability, temperature.Alpha, critics.BadGradients, policy.BadGradients, loss, error]), numbers);
        return
        [
            ("critic_loss", numbers[5]),
            ("policy_loss", numbers[2] * numbers[1] - numbers[0]),
            ("q_value", numbers[0]),
            ("temporal_difference", numbers[6]),
            ("entropy", -numbers[1]),
            ("alpha", numbers[2]),
            ("skipped_gradient_steps", numbers[3] + numbers[4]),
        ];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _values.Dispose();
        _logProbabilities.Dispose();
    }
}
