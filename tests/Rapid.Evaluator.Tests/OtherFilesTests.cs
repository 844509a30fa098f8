using System.Threading.Channels;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rapid.Environments;
using Rapid.Hosting;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Evaluator.Tests;

/// <summary>The evaluator service under a learner whose files may be others than the evaluator's.</summary>
public sealed class OtherFilesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_score_is_of_the_learners_files_or_there_is_none(bool differ)
    {
        var game = Path.Combine(_folder.FullName, "game.bin");
        await File.WriteAllBytesAsync(game, new byte[4096]);
        var spec = SpecReader.ReadYaml(
            $"environment: {{ name: {game}, max_episode_steps: 5, options: {{ obs_type: ram }} }}\nnetwork: {{ hidden_sizes: [8] }}",
            ["normalization.observations=false"]);
        var learners = EnvironmentFiles.DigestOf(game, spec.Environment.Options);
        var snapshot = Snapshot(spec);
        if (differ)
        {
            await File.WriteAllBytesAsync(game, [.. new byte[4095], 1]);
        }

        var work = new Assignment { Experiment = "a", Spec = SpecWriter.ToMessage(spec), EnvironmentDigest = learners };
        var reports = Channel.CreateUnbounded<EvaluationReport>();
        await using var learner = RapidHost.Build(
            "learner",
            new ServiceOptions { Listen = [Socket("learner")] },
            services => services.AddSingleton(work).AddSingleton(snapshot).AddSingleton(reports),
            app =>
            {
                app.MapGrpcService<AssignmentsService>();
                app.MapGrpcService<PoliciesService>();
                app.MapGrpcService<EvaluationsService>();
            },
            LogLevel.Critical);
        await learner.StartAsync();
        await using var evaluator = EvaluatorHost.Build(
            new ServiceOptions { Listen = [Socket("evaluator")], Learner = Socket("learner") }, LogLevel.None);
        await evaluator.StartAsync();

        var report = await reports.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal((1L, differ ? 2u : 0), (report.PolicyVersion, report.BrokenEpisodes));
        if (differ)
        {
            Assert.Contains(learners, report.Breakdown, StringComparison.Ordinal);
            var own = EnvironmentFiles.DigestOf(game, spec.Environment.Options);
            Assert.Contains(own, report.Breakdown, StringComparison.Ordinal);
        }

        await evaluator.StopAsync();
        await learner.StopAsync();
    }

    private static PolicySnapshot Snapshot(ExperimentOptions spec)
    {
        using var environment = EnvironmentFactory.Create(spec.Environment);
        var layout = PolicyLayout.Create(spec, environment.ObservationSpace, environment.ActionSpace);
        var parameters = new float[layout.Length];
        Initializer.Initialize(layout, spec.Network, new RandomStream(1), parameters);
        return new PolicySnapshot
        {
            Experiment = "a",
            Version = 1,
            LayoutHash = layout.Hash,
            Parameters = TensorCodec.ToByteString<float>(parameters),
            EvaluationEpisodes = 2,
        };
    }

    private ServiceAddress Socket(string name) => ServiceAddress.Unix(Path.Combine(_folder.FullName, name));

    private sealed class AssignmentsService(Assignment work, CallLifetime lifetime) : Assignments.AssignmentsBase
    {
        public override Task Enlist(EnlistRequest request, IServerStreamWriter<Assignment> responseStream, ServerCallContext context) =>
            lifetime.RunAsync(context, async ended =>
            {
                await responseStream.WriteAsync(work, ended);
                await Task.Delay(Timeout.Infinite, ended);
            });
    }

    private sealed class PoliciesService(PolicySnapshot snapshot, CallLifetime lifetime) : Protocol.V1.Policies.PoliciesBase
    {
        public override Task Subscribe(
            SubscribeRequest request, IServerStreamWriter<PolicySnapshot> responseStream, ServerCallContext context) =>
            lifetime.RunAsync(context, async ended =>
            {
                await responseStream.WriteAsync(snapshot, ended);
                await Task.Delay(Timeout.Infinite, ended);
            });
    }

    private sealed class EvaluationsService(Channel<EvaluationReport> reports) : Evaluations.EvaluationsBase
    {
        public override async Task<EvaluationReceipt> Report(EvaluationReport request, ServerCallContext context)
        {
            await reports.Writer.WriteAsync(request, context.CancellationToken);
            return new EvaluationReceipt();
        }
    }
}
