using Grpc.Core;
using Rapid.Cli.Clients;
using Rapid.Cli.Terminal;
using Rapid.Hosting;
using Rapid.Protocol.Files;
using Rapid.Protocol.V1;

namespace Rapid.Cli.Transfer;

/// <summary>Appends data to a table, which may lie on several services.</summary>
internal static class TableImport
{
    // Blocks that are on their way at a time: enough to hide the round trip, few enough for little memory.
    private const int Window = 32;

    // Parameters of the FNV-1a hash, 64 bits.
    private const ulong FnvOffset = 14695981039346656037, FnvPrime = 1099511628211;

    /// <summary>Makes the table where no service has it, and appends every block.</summary>
    /// <param name="services">Where the table may be; a new one is made on the first.</param>
    /// <param name="definition">Of a new table.</param>
    /// <param name="data">Checked.</param>
    /// <param name="cancellation">Gives up; what was appended stays, and is recognised by the next import.</param>
    /// <returns>Blocks that were new, and blocks that were there.</returns>
    public static async Task<(long Appended, long Duplicates)> RunAsync(
        RemoteReplays services, TableDefinition definition, ReplayData data, CancellationToken cancellation)
    {
        var name = definition.Name;
        if ((await services.FindAsync(name, cancellation)).Count == 0)
        {
            if (definition.CapacitySteps < (ulong)data.Steps)
            {
                throw new CliException(
                    $"--capacity: {definition.CapacitySteps} is less than the {data.Steps} steps of the data: the oldest would not stay",
                    ExitCode.BadInput);
            }

            var first = services.All[0];
            await first.CallAsync(() => first.Client.CreateTableAsync(
                new CreateTableRequest { Definition = new TableDefinition(definition) { Epoch = 0 } },
                cancellationToken: cancellation).ResponseAsync);
        }

        var streams = (await services.GetAsync(name, cancellation)).Select(part => new Shard(part.Service, name, cancellation)).ToList();
        try
        {
            await foreach (var block in data.ReadAsync(cancellation))
            {
                await streams[ShardOf(block.Producer, streams.Count)].SendAsync(block, cancellation);
            }

            foreach (var stream in streams)
            {
                await stream.FinishAsync(cancellation);
            }
        }
        finally
        {
            streams.ForEach(stream => stream.Dispose());
        }

        return (streams.Sum(stream => stream.Appended), streams.Sum(stream => stream.Duplicates));
    }

    /// <summary>The same service for the same producer in every import, so that a block that comes again is recognised.</summary>
    private static int ShardOf(string producer, int services) =>
        (int)(producer.Aggregate(FnvOffset, (hash, c) => unchecked((hash ^ c) * FnvPrime)) % (ulong)services);

    /// <summary>Blocks on their way to one service.</summary>
    private sealed class Shard(RemoteReplay service, string table, CancellationToken cancellation) : IDisposable
    {
        private readonly AsyncDuplexStreamingCall<AppendRequest, AppendReply> _call =
            service.Client.Append(cancellationToken: cancellation);
        private int _open;

        public long Appended { get; private set; }

        public long Duplicates { get; private set; }

        public async Task SendAsync(Trajectory block, CancellationToken cancellation)
        {
            if (_open == Window)
            {
                await ReceiveAsync(cancellation);
            }

            try
            {
                await _call.RequestStream.WriteAsync(new AppendRequest { Table = table, Trajectory = block }, cancellation);
                _open++;
            }
            catch (Exception error) when (Resilience.IsBrokenCall(error))
            {
                cancellation.ThrowIfCancellationRequested();
                throw Broken();
            }
        }

        public async Task FinishAsync(CancellationToken cancellation)
        {
            while (_open > 0)
            {
                await ReceiveAsync(cancellation);
            }

            await _call.RequestStream.CompleteAsync();
        }

        public void Dispose() => _call.Dispose();

        private CliException Broken() => new(
            $"the replay service at {service.Address} went away during the import; repeat it: nothing is appended twice",
            ExitCode.Unreachable);

        private async Task ReceiveAsync(CancellationToken cancellation)
        {
            if (!await service.CallAsync(() => _call.ResponseStream.MoveNext(cancellation)))
            {
                throw Broken();
            }

            var reply = _call.ResponseStream.Current;
            if (reply.Code != (int)StatusCode.OK)
            {
                throw new CliException($"block {reply.Sequence} of {reply.Producer} was refused: {reply.Message}");
            }

            _open--;
            (Appended, Duplicates) = reply.Duplicate ? (Appended, Duplicates + 1) : (Appended + 1, Duplicates);
        }
    }
}
