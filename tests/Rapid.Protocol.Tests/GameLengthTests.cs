using Rapid.Core;
using Rapid.Environments.Registry;
using Rapid.Environments.Tests.Atari;
using Rapid.Specs;

namespace Rapid.Protocol.Tests;

/// <summary>How long a game lasts that has no end of its own.</summary>
public sealed class GameLengthTests : IDisposable
{
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("rapid-game").FullName, "endless.bin");

    public GameLengthTests() => File.WriteAllBytes(_path, TinyRom.Once());

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);

    [Theory]
    [InlineData("frame_skip: 1, max_frames: 30_000", null, 30_000)]
    [InlineData("frame_skip: 1, max_frames: 0", null, 31_000)]
    [InlineData("frame_skip: 1", null, 31_000)]
    [InlineData("frame_skip: 1, max_frames: 200_000", null, 31_000)]
    [InlineData("frame_skip: 7, max_frames: 100", null, 15)]
    [InlineData("max_frames: 400", null, 100)]
    [InlineData("frame_skip: 1, max_frames: 0", 50, 50)]
    [InlineData("frame_skip: 8, max_frames: 400", 60, 50)]
    public void A_game_is_cut_after_its_frames_however_many_a_step_has(string options, int? maxSteps, int expected)
    {
        var text = $"environment: {{ name: '{_path}', options: {{ obs_type: ram, noop_max: 0, fire_reset: false, {options} }} }}";
        var environment = SpecReader.ReadYaml(text).Environment with { MaxEpisodeSteps = maxSteps };
        using var made = EnvironmentFactory.Create(environment);
        var observation = new float[128];
        made.Reset(new RandomStream(1), observation);
        var steps = 1;
        while (!made.Step([0], observation).Truncated && steps < 31_000)
        {
            steps++;
        }

        Assert.Equal(expected, steps);
    }

    [Fact]
    public void No_limit_of_frames_is_no_limit_of_steps()
    {
        Assert.Equal(27_000, EnvironmentRegistry.MaxEpisodeSteps("DuelNoFrameskip-v4", new Dictionary<string, string>()));
        Assert.Equal(int.MaxValue, Of("0"));
        Assert.Equal(25_000_000, Of("1e8"));

        static int Of(string frames) =>
            EnvironmentRegistry.MaxEpisodeSteps("DuelNoFrameskip-v4", new Dictionary<string, string> { ["max_frames"] = frames });
    }
}
