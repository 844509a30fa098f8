using System.Globalization;
using Grpc.Core;
using Rapid.Environments.Registry;
using Rapid.Hosting;
using Rapid.Learner.Experiments;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Learner.Tests.Experiments;

/// <summary>What can never run is refused when it is submitted, or ends with the reason.</summary>
public class HopelessRunTests
{
    [Theory]
    [InlineData("network.hidden_sizes", "RAPID_MAX_MESSAGE", "network.hidden_sizes=[512,512]")]
    [InlineData("algorithm.rollout_steps", "RAPID_MAX_MESSAGE", "algorithm.rollout_steps=65536")]
    [InlineData("algorithm.batch_size", "RAPID_MAX_MESSAGE", "algorithm.name=sac;algorithm.batch_size=20000")]
    public async Task What_does_not_fit_is_refused_with_its_size_before_there_is_a_run(string field, string expected, string change)
    {
        await using var services = new LearnerAndReplay { MaxMessageBytes = 512 << 10 };
        await services.StartLearnerAsync();
        var spec = SpecReader.ReadYaml("environment: { name: CartPole-v1 }", change.Split(';'));

        var error = await Assert.ThrowsAsync<RpcException>(async () =>
            await services.Experiments.SubmitAsync(new SubmitRequest { Spec = SpecWriter.ToMessage(spec) }));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.StartsWith($"{field}: ", error.Status.Detail, StringComparison.Ordinal);
        Assert.Contains(expected, error.Status.Detail, StringComparison.Ordinal);
        Assert.Empty(services.Registry.All);
    }

    [Fact]
    public async Task A_network_that_no_memory_holds_is_refused_with_what_it_needs_and_what_there_is()
    {
        await using var services = new LearnerAndReplay { MaxMessageBytes = Array.MaxLength };
        await services.StartLearnerAsync();

        // 107 thousand million parameters, which with their optimiser take 1.6 TiB.
        var refusal = await RefusalOfAsync(services, "network.hidden_sizes", Enumerable.Repeat(16_384, 200));

        Int128 width = 16_384;
        var parameters = (2 * (4 + 1) * width) + (199 * 2 * (width + 1) * width) + (2 * (width + 1)) + width + 1;
        Assert.True(parameters > uint.MaxValue);
        Assert.Contains($"{parameters} parameters", refusal, StringComparison.Ordinal);
        Assert.Contains(Mebibytes(16 * parameters), refusal, StringComparison.Ordinal);
        Assert.Contains(Mebibytes(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes), refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ppo", 0, 16)]
    [InlineData("sac", 0, 56)]
    [InlineData("ppo", 1, 16)]
    [InlineData("sac", 1, 56)]
    public async Task A_network_fits_to_the_last_byte_of_the_memory(string algorithm, int missing, int bytesOfParameter)
    {
        var actor = (4 * 8) + 8 + (2 * 8) + 2;
        var parameters = algorithm == "sac" ? actor : actor + (4 * 8) + 8 + 8 + 1;
        var memory = (bytesOfParameter * parameters) - missing;
        await using var services = new LearnerAndReplay { Trials = new TrialLimits { Memory = memory } };
        await services.StartLearnerAsync();
        var spec = SpecReader.ReadYaml(
            "environment: { name: CartPole-v1 }", [$"algorithm.name={algorithm}", "network.hidden_sizes=[8]"]);
        async Task SubmitAsync() => await services.Experiments.SubmitAsync(new SubmitRequest { Spec = SpecWriter.ToMessage(spec) });

        if (missing == 0)
        {
            await SubmitAsync();
            return;
        }

        var error = await Assert.ThrowsAsync<RpcException>(SubmitAsync);
        Assert.Equal(["network.hidden_sizes"], FieldErrors.Of(error).Select(problem => problem.Field));
        Assert.Contains($"{parameters} parameters", error.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(9)]
    public async Task A_network_that_no_buffer_holds_is_refused_whatever_memory_there_is(int layers)
    {
        // Of 9 layers 32 bits would count 475 thousand parameters.
        await using var services = new LearnerAndReplay
        {
            Trials = new TrialLimits { Memory = long.MaxValue },
            MaxMessageBytes = Array.MaxLength,
        };
        await services.StartLearnerAsync();

        var refusal = await RefusalOfAsync(services, "network.hidden_sizes", Enumerable.Repeat(16_384, layers));

        Assert.Contains("allowed: at most 2147483647", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_whose_slots_all_fail_again_and_again_ends_with_the_reason()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await services.StartLearnerAsync();
        var record = services.Registry.Submit(SpecReader.ReadYaml("environment: { name: CartPole-v1 }", ["actors.count=2"]));
        await LearnerAndReplay.Until(() =>
            record.State == ExperimentState.Running && services.Replay.Stats(new StatsRequest()).Tables.Count == 1);
        var epoch = services.Replay.Stats(new StatsRequest()).Tables[0].Definition.Epoch;
        var learner = new Assignments.AssignmentsClient(services.ToLearner);
        SlotFailure Failure(uint slot, uint failures) => new()
        {
            Experiment = record.Directory.Id,
            Epoch = epoch,
            Slot = slot,
            Failures = failures,
            Reason = "the cartridge is gone",
        };

        await learner.ReportFailureAsync(Failure(0, 3));
        await learner.ReportFailureAsync(Failure(0, 4));
        await learner.ReportFailureAsync(Failure(1, 2));
        await learner.ReportFailureAsync(new SlotFailure(Failure(1, 3)) { Epoch = epoch - 1 });
        Assert.Equal(ExperimentState.Running, record.State);
        await learner.ReportFailureAsync(Failure(1, 3));

        await LearnerAndReplay.Until(() => record.State == ExperimentState.Failed);
        Assert.Contains("the cartridge is gone", record.Error, StringComparison.Ordinal);
        Assert.NotEmpty(Directory.GetDirectories(record.Directory.Checkpoints, "step-*"));
        var unknown = await Assert.ThrowsAsync<RpcException>(async () => await learner.ReportFailureAsync(Failure(2, 3)));
        Assert.Equal(StatusCode.InvalidArgument, unknown.StatusCode);
    }

    [Fact]
    public async Task An_assignment_says_which_files_the_environment_is_made_of()
    {
        var folder = Directory.CreateTempSubdirectory("rapid-game-");
        try
        {
            var game = Path.Combine(folder.FullName, "game.bin");
            await File.WriteAllBytesAsync(game, new byte[4096]);
            await using var services = new LearnerAndReplay();
            await services.StartReplayAsync();
            await services.StartLearnerAsync();
            services.Registry.Submit(SpecReader.ReadYaml($"environment: {{ name: {game} }}", ["actors.count=1"]));
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            using var enlisted = new Assignments.AssignmentsClient(services.ToLearner).Enlist(
                new EnlistRequest { Worker = "w", Role = WorkerRole.Actor, MaxSlots = 1 }, cancellationToken: limit.Token);
            while (await enlisted.ResponseStream.MoveNext(limit.Token) && enlisted.ResponseStream.Current.Experiment.Length == 0)
            {
            }

            var digest = EnvironmentFiles.DigestOf(game, new Dictionary<string, string>());
            Assert.Equal((64, digest), (digest.Length, enlisted.ResponseStream.Current.EnvironmentDigest));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<string> RefusalOfAsync(LearnerAndReplay services, string field, IEnumerable<int> layers)
    {
        var spec = SpecReader.ReadYaml("environment: { name: CartPole-v1 }", [$"{field}=[{string.Join(',', layers)}]"]);
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
            await services.Experiments.SubmitAsync(new SubmitRequest { Spec = SpecWriter.ToMessage(spec) }));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal([field], FieldErrors.Of(error).Select(problem => problem.Field));
        Assert.Empty(services.Registry.All);
        return error.Status.Detail;
    }

    private static string Mebibytes(Int128 bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / (1 << 20):0.#} MiB");
}
