using Rapid.Agents.OffPolicy;
using Rapid.Agents.State;
using static TorchSharp.torch;

namespace Rapid.Agents.Sac;

/// <summary>What SAC reports: kept on the device, read only when somebody asks.</summary>
internal sealed class SacFigures(Device device) : IDisposable
{
    private readonly Tensor _value = zeros(1, device: device), _logProbability = zeros(1, device: device);

    /// <summary>Keeps the figures of a policy update.</summary>
    /// <param name="value">Scalar, mean of the smaller Q of the policy's actions.</param>
    /// <param name="logProbability">Scalar, mean of the policy's actions.</param>
    public void Keep(Tensor value, Tensor logProbability)
    {
        using var noGrad = no_grad();
        _value.copy_(value);
        _logProbability.copy_(logProbability);
    }

    /// <summary>Reads them. Waits for the device.</summary>
    public IReadOnlyList<(string Name, double Value)> Read(Temperature temperature, TwinCritics critics, DensePolicy policy)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var numbers = new float[7];
        var (loss, error) = critics.MeanErrors();
        TensorMemory.CopyTo(
            cat([_value, _logProbability, temperature.Alpha, critics.BadGradients, policy.BadGradients, loss, error]), numbers);
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
        _value.Dispose();
        _logProbability.Dispose();
    }
}
