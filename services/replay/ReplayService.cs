using System.Diagnostics;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;
using Rapid.Hosting;
using Rapid.Protocol.V1;
using Rapid.Replay.Checkpoints;
using Rapid.Replay.Tables;

namespace Rapid.Replay;

/// <summary>The Replay service on the wire.</summary>
internal sealed class ReplayService(
    TableRegistry tables, CheckpointDirectory checkpoints, ReplayMetrics metrics, ServiceOptions options, CallLifetime lifetime)
    : Protocol.V1.Replay.ReplayBase
{
    private static readonly ActivitySource Traces = new("Rapid.Replay");
    private static readonly WriteOptions Held = new(WriteFlags.BufferHint);

    [Authorize(Roles = $"{Roles.Learner},{Roles.Onlookers}")]
    public override Task<IdentifyReply> Identify(IdentifyRequest request, ServerCallContext context) =>
        Task.FromResult(new IdentifyReply { Shard = options.Shard });

    [Authorize(Roles = Roles.TableOwners)]
    public override async Task<TableInfo> CreateTable(CreateTableRequest request, ServerCallContext context) =>
        (await tables.CreateAsync(request.Definition, context.CancellationToken)).Info();

    [Authorize(Roles = Roles.TableOwners)]
    public override async Task<DropTableReply> DropTable(DropTableRequest request, ServerCallContext context) =>
        new() { Existed = await tables.DropAsync(request.Name, request.Epoch, context.CancellationToken) };

    [Authorize(Roles = $"{Roles.Learner},{Roles.Onlookers}")]
    public override Task<StatsReply> Stats(StatsRequest request, ServerCallContext context)
    {
        var reply = new StatsReply();
        reply.Tables.AddRange(tables.All(request.Prefix).Select(table => table.Info()));
        return Task.FromResult(reply);
    }

    [Authorize(Roles = Roles.TableOwners)]
    public override Task Export(ExportRequest request, IServerStreamWriter<SampledItem> responseStream, ServerCallContext context) =>
        lifetime.RunAsync(context, async ended =>
        {
            var table = tables.GetRing(request.Table);
            var coming = new Queue<ExportedBlocks.Entry>();
            try
            {
                foreach (var id in table.BlockIds().Where(id => id > request.After))
                {
                    coming.Enqueue(table.Exported.Take(id));
                    if (coming.Count == table.ExportAhead)
                    {
                        await ExportAsync(table, coming, context, ended);
                    }
                }

                while (coming.Count > 0)
                {
                    await ExportAsync(table, coming, context, ended);
                }
            }
            finally
            {
                foreach (var entry in coming)
                {
                    await table.Exported.GiveBackAsync(entry);
                }
            }
        });

    [Authorize(Roles = Roles.Operator)]
    public override async Task<SaveTableReply> SaveTable(SaveTableRequest request, ServerCallContext context) =>
        await checkpoints.SaveAsync(tables.GetRing(request.Table), request.Checkpoint, context.CancellationToken);

    [Authorize(Roles = Roles.Operator)]
    public override async Task<TableInfo> RestoreTable(RestoreTableRequest request, ServerCallContext context) =>
        (await tables.RestoreAsync(request.Checkpoint, request.Table, context.CancellationToken)).Info();

    [Authorize(Roles = $"{Roles.Actor},{Roles.TableOwners}")]
    public override Task Append(IAsyncStreamReader<AppendRequest> requestStream, IServerStreamWriter<AppendReply> responseStream,
        ServerCallContext context) =>
        lifetime.RunAsync(context, async ended =>
        {
            var next = requestStream.MoveNext(ended);
            while (await next)
            {
                var reply = await AppendAsync(requestStream.Current, ended);
                next = requestStream.MoveNext(ended);

                // When blocks come fast, waking the client for each of them costs more than storing it: then replies leave together.
                // The last one waits for no other.
                responseStream.WriteOptions = next.IsCompletedSuccessfully && await next ? Held : null;
                await responseStream.WriteAsync(reply, ended);
            }
        });

    [Authorize(Roles = Roles.Learner)]
    public override Task Sample(IAsyncStreamReader<SampleRequest> requestStream, IServerStreamWriter<SampleReply> responseStream,
        ServerCallContext context) =>
        lifetime.RunAsync(context, stopped => SampleAsync(requestStream, responseStream, stopped));

    /// <summary>Sends the first of the blocks that are coming.</summary>
    private async Task ExportAsync(
        RingTable table, Queue<ExportedBlocks.Entry> coming, ServerCallContext context, CancellationToken cancellation)
    {
        if (await coming.Peek().Message.WaitAsync(cancellation) is { } message)
        {
            await context.WriteEncodedAsync(message, options.MaxMessageBytes, cancellation);
        }

        await table.Exported.GiveBackAsync(coming.Dequeue());
    }

    private async Task SampleAsync(IAsyncStreamReader<SampleRequest> requestStream, IServerStreamWriter<SampleReply> responseStream,
        CancellationToken stopped)
    {
        if (!await requestStream.MoveNext(stopped))
        {
            return;
        }

        var table = tables.Get(requestStream.Current.Table);
        var superseded = await table.AdmitAsync(requestStream.Current.Epoch, stopped);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopped, table.Dropped, superseded);
        var session = table.Open(requestStream.Current);
        try
        {
            await responseStream.WriteAsync(new SampleReply { Opened = table.Info() }, ended.Token);
            var delivering = session.DeliverAsync(responseStream, ended.Token);
            do
            {
                var request = requestStream.Current;
                await session.HandleAsync(request, ended.Token);
                session.Grant(request.Credits);
            }
            while (await MoveNextUnlessFailed(requestStream, delivering, ended.Token));

            await ended.CancelAsync();
            await delivering;
        }
        catch (Exception error) when (IsCancelled(error) && superseded.IsCancellationRequested)
        {
            throw table.Fence("another owner came while the call was open");
        }
        catch (Exception error) when (IsCancelled(error) && table.Dropped.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.NotFound, $"table '{table.Definition.Name}' was dropped"));
        }
        finally
        {
            await ended.CancelAsync();
            await session.DisposeAsync();
        }
    }

    /// <summary>gRPC's streams say it either way.</summary>
    private static bool IsCancelled(Exception error) =>
        error is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled };

    private static async Task<bool> MoveNextUnlessFailed(IAsyncStreamReader<SampleRequest> requests, Task delivering,
        CancellationToken cancellation)
    {
        var next = requests.MoveNext(cancellation);
        if (await Task.WhenAny(next, delivering) == delivering)
        {
            await delivering;
        }

        return await next;
    }

    private async Task<AppendReply> AppendAsync(AppendRequest request, CancellationToken cancellation)
    {
        var reply = new AppendReply { Producer = request.Trajectory?.Producer ?? "", Sequence = request.Trajectory?.Sequence ?? 0 };
        using var trace = Follow(request);
        try
        {
            var table = tables.Get(request.Table);
            table.RefuseEarlier(request.Epoch);
            var outcome = await table.AppendAsync(request.Trajectory, cancellation);
            metrics.OnAppend(table.Definition, outcome);
            (reply.Duplicate, reply.Code, reply.Message) = (outcome.IsDuplicate, (int)outcome.Code, outcome.Message);
        }
        catch (RpcException refused) when (refused.StatusCode != StatusCode.Unavailable)
        {
            (reply.Code, reply.Message) = ((int)refused.StatusCode, refused.Status.Detail);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            (reply.Code, reply.Message) = ((int)StatusCode.NotFound, $"table '{request.Table}' was dropped");
        }

        if (reply.Code != (int)StatusCode.OK)
        {
            trace?.SetStatus(ActivityStatusCode.Error, reply.Message);
        }

        return reply;
    }

    /// <summary>Goes on with the trace of a block that is followed; what its store does is part of it.</summary>
    private static Activity? Follow(AppendRequest request) => BlockTraces.Parse(request.Trajectory?.Traceparent ?? "") is { } rollout
        ? Traces.StartActivity("rapid.append", ActivityKind.Consumer, rollout)?.SetTag("rapid.table", request.Table)
        : null;
}
