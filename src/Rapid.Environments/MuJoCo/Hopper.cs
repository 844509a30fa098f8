namespace Rapid.Environments.MuJoCo;

/// <summary>Hop forward on one leg without falling (Gymnasium's Hopper-v4).</summary>
/// <param name="forwardRewardWeight">Per m/s of the root.</param>
/// <param name="controlCostWeight">Per squared unit of action.</param>
/// <param name="healthyReward">Paid each healthy step and the one that ends the episode.</param>
/// <param name="terminateWhenUnhealthy">False goes on after a fall.</param>
/// <param name="resetNoiseScale">Half width of the start state's noise.</param>
public sealed class Hopper(
    double forwardRewardWeight = 1, double controlCostWeight = 1e-3, double healthyReward = 1, bool terminateWhenUnhealthy = true,
    double resetNoiseScale = 5e-3)
    : MuJoCoEnvironment("hopper.xml", frameSkip: 4, observationSize: 11)
{
    private const double VelocityClip = 10;
    private const double StateLimit = 100, MinimumHeight = 0.7, AngleLimit = 0.2; // metres, radians

    private protected override void AddResetNoise(RandomStream random, Span<double> positions, Span<double> velocities)
    {
        foreach (ref var position in positions)
        {
            position += random.NextUniform(-resetNoiseScale, resetNoiseScale);
        }

        foreach (ref var velocity in velocities)
        {
            velocity += random.NextUniform(-resetNoiseScale, resetNoiseScale);
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

    private protected override (double Reward, bool Terminated) Score(double forwardVelocity, double squaredControl)
    {
        var isHealthy = IsHealthy();

        // Version 4 pays a body that is unhealthy only where being so ends the episode, that is on its last step.
        var bonus = isHealthy || terminateWhenUnhealthy ? healthyReward : 0;
        return (forwardRewardWeight * forwardVelocity + bonus - controlCostWeight * squaredControl, terminateWhenUnhealthy && !isHealthy);
    }

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
