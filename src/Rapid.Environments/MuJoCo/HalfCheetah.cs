namespace Rapid.Environments.MuJoCo;

/// <summary>Run forward with a planar two-legged body (Gymnasium's HalfCheetah-v4). Never terminates.</summary>
/// <param name="forwardRewardWeight">Per m/s of the root.</param>
/// <param name="controlCostWeight">Per squared unit of action.</param>
/// <param name="resetNoiseScale">Half width of the start positions' noise and deviation of the start velocities'.</param>
public sealed class HalfCheetah(double forwardRewardWeight = 1, double controlCostWeight = 0.1, double resetNoiseScale = 0.1)
    : MuJoCoEnvironment("half_cheetah.xml", frameSkip: 5, observationSize: 17)
{
    private protected override void AddResetNoise(RandomStream random, Span<double> positions, Span<double> velocities)
    {
        foreach (ref var position in positions)
        {
            position += random.NextUniform(-resetNoiseScale, resetNoiseScale);
        }

        foreach (ref var velocity in velocities)
        {
            velocity += resetNoiseScale * random.NextNormal();
        }
    }

    private protected override void Observe(Span<double> observation)
    {
        Positions[1..].CopyTo(observation);
        Velocities.CopyTo(observation[(Positions.Length - 1)..]);
    }

    private protected override (double Reward, bool Terminated) Score(double forwardVelocity, double squaredControl) =>
        (forwardRewardWeight * forwardVelocity - controlCostWeight * squaredControl, false);
}
