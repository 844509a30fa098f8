using System.Runtime.CompilerServices;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.RateLimiting;
using Rapid.Core;
using Rapid.Hosting;
using Rapid.Learner.Experiments;
using Rapid.Learner.Publishing;
using Rapid.Learner.Runs;
using Rapid.Learner.Slots;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Learner.Services;

/// <summary>Submits, lists, watches and cancels experiments.</summary>
internal sealed class ExperimentsService(ExperimentRegistry registry, RunTrial trial, CallLifetime lifetime)
    : Protocol.V1.Experiments.ExperimentsBase
{
    private const int LongestSubmitter = 100;

    [Authorize(Roles = Roles.Operator)]
    public override async Task<Experiment> Submit(SubmitRequest request, ServerCallContext context)
    {
        if (request.Submitter.Length > LongestSubmitter || request.Submitter.Any(char.IsControl))
        {
            throw FieldErrors.InvalidArgument(
                "submitter", $"must have at most {LongestSubmitter} characters, none of them a control character");
        }

        try
        {
            var spec = SpecReader.Read(request.Spec ?? new ExperimentSpec());
            await trial.CheckAsync(spec, context.CancellationToken);
            if (spec.Offline)
            {
                await OfflineData.OpenAsync(spec, context.CancellationToken);
            }

            return registry.Submit(spec, request.Submitter).Describe();
        }
        catch (SpecException error)
        {
            throw FieldErrors.InvalidArgument(error.Message, error.Problems.Select(problem => (problem.Path, problem.Message)));
        }
    }

    [Authorize(Roles = Roles.Onlookers)]
    public override Task<ListReply> List(ListRequest request, ServerCallContext context)
    {
        var reply = new ListReply();
        registry.Discover();
        reply.Experiments.AddRange(registry.All.Select(record => record.Describe()));
        return Task.FromResult(reply);
    }

    [Authorize(Roles = Roles.Onlookers)]
    [EnableRateLimiting(CallLimits.Subscribers)]
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

    [Authorize(Roles = Roles.Operator)]
    public override async Task<Experiment> Cancel(CancelRequest request, ServerCallContext context)
    {
        var record = registry.Get(request.Id);
        if (!await registry.CancelAsync(record, context.CancellationToken))
        {
            throw HeldElsewhere(record.Directory);
        }

        return record.Describe();
    }

    [Authorize(Roles = Roles.Operator)]
    public override async Task<Experiment> Resume(ResumeRequest request, ServerCallContext context)
    {
        var record = registry.Get(request.Id);
        if (record.State == ExperimentState.Finished)
        {
            throw HasFinished(request.Id);
        }

        if (!record.IsOver)
        {
            return record.Describe();
        }

        var held = await registry.TryHoldAsync(record, context.CancellationToken) ?? throw HeldElsewhere(record.Directory);
        try
        {
            if (record.Directory.ReadState().State == ExperimentState.Finished)
            {
                throw HasFinished(request.Id);
            }

            return registry.Resume(record.Directory, held).Describe();
        }
        catch (SpecException error)
        {
            held.Dispose();
            throw new RpcException(new Status(StatusCode.FailedPrecondition, error.Message));
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private static RpcException HasFinished(string id) =>
        new(new Status(StatusCode.FailedPrecondition, $"'{id}' has finished: there is nothing to go on with"));

    private static RpcException HeldElsewhere(RunDirectory run) => new(new Status(
        StatusCode.FailedPrecondition, $"another process trains '{run.Id}': its folder {run.Path} is locked"));
}

/// <summary>Streams weights.</summary>
internal sealed class PoliciesService(
    ExperimentRegistry registry, SharedParameterFolder memory, ServiceOptions options, CallLifetime lifetime)
    : Protocol.V1.Policies.PoliciesBase
{
    // A snapshot is encoded once for all subscribers, and its bytes are there as long as somebody has it.
    private static readonly ConditionalWeakTable<PolicySnapshot, Lazy<byte[]>> Encoded = [];

    [Authorize(Roles = Roles.Workers)]
    [EnableRateLimiting(CallLimits.Subscribers)]
    public override Task Subscribe(
        SubscribeRequest request, IServerStreamWriter<PolicySnapshot> responseStream, ServerCallContext context) =>
        lifetime.RunAsync(context, async ended =>
        {
            var hub = registry.Get(request.Experiment).Policies;
            using var shared = SharedParameterFolder.Sees(request.SharedMemoryProbe) ? memory.Open(request.Experiment) : null;
            await foreach (var snapshot in hub.SubscribeAsync(request.NewerThan, request.EvaluationsOnly, ended))
            {
                var message = Encoded.GetValue(
                    shared?.Share(snapshot) ?? snapshot, static snapshot => new Lazy<byte[]>(snapshot.ToByteArray));
                await context.WriteEncodedAsync(message.Value, options.MaxMessageBytes, ended);
            }
        });
}

/// <summary>Hands out work; the open call is the lease.</summary>
internal sealed class AssignmentsService(
    AssignmentBoard board, ExperimentRegistry registry, ServiceOptions options, CallLifetime lifetime) : Assignments.AssignmentsBase
{
    private const int LongestWorker = 1000;

    // Of a game's actions in one message: within every limit that a service may have.
    private const int MostActionBytes = 32 << 10;

    [Authorize(Roles = Roles.Workers)]
    [EnableRateLimiting(CallLimits.Workers)]
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

        context.RequireRole(request.Role == WorkerRole.Actor ? Roles.Actor : Roles.Evaluator);
        return lifetime.RunAsync(context, async ended =>
        {
            await foreach (var assignment in board.EnlistAsync(request, ended))
            {
                await responseStream.WriteAsync(assignment, ended);
            }
        });
    }

    [Authorize(Roles = Roles.Actor)]
    public override Task<SlotFailureReceipt> ReportFailure(SlotFailure request, ServerCallContext context)
    {
        var record = registry.Get(request.Experiment);
        RequireSlot(request.Slot, record);
        record.OnSlotFailure(request);
        return Task.FromResult(new SlotFailureReceipt());
    }

    [Authorize(Roles = Roles.Actor)]
    [EnableRateLimiting(CallLimits.Subscribers)]
    public override Task TakeOver(TakeOverRequest request, IServerStreamWriter<TakeOverReply> responseStream, ServerCallContext context) =>
        lifetime.RunAsync(context, async ended =>
        {
            var record = registry.Get(request.Experiment);
            RequireSlot(request.Slot, record);
            var log = record.GamesOf(request.Epoch);
            var (version, games) = (log is null ? null : await log.TakeOverAsync((int)request.Slot, request.Version, ended))
                ?? throw new RpcException(new Status(
                    StatusCode.FailedPrecondition, $"epoch: {request.Epoch} is not the newest life of '{request.Experiment}'"));
            Task SendAsync(TakeOverReply reply) => context.WriteEncodedAsync(reply.ToByteArray(), options.MaxMessageBytes, ended);
            await SendAsync(new TakeOverReply { Version = version, Environments = (uint)games.Count });
            foreach (var game in games)
            {
                var actions = game.Actions.Memory;
                game.Actions = ByteString.Empty;
                await SendAsync(new TakeOverReply { Game = game });
                for (var sent = 0; sent < actions.Length; sent += MostActionBytes)
                {
                    var part = UnsafeByteOperations.UnsafeWrap(actions.Slice(sent, Math.Min(MostActionBytes, actions.Length - sent)));
                    await SendAsync(new TakeOverReply { Game = new GameRecord { Actions = part } });
                }
            }
        });

    private static void RequireSlot(uint slot, ExperimentRecord record)
    {
        if (slot >= record.Options.Actors.Count)
        {
            throw FieldErrors.InvalidArgument("slot", $"{slot} is out of range [0, {record.Options.Actors.Count - 1}]");
        }
    }
}

/// <summary>Takes scores.</summary>
internal sealed class EvaluationsService(ExperimentRegistry registry) : Evaluations.EvaluationsBase
{
    [Authorize(Roles = Roles.Evaluator)]
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
    public static ExperimentRecord Get(this ExperimentRegistry registry, string id)
    {
        if (registry.Find(id) is null)
        {
            // Another learner may have taken it in a moment ago.
            registry.Discover();
        }

        return registry.Find(id) ?? throw new RpcException(new Status(
            StatusCode.NotFound,
            $"there is no experiment '{id}'{NearestName.Hint(id, registry.All.Select(record => record.Directory.Id))}"));
    }
}
