using Rapid.Core;
using Rapid.Environments.Registry;

namespace Rapid.Environments.Tests;

public sealed class ActionRescalingTests
{
    [Theory]
    [InlineData(10, 30, -1, 10)]
    [InlineData(10, 30, 0, 20)]
    [InlineData(10, 30, 0.5f, 25)]
    [InlineData(10, 30, 1, 30)]
    [InlineData(10, 30, 5, 30)]
    [InlineData(-3, -1, 0, -2)]
    [InlineData(2, 2, -1, 2)]
    [InlineData(-3e38f, 3e38f, 1, 3e38f)]
    public void The_interval_from_minus_one_to_one_is_mapped_onto_the_box(float low, float high, float action, float expected)
    {
        var inner = new Recorder(BoxSpace.Uniform(2, low, high));
        using var environment = new ActionRescaling(inner);
        environment.Step([action, 0], new float[1]);

        Assert.Equal(BoxSpace.Uniform(2, -1, 1).ToString(), environment.ActionSpace.ToString());
        Assert.Equal(expected, inner.Action[0]);
        Assert.Equal(low + (high / 2 - low / 2), inner.Action[1]);
    }

    [Fact]
    public void A_vector_on_MuJoCo_does_with_rescaled_actions_what_the_body_does_with_its_own()
    {
        using var rescaled = new VectorEnvironment(
            _ => new TimeLimit(new ActionRescaling(EnvironmentRegistry.Create("Humanoid-v4")), 100), 2, 7);
        using var own = new VectorEnvironment(_ => new TimeLimit(EnvironmentRegistry.Create("Humanoid-v4"), 100), 2, 7);
        var size = own.ObservationSpace.Size;
        var (first, second) = (Play(rescaled, 1), Play(own, 0.4f));
        Assert.Equal(second, first);

        float[] Play(VectorEnvironment environment, float scale)
        {
            var observations = new float[2 * size];
            environment.Reset(observations);
            float[] actions = [.. Enumerable.Range(0, 2 * 17).Select(i => scale * MathF.Sin(i))];
            for (var step = 0; step < 10; step++)
            {
                environment.Step(actions, observations, new float[2], new byte[2], new byte[2], new float[2 * size]);
            }

            return observations;
        }
    }

    [Fact]
    public void What_has_no_finite_box_is_refused()
    {
        foreach (var space in (Space[])[BoxSpace.Unbounded(1), BoxSpace.Uniform(1, 0, float.PositiveInfinity), new DiscreteSpace(2)])
        {
            using var inner = new Recorder(space);
            var refusal = Assert.Throws<ArgumentException>(() => new ActionRescaling(inner));
            Assert.Contains("rescale_actions", refusal.Message, StringComparison.Ordinal);
        }
    }

    private sealed class Recorder(Space actions) : IEnvironment
    {
        public float[] Action { get; private set; } = [];

        public Space ObservationSpace { get; } = BoxSpace.Unbounded(1);

        public Space ActionSpace => actions;

        public void Reset(RandomStream random, Span<float> observation) => observation.Clear();

        public StepResult Step(ReadOnlySpan<float> action, Span<float> observation)
        {
            Action = action.ToArray();
            return default;
        }

        public void Dispose()
        {
        }
    }
}
