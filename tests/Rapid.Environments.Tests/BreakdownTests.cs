using Rapid.Core;
using Rapid.Environments.MuJoCo;
using Rapid.Environments.MuJoCo.Simulation;

namespace Rapid.Environments.Tests;

/// <summary>What happens when a simulation is none any more, on a model of the test's own: balls that fall onto a floor.</summary>
public sealed class BreakdownTests : IDisposable
{
    private const int Balls = 6, Environments = 5, Broken = 2, BreaksAt = 3, Steps = 10;

    private readonly string _file = Path.GetTempFileName();

    /// <summary>What goes wrong, in which buffers, and what MuJoCo says.</summary>
    public static TheoryData<string, string, string> Causes => new()
    {
        { "qpos is NaN", "", "Nan, Inf or huge value in QPOS at DOF 4. The simulation is unstable." },
        { "qpos is huge", "", "Nan, Inf or huge value in QPOS at DOF 4. The simulation is unstable." },
        { "qvel is NaN", "", "Nan, Inf or huge value in QVEL at DOF 5. The simulation is unstable." },
        { "qvel is infinite", "", "Nan, Inf or huge value in QVEL at DOF 5. The simulation is unstable." },
        { "qacc is huge", "", "Nan, Inf or huge value in QACC at DOF 1. The simulation is unstable." },
        { "ctrl is NaN", "", "Nan, Inf or huge value in CTRL at ACTUATOR 0. The simulation is unstable." },
        { "ctrl is infinite", "", "Nan, Inf or huge value in CTRL at ACTUATOR 0. The simulation is unstable." },
        { "contacts", "nconmax='2'", "contact buffer is full. Increase nconmax above 2." },
        { "contacts", "njmax='7'", "constraint buffer is full. Increase njmax above 7." },
        { "contacts", "nstack='1500'", "Stack overflow" },
    };

    [Theory, MemberData(nameof(Causes))]
    public void It_ends_its_own_episode_with_MuJoCos_reason_and_the_next_is_sound(string cause, string size, string reason)
    {
        using var model = Model(size);
        foreach (var threads in new[] { 1, 2, 4 })
        {
            var sound = Record(model, threads, poison: null, out _);
            var record = Record(model, threads, Poison(cause), out var breakdowns);

            var (step, breakdown) = Assert.Single(breakdowns);
            Assert.Equal((BreaksAt, Broken), (step, breakdown.Environment));
            Assert.Contains(reason, breakdown.Reason, StringComparison.Ordinal);
            for (var i = 0; i < Environments; i++)
            {
                // Its next episode is its first again; the others never notice.
                var expected = i == Broken ? [.. sound[i][..BreaksAt], .. sound[i][..^BreaksAt]] : sound[i];
                Assert.Equal(expected, record[i]);
            }
        }
    }

    [Theory, MemberData(nameof(Causes))]
    public void One_environment_that_is_stepped_alone_says_the_same(string cause, string size, string reason)
    {
        using var model = Model(size);
        using var environment = new TimeLimit(new Floor(model, Poison(cause), BreaksAt), 1000);
        var observation = new float[Floor.Size];
        environment.Reset(new RandomStream(1), observation);
        for (var step = 1; step < BreaksAt; step++)
        {
            Assert.Null(environment.Step([0.5f], observation).Breakdown);
        }

        var last = observation.ToArray();
        var result = environment.Step([0.5f], observation);

        Assert.Contains(reason, result.Breakdown, StringComparison.Ordinal);
        Assert.Equal((0.0, false, true), (result.Reward, result.Terminated, result.Truncated));
        Assert.Equal(last, observation);
        environment.Reset(new RandomStream(1), observation);
        Assert.Null(environment.Step([0.5f], observation).Breakdown);
    }

    [Fact]
    public async Task Reasons_of_many_threads_are_not_mixed_up()
    {
        using var model = Model("njmax='100' nconmax='30' nstack='40000'");
        var parts = Enumerable.Range(0, 8).Select(i => Task.Run(() =>
        {
            using var simulation = new MuJoCoSimulation(model);
            for (var round = 0; round < 2000; round++)
            {
                simulation.Reset(model.Array("qpos0"), new double[6 * Balls]);
                (i % 2 == 0 ? simulation.Positions : simulation.Velocities)[i] = double.NaN;
                Assert.False(simulation.Step(1));
                var where = i % 2 == 0 ? "QPOS" : "QVEL";
                Assert.Equal($"Nan, Inf or huge value in {where} at DOF {i}. The simulation is unstable.", simulation.Breakdown);
            }
        }));
        await Task.WhenAll(parts);
    }

    [Fact]
    public void What_is_disposed_is_not_stepped()
    {
        using var model = Model("");
        var simulation = new MuJoCoSimulation(model);
        simulation.Dispose();
        Assert.Throws<ObjectDisposedException>(() => simulation.Step(1));

        var vector = new VectorEnvironment(_ => new Floor(model, null, 0), 1, seed: 1);
        vector.Dispose();
        Assert.Throws<ObjectDisposedException>(
            () => vector.Step(new float[1], new float[Floor.Size], new float[1], new byte[1], new byte[1], new float[Floor.Size]));
    }

    public void Dispose() => File.Delete(_file);

    /// <summary>[environment][step][obs], from the start state on; where a step breaks, the next episode's start state.</summary>
    private static float[][][] Record(
        MuJoCoModel model, int threads, Action<MuJoCoSimulation>? poison, out List<(int, Breakdown)> breakdowns)
    {
        using var vector = new VectorEnvironment(
            i => new TimeLimit(new Floor(model, i == Broken ? poison : null, BreaksAt), 1000), Environments, seed: 1, threads);
        var (observations, finals) = (new float[Environments * Floor.Size], new float[Environments * Floor.Size]);
        var (rewards, terminated, truncated) = (new float[Environments], new byte[Environments], new byte[Environments]);
        List<float[]>[] record = [.. Enumerable.Range(0, Environments).Select(_ => new List<float[]>())];
        breakdowns = [];
        vector.Reset(observations);
        Keep();
        for (var step = 1; step <= Steps; step++)
        {
            vector.Step(Enumerable.Repeat(0.5f, Environments).ToArray(), observations, rewards, terminated, truncated, finals);
            breakdowns.AddRange(vector.Breakdowns.Select(breakdown => (step, breakdown)));
            Assert.Empty(vector.Finished);
            for (var i = 0; i < Environments; i++)
            {
                Assert.Equal(vector.Breakdowns.Any(breakdown => breakdown.Environment == i) ? 1 : 0, truncated[i]);
            }

            Keep();
        }

        return [.. record.Select(rows => rows.ToArray())];

        void Keep()
        {
            for (var i = 0; i < Environments; i++)
            {
                record[i].Add(observations[(i * Floor.Size)..((i + 1) * Floor.Size)]);
            }
        }
    }

    private static Action<MuJoCoSimulation> Poison(string cause) => cause switch
    {
        "qpos is NaN" => simulation => simulation.Positions[4] = double.NaN,
        "qpos is huge" => simulation => simulation.Positions[4] = -1e11,
        "qvel is NaN" => simulation => simulation.Velocities[5] = double.NaN,
        "qvel is infinite" => simulation => simulation.Velocities[5] = double.PositiveInfinity,
        "qacc is huge" => simulation => simulation.State("qfrc_applied")[1] = 1e100,
        "ctrl is NaN" => simulation => simulation.Controls[0] = double.NaN,
        "ctrl is infinite" => simulation => simulation.Controls[0] = double.NegativeInfinity,
        "contacts" => LayBallsOnTheFloor,
        _ => throw new ArgumentOutOfRangeException(nameof(cause), cause, null),
    };

    private static void LayBallsOnTheFloor(MuJoCoSimulation simulation)
    {
        for (var ball = 0; ball < Balls; ball++)
        {
            simulation.Positions[7 * ball + 2] = 0.09;
        }
    }

    private MuJoCoModel Model(string size)
    {
        var balls = Enumerable.Range(0, Balls).Select(i => $"<body pos='{i} 0 3'><freejoint name='ball{i}'/><geom size='.1'/></body>");
        File.WriteAllText(_file, $"""
            <mujoco>
              <size {size}/>
              <worldbody><geom type='plane' size='9 9 1'/>{string.Concat(balls)}</worldbody>
              <actuator><motor joint='ball0' gear='1 0 0 0 0 0'/></actuator>
            </mujoco>
            """);
        return MuJoCoModel.Load(_file);
    }

    /// <summary>Observes all positions and velocities.</summary>
    /// <param name="model">Not owned.</param>
    /// <param name="poison">Done before the physics of one step of the first episode.</param>
    /// <param name="poisonedStep">Which.</param>
    private sealed class Floor(MuJoCoModel model, Action<MuJoCoSimulation>? poison, int poisonedStep) : IEnvironment, IPhysicsEnvironment
    {
        public const int Size = 13 * Balls;

        private readonly MuJoCoSimulation _simulation = new(model);
        private int _episode, _step;

        public Space ObservationSpace { get; } = BoxSpace.Unbounded(Size);

        public Space ActionSpace { get; } = BoxSpace.Uniform(1, -1, 1);

        public PhysicsStep Physics => new(_simulation, 2);

        public void Reset(RandomStream random, Span<float> observation)
        {
            (_episode, _step) = (_episode + 1, 0);
            _simulation.Reset(_simulation.Model.Array("qpos0"), new double[6 * Balls]);
            Observe(observation);
        }

        public StepResult Step(ReadOnlySpan<float> action, Span<float> observation)
        {
            Begin(action);
            _simulation.Step(2);
            return End(_simulation.Breakdown, observation);
        }

        public void Begin(ReadOnlySpan<float> action)
        {
            _simulation.Controls[0] = action[0];
            if (++_step == poisonedStep && _episode == 1)
            {
                poison?.Invoke(_simulation);
            }
        }

        public StepResult End(string? breakdown, Span<float> observation)
        {
            if (breakdown is not null)
            {
                return StepResult.Broken(breakdown);
            }

            Observe(observation);
            return new StepResult(1, Terminated: false);
        }

        public void Dispose() => _simulation.Dispose();

        private void Observe(Span<float> observation)
        {
            for (var i = 0; i < 7 * Balls; i++)
            {
                observation[i] = (float)_simulation.Positions[i];
            }

            for (var i = 0; i < 6 * Balls; i++)
            {
                observation[7 * Balls + i] = (float)_simulation.Velocities[i];
            }
        }
    }
}
