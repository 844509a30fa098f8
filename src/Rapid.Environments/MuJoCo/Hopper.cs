namespace Rapid.Environments.MuJoCo;

/// <summary>Hop forward on one leg without falling (Gymnasium's Hopper-v4).</summary>
public sealed class Hopper() : MuJoCoEnvironment("hopper.xml", frameSkip: 4, observationSize: 11)
{
    private const double ControlCost = 1e-3, HealthyReward = 1, ResetNoise = 5e-3, VelocityClip = 10;
    private const double StateLimit = 100, MinimumHeight = 0.7, AngleLimit = 0.2; // metres, radians

    private protected override void AddResetNoise(RandomStream random, Span<double> positions, Span<double> velocities)
    {
        foreach (ref var position in positions)
        {
            position += random.NextUniform(-ResetNoise, ResetNoise);
        }

        foreach (ref var velocity in velocities)
        {
            velocity += random.NextUniform(-ResetNoise, ResetNoise);
        }
    }

    private protected override void Observe(Span<double> observation)
    {
        Positions[1..].CopyTo(observation);
        for (var i = 0; i < Velocities.Length; i++)
        {
            observation[Positions.Length - 1 + i] = Math.Clamp(Velocities[i], -VelocityClip, VelocityClip);
        }
    }

    /// <summary>Version 4 pays the healthy reward on the terminating step too.</summary>
    private protected override (double Reward, bool Terminated) Score(double forwardVelocity, double squaredControl) =>
        (forwardVelocity + HealthyReward - ControlCost * squaredControl, !IsHealthy());

    private bool IsHealthy() =>
        Positions[1] > MinimumHeight && Math.Abs(Positions[2]) < AngleLimit && WithinLimit(Positions[2..]) && WithinLimit(Velocities);

    private static bool WithinLimit(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            if (!(Math.Abs(value) < StateLimit))
            {
                return false;
            }
        }

        return true;
    }
}
