using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Protocol.Files;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Learner.Runs;

/// <summary>
/// Writes the transitions of a run into its folder, for offline runs. What its table has got since the checkpoint before is written before
/// each checkpoint, which says how far the files go: so a run that goes on from it has what it had learned from, each block once, whether
/// its table was lost or not. What was written after that checkpoint is written again, from what is collected again or is still there.
/// </summary>
public sealed class KeptData : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly RunDirectory _run;
    private readonly ExperimentOptions _spec;
    private readonly string _table;
    private readonly Source[] _sources;
    private readonly ILogger _logger;
    private ReplayDataWriter? _writer; // null when the data are complete, or not begun

    /// <param name="run">The run.</param>
    /// <param name="spec">What it is.</param>
    /// <param name="table">Its table of transitions.</param>
    /// <param name="service">Where that table is.</param>
    /// <param name="logger">Hears of what cannot be kept.</param>
    public KeptData(RunDirectory run, ExperimentOptions spec, string table, ServiceOptions service, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(service);
        (_run, _spec, _table, _logger) = (run, spec, table, logger);
        _sources = [.. service.Replay.Select(address => new Source(Channels.Open(address, service)))];
    }

    /// <summary>Files that a checkpoint can rely on.</summary>
    public int Files { get; private set; }

    /// <summary>Begins a life of the run with the files of its checkpoint.</summary>
    /// <param name="files">What <see cref="Files"/> was then; 0 without a checkpoint.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task BeginAsync(int files, CancellationToken cancellation)
    {
        _run.MayWrite();
        Files = files;
        _writer = File.Exists(Path.Combine(_run.Data, ReplayData.IndexFile))
            ? null
            : await ReplayDataWriter.ContinueAsync(
                _run.Data,
                files,
                error => _logger.LogWarning("kept transitions cannot be read and are left out: {Message}", error.Message),
                cancellation);
    }

    /// <summary>Returns when everything that the table holds is on the disk.</summary>
    public async Task KeepAsync(CancellationToken cancellation)
    {
        if (_writer is null)
        {
            return;
        }

        _run.MayWrite();

        // The checkpoint before relies on what is held now alone.
        _writer.DropOldest(_spec.Replay.CapacitySteps);
        try
        {
            await Resilience.Forever("keeping the run's transitions", _logger).ExecuteAsync(
                async token =>
                {
                    foreach (var source in _sources)
                    {
                        await CopyAsync(source, _writer, token);
                    }
                },
                cancellation);
        }
        catch (RpcException error) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(error.Status.Detail, error, cancellation);
        }

        _run.MayWrite();
        await _writer.FlushAsync(cancellation);
        Files = _writer.Files;
    }

    /// <summary>Keeps what can be kept in a moment, for a run that is broken off: the checkpoint does not wait for it.</summary>
    public async Task KeepInTimeAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await KeepAsync(patience.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or RpcException or IOException or UnauthorizedAccessException)
        {
            _logger.LogWarning("the newest transitions could not be kept: {Message}", error.Message);
        }
    }

    /// <summary>Makes the files data: the run is over.</summary>
    /// <exception cref="InvalidDataException">The run has no transitions.</exception>
    public async Task CommitAsync(CancellationToken cancellation)
    {
        if (_writer is null)
        {
            return;
        }

        await KeepAsync(cancellation);
        await _writer.LimitAsync(_spec.Replay.CapacitySteps, cancellation);
        var definition = _sources.Select(source => source.Definition).Aggregate(ReplayExporter.Join);
        if (definition is null || _writer.Blocks == 0)
        {
            throw new InvalidDataException("replay.keep_data: the replay service holds no transitions of the run any more");
        }

        _run.MayWrite();
        using var environment = EnvironmentFactory.Create(_spec.Environment);
        var origin = EnvironmentEntry.Of(_spec.Environment, environment.ObservationSpace, environment.ActionSpace);
        await _writer.CommitAsync(definition, origin, cancellation);
        _writer = null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var source in _sources)
        {
            source.Channel.Dispose();
        }
    }

    private async Task CopyAsync(Source source, ReplayDataWriter writer, CancellationToken cancellation)
    {
        var client = new Protocol.V1.Replay.ReplayClient(source.Channel);
        var stats = await client.StatsAsync(new StatsRequest { Prefix = _table }, cancellationToken: cancellation);
        if (stats.Tables.FirstOrDefault(candidate => candidate.Definition.Name == _table) is not { } info)
        {
            return;
        }

        source.Definition = info.Definition;
        if (source.Incarnation != info.Incarnation)
        {
            (source.Incarnation, source.Newest) = (info.Incarnation, 0);
        }

        using var call = client.Export(new ExportRequest { Table = _table, After = source.Newest }, cancellationToken: cancellation);
        await foreach (var item in call.ResponseStream.ReadAllAsync(cancellation))
        {
            source.Newest = item.Id;
            if (!writer.Holds(item.Trajectory))
            {
                await writer.AddAsync(item.Trajectory, cancellation);
            }
        }
    }

    /// <summary>One of the services that the table is on, and how far it was copied.</summary>
    private sealed class Source(GrpcChannel channel)
    {
        public GrpcChannel Channel => channel;

        public TableDefinition? Definition { get; set; }

        public string Incarnation { get; set; } = "";

        public ulong Newest { get; set; }
    }
}
