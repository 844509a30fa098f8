namespace Rapid.Environments.MuJoCo;

/// <summary>Run forward with a planar two-legged body (Gymnasium's HalfCheetah-v4). Never terminates.</summary>
public sealed class HalfCheetah() : MuJoCoEnvironment("half_cheetah.xml", frameSkip: 5, observationSize: 17)
{
    private const double ControlCost = 0.1, ResetNoise = 0.1;

    private protected override void AddResetNoise(RandomStream random, Span<double> positions, Span<double> velocities)
    {
        foreach (ref var position in positions)
        {
            position += random.NextUniform(-ResetNoise, ResetNoise);
        }

        foreach (ref var velocity in velocities)
        {
            velocity += ResetNoise * random.NextNormal();
        }
    }

    private protected override void Observe(Span<double> observation)
    {
        Positions[1..].CopyTo(observation);
        Velocities.CopyTo(observation[(Positions.Length - 1)..]);
    }

    private protected override (double Reward, bool Terminated) Score(double forwardVelocity, double squaredControl) =>
        (forwardVelocity - ControlCost * squaredControl, false);
}
