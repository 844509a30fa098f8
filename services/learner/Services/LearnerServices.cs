using Grpc.Core;
using Rapid.Environments;
using Rapid.Hosting;
using Rapid.Learner.Experiments;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Services;

/// <summary>Submits, lists, watches and cancels experiments.</summary>
internal sealed class ExperimentsService(ExperimentRegistry registry, CallLifetime lifetime) : Protocol.V1.Experiments.ExperimentsBase
{
    public override async Task<Experiment> Submit(SubmitRequest request, ServerCallContext context)
    {
        try
        {
            var spec = SpecReader.Read(request.Spec ?? new ExperimentSpec());
            if (spec.Offline)
            {
                await OfflineData.OpenAsync(spec, context.CancellationToken);
            }

            return registry.Submit(spec).Describe();
        }
        catch (SpecException error)
        {
            throw FieldErrors.InvalidArgument(error.Message, error.Problems.Select(problem => (problem.Path, problem.Message)));
        }
    }

    public override Task<ListReply> List(ListRequest request, ServerCallContext context)
    {
        var reply = new ListReply();
        reply.Experiments.AddRange(registry.All.Select(record => record.Describe()));
        return Task.FromResult(reply);
    }

    public override Task Watch(WatchRequest request, IServerStreamWriter<ExperimentEvent> responseStream, ServerCallContext context) =>
        lifetime.RunAsync(context, async ended =>
        {
            var record = registry.Get(request.Id);
            var events = record.Watch();
            try
            {
                await foreach (var what in events.ReadAllAsync(ended))
                {
                    await responseStream.WriteAsync(what, ended);
                }
            }
            finally
            {
                record.Unwatch(events);
            }
        });

    public override async Task<Experiment> Cancel(CancelRequest request, ServerCallContext context)
    {
        var record = registry.Get(request.Id);
        await record.Cancellation.CancelAsync();
        if (record.State == ExperimentState.Pending)
        {
            record.Set(ExperimentState.Cancelled);
        }

        return record.Describe();
    }
}

/// <summary>Streams weights.</summary>
internal sealed class PoliciesService(ExperimentRegistry registry, SharedParameterFolder memory, CallLifetime lifetime)
    : Protocol.V1.Policies.PoliciesBase
{
    public override Task Subscribe(
        SubscribeRequest request, IServerStreamWriter<PolicySnapshot> responseStream, ServerCallContext context) =>
        lifetime.RunAsync(context, async ended =>
        {
            var hub = registry.Get(request.Experiment).Policies;
            using var shared = SharedParameterFolder.Sees(request.SharedMemoryProbe) ? memory.Open(request.Experiment) : null;
            await foreach (var snapshot in hub.SubscribeAsync(request.NewerThan, request.EvaluationsOnly, ended))
            {
                await responseStream.WriteAsync(shared?.Share(snapshot) ?? snapshot, ended);
            }
        });
}

/// <summary>Hands out work; the open call is the lease.</summary>
internal sealed class AssignmentsService(AssignmentBoard board, CallLifetime lifetime) : Assignments.AssignmentsBase
{
    private const int LongestWorker = 1000;

    public override Task Enlist(EnlistRequest request, IServerStreamWriter<Assignment> responseStream, ServerCallContext context)
    {
        if (request.Role is not (WorkerRole.Actor or WorkerRole.Evaluator))
        {
            throw FieldErrors.InvalidArgument("role", $"{request.Role} is not a role; known: ACTOR, EVALUATOR");
        }

        if (request.Worker.Length is 0 or > LongestWorker)
        {
            throw FieldErrors.InvalidArgument(
                "worker", $"must have 1 to {LongestWorker} characters, unique for one life of one process");
        }

        if (request.Role == WorkerRole.Actor && request.MaxSlots == 0)
        {
            throw FieldErrors.InvalidArgument("max_slots", "0 is out of range [1, 4294967295]; an actor fills at least one slot");
        }

        return lifetime.RunAsync(context, async ended =>
        {
            await foreach (var assignment in board.EnlistAsync(request, ended))
            {
                await responseStream.WriteAsync(assignment, ended);
            }
        });
    }
}

/// <summary>Takes scores.</summary>
internal sealed class EvaluationsService(ExperimentRegistry registry) : Evaluations.EvaluationsBase
{
    public override Task<EvaluationReceipt> Report(EvaluationReport request, ServerCallContext context)
    {
        var isEmpty = request.Returns.Count == 0 && request.BrokenEpisodes == 0;
        if (isEmpty || request.Returns.Count != request.Lengths.Count || !request.Returns.All(double.IsFinite))
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument, "returns and lengths must be as many, at least one unless episodes broke, and finite"));
        }

        // A version that this life of the run did not ask about was learned before a restart, and is learned and scored again.
        var record = registry.Get(request.Experiment);
        var accepted = record.Policies.AskedToEvaluate(request.PolicyVersion) && record.Evaluations.Add(request);
        if (accepted)
        {
            record.Policies.CloseEvaluation(request.PolicyVersion);
        }

        return Task.FromResult(new EvaluationReceipt { Accepted = accepted });
    }
}

/// <summary>Finds experiments for calls.</summary>
internal static class RegistryExtensions
{
    /// <exception cref="RpcException">NOT_FOUND, with the nearest id.</exception>
    public static ExperimentRecord Get(this ExperimentRegistry registry, string id) =>
        registry.Find(id) ?? throw new RpcException(new Status(
            StatusCode.NotFound,
            $"there is no experiment '{id}'{NearestName.Hint(id, registry.All.Select(record => record.Directory.Id))}"));
}
