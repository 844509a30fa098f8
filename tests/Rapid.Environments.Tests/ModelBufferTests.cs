using Rapid.Core;
using Rapid.Environments.MuJoCo.Simulation;

namespace Rapid.Environments.Tests;

/// <summary>The models' buffers are small, because a reset clears them, and must still hold whatever random play needs.</summary>
public sealed class ModelBufferTests
{
    /// <summary>Whole models, not the parts that they share.</summary>
    public static TheoryData<string> Models => new(
        Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "models"), "*.xml")
            .Where(path => File.ReadAllText(path).Contains("<mujoco model=", StringComparison.Ordinal))
            .Select(path => Path.GetFileName(path))
            .Order());

    [Theory, MemberData(nameof(Models))]
    public void No_buffer_of_a_bundled_model_overflows_in_random_play(string file)
    {
        const int Episodes = 4, Steps = 500, Frames = 5;
        var model = MuJoCoModel.Bundled(file);
        using var simulation = new MuJoCoSimulation(model);
        var (start, range) = (model.Array("qpos0"), model.Array("actuator_ctrlrange"));
        var random = new RandomStream(1);
        for (var episode = 0; episode < Episodes; episode++)
        {
            simulation.Reset(start, new double[simulation.Velocities.Count]);
            for (var step = 0; step < Steps; step++)
            {
                for (var i = 0; i < simulation.Controls.Count; i++)
                {
                    // Whole strength now and then, which throws bodies about.
                    var share = step % 100 < 50 ? random.NextDouble() : random.NextIndex(2);
                    simulation.Controls[i] = range[2 * i] + share * (range[2 * i + 1] - range[2 * i]);
                }

                Assert.True(simulation.Step(Frames, contactForces: true), $"step {step} of episode {episode}: {simulation.Breakdown}");
            }
        }
    }
}
