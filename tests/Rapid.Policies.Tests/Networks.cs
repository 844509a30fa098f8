using Rapid.Agents;
using Rapid.Agents.Ppo;
using Rapid.Core;
using Rapid.Protocol.Specs;

namespace Rapid.Policies.Tests;

/// <summary>Layouts and parameters to test with.</summary>
internal static class Networks
{
    public static PolicyLayout Layout(int observations, int outputs, bool discrete, NetworkOptions? network = null) => ExperimentPolicy.LayoutOf(
        new ExperimentOptions
        {
            Name = "test",
            Environment = new EnvironmentOptions { Name = "none" },
            Algorithm = new PpoOptions(),
            Network = network ?? new NetworkOptions(),
        },
        BoxSpace.Unbounded(observations),
        discrete ? new DiscreteSpace(outputs) : BoxSpace.Uniform(outputs, -1, 1));

    /// <summary>Weights of the usual size, so that activations are neither tiny nor saturated; nothing is 0.</summary>
    public static float[] RandomParameters(PolicyLayout layout, ulong seed)
    {
        var random = new RandomStream(seed);
        var parameters = new float[layout.Length];
        foreach (var slice in layout.Parameters)
        {
            var scale = slice.Name.EndsWith(".weight", StringComparison.Ordinal) ? 1.2 / Math.Sqrt(slice.Shape[^1]) : 0.4;
            foreach (ref var parameter in parameters.AsSpan(slice.Offset, slice.Length))
            {
                parameter = (float)(scale * random.NextNormal());
            }
        }

        return parameters;
    }

    public static float[] RandomObservations(PolicyLayout layout, int count, ulong seed)
    {
        var random = new RandomStream(seed);
        return [.. Enumerable.Range(0, count * layout.ObservationSize).Select(_ => (float)random.NextNormal())];
    }

    public static RandomStream[] Streams(int count, ulong seed = 0) =>
        [.. Enumerable.Range(0, count).Select(i => new RandomStream(RandomStream.Derive(seed, (ulong)i)))];
}
