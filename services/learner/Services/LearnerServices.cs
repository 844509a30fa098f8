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
    public override Task<Experiment> Submit(SubmitRequest request, ServerCallContext context)
    {
        try
        {
            return Task.FromResult(registry.Submit(SpecReader.Read(request.Spec ?? new ExperimentSpec())).Describe());
        }
        catch (SpecException error)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, error.Message));
        }
    }

    public override Task<ListReply> List(ListRequest request, ServerCallContext context)
    {
        var reply = new ListReply();
        reply.Experiments.AddRange(registry.All.Select(record => record.Describe()));
        return Task.FromResult(reply);
    }

    public override Task Watch(WatchRequest request, IServerStreamWriter<ExperimentEvent> responseStream, ServerCallContext context) => lifetime.RunAsync(
        context,
        async ended =>
        {
            await foreach (var what in registry.Get(request.Id).Watch().ReadAllAsync(ended))
            {
                await responseStream.WriteAsync(what, ended);
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
internal sealed class PoliciesService(ExperimentRegistry registry, CallLifetime lifetime) : Protocol.V1.Policies.PoliciesBase
{
    public override Task Subscribe(SubscribeRequest request, IServerStreamWriter<PolicySnapshot> responseStream, ServerCallContext context) => lifetime.RunAsync(
        context,
        async ended =>
        {
            var hub = registry.Get(request.Experiment).Policies;
            await foreach (var snapshot in hub.SubscribeAsync(request.NewerThan, request.EvaluationsOnly, ended))
            {
                await responseStream.WriteAsync(snapshot, ended);
            }
        });
}

/// <summary>Hands out work; the open call is the lease.</summary>
internal sealed class AssignmentsService(AssignmentBoard board, CallLifetime lifetime) : Assignments.AssignmentsBase
{
    public override Task Enlist(EnlistRequest request, IServerStreamWriter<Assignment> responseStream, ServerCallContext context)
    {
        if (request.Role is not (WorkerRole.Actor or WorkerRole.Evaluator))
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"role: {request.Role} is not a role; known: ACTOR, EVALUATOR"));
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
        if (request.Returns.Count == 0 || request.Returns.Count != request.Lengths.Count || !request.Returns.All(double.IsFinite))
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, "returns and lengths must be as many, at least one, and finite"));
        }

        return Task.FromResult(new EvaluationReceipt { Accepted = registry.Get(request.Experiment).Evaluations.Add(request) });
    }
}

/// <summary>Finds experiments for calls.</summary>
internal static class RegistryExtensions
{
    /// <exception cref="RpcException">NOT_FOUND, with the nearest id.</exception>
    public static ExperimentRecord Get(this ExperimentRegistry registry, string id) => registry.Find(id) ?? throw new RpcException(new Status(
        StatusCode.NotFound, $"there is no experiment '{id}'{NearestName.Hint(id, registry.All.Select(record => record.Directory.Id))}"));
}
