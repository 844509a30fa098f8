using Rapid.Hosting;
using Rapid.Protocol.V1;
using Struct = Google.Protobuf.WellKnownTypes.Struct;
using Value = Google.Protobuf.WellKnownTypes.Value;

namespace Rapid.EndToEnd.Tests;

/// <summary>A learner that can write no more.</summary>
public sealed class FullDiskTests : IDisposable
{
    // Not TestFolder: the path of a socket must be short.
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>What finds no room is a checkpoint of a megabyte and more, or, where checkpoints are small, a file that grows.</summary>
    [Theory]
    [InlineData(256, 200_000, "a checkpoint cannot be written: ", " goes on from cannot be written")]
    [InlineData(8, 15_000, "the run's folder cannot be written: ", " waits: the run's folder cannot be written")]
    public async Task A_run_without_room_waits_with_the_reason_and_goes_on_when_there_is_room(
        int units, long room, string reason, string warning)
    {
        await using var replay = await StartAsync("replay", RapidProcess.Program);
        // What a process is deaf to, the programs are that it becomes.
        await using var learner = await StartAsync("learner", "bash", "-c", "trap '' XFSZ; exec \"$0\" \"$1\"", RapidProcess.Program);
        await using var actor = await StartAsync("actor", RapidProcess.Program);
        await using var evaluator = await StartAsync("evaluator", RapidProcess.Program);
        using var channel = Channels.Open(Socket("learner"), new ServiceOptions { Listen = [] });
        var client = new Experiments.ExperimentsClient(channel);

        learner.LimitFiles(room);
        var run = await client.SubmitAsync(new SubmitRequest
        {
            Spec = new ExperimentSpec
            {
                Environment = new EnvironmentSpec { Name = "CartPole-v1" },
                Network = new NetworkSpec { HiddenSizes = { units, units } },
                Algorithm = new AlgorithmSpec { Name = "a2c", Options = new Struct { Fields = { ["rollout_steps"] = Value.ForNumber(32) } } },
                Checkpoint = new CheckpointSpec { IntervalSteps = 320 },
                Evaluation = new EvaluationSpec { IntervalSteps = 0, FinalEpisodes = 1 },
                TotalSteps = 3200,
            },
        });
        await UntilAsync(state => state.State == ExperimentState.Pending && state.Error.Length > 0);
        Assert.Contains(reason, (await StateAsync()).Error, StringComparison.Ordinal);
        Assert.Contains(warning, learner.Output, StringComparison.Ordinal);
        Assert.Equal(units > 100, Checkpoints().Length == 0);

        learner.LimitFiles(null);

        await UntilAsync(state => state.State == ExperimentState.Finished);
        Assert.NotEmpty(Checkpoints());
        Assert.Equal("", (await StateAsync()).Error);

        async Task<Experiment> StateAsync() =>
            (await client.ListAsync(new ListRequest())).Experiments.Single(experiment => experiment.Id == run.Id);

        async Task UntilAsync(Func<Experiment, bool> condition)
        {
            Experiment? state = null;
            await Eventually.TrueAsync(
                () =>
                {
                    state = client.List(new ListRequest()).Experiments.Single(experiment => experiment.Id == run.Id);
                    return condition(state);
                },
                () => $"{state}\n{learner.Output}{actor.Output}");
        }

        string[] Checkpoints() => Directory.GetDirectories(_folder.FullName, "step-*", SearchOption.AllDirectories);
    }

    private ServiceAddress Socket(string service) => ServiceAddress.Unix(Path.Combine(_folder.FullName, service));

    private async Task<RapidProcess> StartAsync(string service, string program, params string[] arguments)
    {
        var process = RapidProcess.StartProgram(program, _folder.FullName, [.. arguments, service], new Dictionary<string, string>
        {
            ["RAPID_LISTEN"] = $"{Socket(service)}",
            ["RAPID_LEARNER"] = $"{Socket("learner")}",
            ["RAPID_REPLAY"] = $"{Socket("replay")}",
        });
        await Eventually.TrueAsync(() => process.HasExited || process.Output.Contains("listening on"), () => process.Output);
        return process;
    }
}
