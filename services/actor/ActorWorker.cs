using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rapid.Environments;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Actor;

/// <summary>Enlists with a learner and fills the slots it is given. The open call is the lease: when it breaks, all work stops.</summary>
/// <param name="options">Where learners are, and how services are reached.</param>
/// <param name="loggers">Says what goes wrong.</param>
public sealed class ActorWorker(ServiceOptions options, ILoggerFactory loggers) : BackgroundService
{
    // Threads that environments do not give back are the process' until it ends.
    private const int MostLeftBehind = 3;

    private readonly ILogger _logger = loggers.CreateLogger<ActorWorker>();
    private readonly string _id = $"{Environment.MachineName}-{Environment.ProcessId}-{Guid.NewGuid():N}";
    private int _failures, _leftBehind;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var request = new EnlistRequest { Worker = _id, Role = WorkerRole.Actor, MaxSlots = (uint)options.ActorSlots };
        await Enlistment.FollowAsync(
            options.Learners, options, request, _logger, (learner, work) => WorkAsync(learner, work, stoppingToken), stoppingToken);
    }

    private async Task WorkAsync(GrpcChannel learner, IAsyncEnumerable<Assignment> work, CancellationToken stopping)
    {
        ExperimentCrew? crew = null;
        try
        {
            await foreach (var assignment in work.WithCancellation(stopping))
            {
                if (crew is not null && !crew.Serves(assignment))
                {
                    await crew.DisposeAsync();
                    crew = null;
                }

                if (assignment.Experiment.Length > 0)
                {
                    crew ??= await MakeCrewAsync(learner, assignment, stopping);
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
    private async Task<ExperimentCrew> MakeCrewAsync(GrpcChannel learner, Assignment assignment, CancellationToken stopping)
    {
        var assignments = new Assignments.AssignmentsClient(learner);
        try
        {
            if (_leftBehind >= MostLeftBehind)
            {
                throw new InvalidDataException(
                    $"{_leftBehind} environments did not come to be and hold threads of this actor, which makes no more; start it again");
            }

            var watch = new CallWatch(options.EnvironmentPatience);
            var crew = await watch.RunAsync(
                () => new ExperimentCrew(
                    assignment, _id, assignments, new Protocol.V1.Policies.PoliciesClient(learner), options, loggers, watch));
            _failures = 0;
            return crew;
        }
        catch (Exception error)
        {
            _logger.LogError(error, "cannot work for {Experiment}, giving its slots back", assignment.Experiment);
            _failures++;
            _leftBehind += error is StuckEnvironmentException ? 1 : 0;
            foreach (var slot in assignment.Slots)
            {
                await FailureReports.SendAsync(assignments, assignment, slot, _failures, error.Message, stopping);
            }

            throw new RpcException(new Status(StatusCode.Unavailable, error.Message));
        }
    }
}
