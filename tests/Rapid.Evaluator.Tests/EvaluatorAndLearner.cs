using System.Threading.Channels;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rapid.Agents;
using Rapid.Core;
using Rapid.Hosting;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Evaluator.Tests;

/// <summary>The evaluator service under a real server in the place of the learner, which has one assignment and the policies that a test
/// publishes.</summary>
internal sealed class EvaluatorAndLearner : IAsyncDisposable
{
    private readonly Channel<EvaluationReport> _reports = Channel.CreateUnbounded<EvaluationReport>();
    private readonly Channel<PolicySnapshot> _snapshots = Channel.CreateUnbounded<PolicySnapshot>();
    private readonly WebApplication _learner, _evaluator;

    private EvaluatorAndLearner(DirectoryInfo folder, Assignment work, TimeSpan environmentPatience)
    {
        ServiceAddress Socket(string name) => ServiceAddress.Unix(Path.Combine(folder.FullName, name));
        _learner = RapidHost.Build(
            "learner",
            new ServiceOptions { Listen = [Socket("learner")] },
            services => services.AddSingleton(work).AddSingleton(_snapshots).AddSingleton(_reports),
            app =>
            {
                app.MapGrpcService<AssignmentsService>();
                app.MapGrpcService<PoliciesService>();
                app.MapGrpcService<EvaluationsService>();
            },
            LogLevel.Critical);
        _evaluator = EvaluatorHost.Build(
            new ServiceOptions
            {
                Listen = [Socket("evaluator")],
                Learner = Socket("learner"),
                EnvironmentPatience = environmentPatience,
            },
            LogLevel.None);
    }

    public static async Task<EvaluatorAndLearner> StartAsync(
        DirectoryInfo folder, Assignment work, PolicySnapshot snapshot, TimeSpan? environmentPatience = null)
    {
        var services = new EvaluatorAndLearner(folder, work, environmentPatience ?? TimeSpan.FromSeconds(60));
        services.Publish(snapshot);
        await services._learner.StartAsync();
        await services._evaluator.StartAsync();
        return services;
    }

    /// <summary>A policy that asks for two episodes.</summary>
    public static PolicySnapshot Snapshot(ExperimentOptions spec, long version)
    {
        using var environment = EnvironmentFactory.Create(spec.Environment);
        var layout = ExperimentPolicy.LayoutOf(spec, environment.ObservationSpace, environment.ActionSpace);
        var parameters = new float[layout.Length];
        Initializer.Initialize(layout, spec.Network, new RandomStream(1), parameters);
        return new PolicySnapshot
        {
            Experiment = "a",
            Version = version,
            Graph = layout.Graph,
            Parameters = TensorCodec.ToByteString<float>(parameters),
            EvaluationEpisodes = 2,
        };
    }

    public void Publish(PolicySnapshot snapshot) => _snapshots.Writer.TryWrite(snapshot);

    /// <summary>The next score.</summary>
    public Task<EvaluationReport> ReportAsync() => _reports.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));

    public async ValueTask DisposeAsync()
    {
        await _evaluator.StopAsync();
        await _learner.StopAsync();
        await _evaluator.DisposeAsync();
        await _learner.DisposeAsync();
    }

    private sealed class AssignmentsService(Assignment work, CallLifetime lifetime) : Assignments.AssignmentsBase
    {
        public override Task Enlist(EnlistRequest request, IServerStreamWriter<Assignment> responseStream, ServerCallContext context) =>
            lifetime.RunAsync(context, async ended =>
            {
                await responseStream.WriteAsync(work, ended);
                await Task.Delay(Timeout.Infinite, ended);
            });
    }

    private sealed class PoliciesService(Channel<PolicySnapshot> snapshots, CallLifetime lifetime) : Protocol.V1.Policies.PoliciesBase
    {
        public override Task Subscribe(
            SubscribeRequest request, IServerStreamWriter<PolicySnapshot> responseStream, ServerCallContext context) =>
            lifetime.RunAsync(context, async ended =>
            {
                await foreach (var snapshot in snapshots.Reader.ReadAllAsync(ended))
                {
                    await responseStream.WriteAsync(snapshot, ended);
                }
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
