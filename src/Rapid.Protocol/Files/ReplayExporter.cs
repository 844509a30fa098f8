using Grpc.Core;
using Rapid.Protocol.V1;

namespace Rapid.Protocol.Files;

/// <summary>Copies tables of replay services into files.</summary>
public static class ReplayExporter
{
    /// <summary>Writes every block that a table holds; the blocks of a table that several services share, one service after the
    /// other.</summary>
    /// <param name="services">Where the table may be.</param>
    /// <param name="table">Its name.</param>
    /// <param name="writer">Takes the blocks; not committed here.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The table's definition, of all services together; null when none has it.</returns>
    /// <exception cref="RpcException">A service does not answer, or the table is a queue, whose blocks are gone once they are
    /// used.</exception>
    public static async Task<TableDefinition?> ExportAsync(
        IEnumerable<Replay.ReplayClient> services, string table, ReplayDataWriter writer, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(writer);
        TableDefinition? whole = null;
        foreach (var service in services)
        {
            var stats = await service.StatsAsync(new StatsRequest { Prefix = table }, cancellationToken: cancellation);
            if (stats.Tables.FirstOrDefault(candidate => candidate.Definition.Name == table)?.Definition is not { } part)
            {
                continue;
            }

            using var call = service.Export(new ExportRequest { Table = table }, cancellationToken: cancellation);
            await foreach (var item in call.ResponseStream.ReadAllAsync(cancellation))
            {
                await writer.AddAsync(item.Trajectory, cancellation);
            }

            whole = Join(whole, part);
        }

        return whole;
    }

    /// <summary>The definition of a table that lies on several services: it holds what they hold together.</summary>
    public static TableDefinition? Join(TableDefinition? one, TableDefinition? other)
    {
        if (one is null || other is null)
        {
            return one ?? other;
        }

        var both = one.Clone();
        both.CapacitySteps += other.CapacitySteps;
        both.MinimumSteps += other.MinimumSteps;
        return both;
    }
}
