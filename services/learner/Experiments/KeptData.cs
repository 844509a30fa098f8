using Grpc.Core;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Protocol.Files;
using Rapid.Protocol.Specs;

namespace Rapid.Learner.Experiments;

/// <summary>Writes the transitions of a run that is over into its folder, for offline runs.</summary>
internal static class KeptData
{
    /// <summary>Returns when the data are there, whatever an earlier life of the learner wrote of them.</summary>
    /// <exception cref="InvalidDataException">The replay services have no transitions of the run.</exception>
    public static Task WriteAsync(
        RunDirectory run, ExperimentOptions spec, string table, ServiceOptions service, ILogger logger, CancellationToken cancellation) =>
        File.Exists(Path.Combine(run.Data, ReplayData.IndexFile))
            ? Task.CompletedTask
            : Resilience.Forever("keeping the run's transitions", logger).ExecuteAsync(
                async token => await WriteOnceAsync(run, spec, table, service, token), cancellation).AsTask();

    private static async Task WriteOnceAsync(
        RunDirectory run, ExperimentOptions spec, string table, ServiceOptions service, CancellationToken cancellation)
    {
        var channels = service.Replay.Select(address => Channels.Open(address, service)).ToList();
        try
        {
            var writer = ReplayDataWriter.Create(run.Data);
            var definition = await ReplayExporter.ExportAsync(
                channels.Select(channel => new Protocol.V1.Replay.ReplayClient(channel)), table, writer, cancellation);
            if (definition is null || writer.Blocks == 0)
            {
                throw new InvalidDataException("replay.keep_data: the replay service holds no transitions of the run any more");
            }

            await writer.CommitAsync(definition, EnvironmentEntry.Of(spec.Environment), cancellation);
        }
        catch (RpcException error) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(error.Status.Detail, error, cancellation);
        }
        finally
        {
            channels.ForEach(channel => channel.Dispose());
        }
    }
}
