using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Policies;
using Rapid.Protocol.V1;

namespace Rapid.Actor;

/// <summary>Enlists with the learner and fills the slots it is given. The open call is the lease: when it breaks, all work stops.</summary>
public sealed class ActorWorker(ServiceOptions options, ILoggerFactory loggers) : BackgroundService
{
    private readonly ILogger _logger = loggers.CreateLogger<ActorWorker>();
    private readonly string _id = $"{Environment.MachineName}-{Environment.ProcessId}-{Guid.NewGuid():N}";

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var channel = Channels.Open(options.Learner, options);
        var request = new EnlistRequest { Worker = _id, Role = WorkerRole.Actor, MaxSlots = (uint)options.ActorSlots };
        await Enlistment.FollowAsync(
            channel, request, _logger, assignments => WorkAsync(assignments, channel, stoppingToken), stoppingToken);
    }

    private async Task WorkAsync(IAsyncEnumerable<Assignment> assignments, GrpcChannel channel, CancellationToken stopping)
    {
        ExperimentCrew? crew = null;
        try
        {
            await foreach (var assignment in assignments.WithCancellation(stopping))
            {
                if (crew is not null && !crew.Serves(assignment))
                {
                    await crew.DisposeAsync();
                    crew = null;
                }

                if (assignment.Experiment.Length > 0)
                {
                    crew ??= MakeCrew(assignment, channel);
                    await crew.FillAsync(assignment.Slots);
                }
            }
        }
        finally
        {
            if (crew is not null)
            {
                await crew.DisposeAsync();
            }
        }
    }

    /// <exception cref="RpcException">UNAVAILABLE when this process cannot do the work: giving up the lease lets others try.</exception>
    private ExperimentCrew MakeCrew(Assignment assignment, GrpcChannel channel)
    {
        try
        {
            return new ExperimentCrew(assignment, _id, channel, options, loggers);
        }
        catch (Exception error)
        {
            _logger.LogError(error, "cannot work for {Experiment}, giving its slots back", assignment.Experiment);
            throw new RpcException(new Status(StatusCode.Unavailable, error.Message));
        }
    }
}
