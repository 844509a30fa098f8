using Grpc.Core;
using Rapid.Agents.OffPolicy;
using Rapid.Core;
using Rapid.Hosting;
using Rapid.Learner.Replay;
using Rapid.Protocol;
using Rapid.Protocol.Files;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Learner.Runs;

/// <summary>
/// The data that an offline run learns from. They are checked as a whole before the run begins, put into the run's table, and put there
/// again when the table was lost.
/// </summary>
public sealed class OfflineData
{
    // A table that was lost stays empty this long at the most before it is filled again.
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    // Recorded actions may be rounded, but must not be in other units than the environment's.
    private const double ActionTolerance = 1e-3;

    private readonly ReplayData _data;
    private readonly Space _observations, _actions;

    private OfflineData(ReplayData data, Space observations, Space actions) =>
        (_data, _observations, _actions) = (data, observations, actions);

    /// <summary>Environment steps.</summary>
    public long Steps => _data.Steps;

    /// <summary>Opens the data of a spec and reads their headers.</summary>
    /// <exception cref="SpecException">There are none, or they do not suit the spec.</exception>
    public static async Task<OfflineData> OpenAsync(ExperimentOptions spec, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var data = await ReadAsync(() => ReplayData.OpenAsync(spec.Replay.Data, cancellation));
        var (source, options) = (data.Index.Environment?.Name, (OffPolicyOptions)spec.Algorithm);
        SpecProblem? problem = 0 switch
        {
            _ when source is not null && source != spec.Environment.Name =>
                new("environment.name", $"is {spec.Environment.Name} where {spec.Replay.Data} holds data of {source}"),
            _ when data.Index.Environment is { } recorded && recorded.RescaleActions != spec.Environment.RescaleActions =>
                new("environment.rescale_actions",
                    $"{spec.Replay.Data} holds actions "
                    + (recorded.RescaleActions ? "in [-1, 1]; allowed: true" : "of the environment's own box; allowed: false")),
            _ when data.Steps == 0 => new("replay.data", $"{spec.Replay.Data} holds no blocks"),
            _ when data.Steps > spec.Replay.CapacitySteps =>
                new("replay.capacity_steps", $"{spec.Replay.CapacitySteps} is less than the {data.Steps} steps in {spec.Replay.Data}"),
            _ when options.NSteps > data.BlockSteps =>
                new("algorithm.n_steps",
                    $"{options.NSteps} is more than the {data.BlockSteps} steps of a block in {spec.Replay.Data}: returns do not cross blocks"),
            _ => null,
        };
        if (problem is not null)
        {
            throw new SpecException([problem]);
        }

        using var environment = EnvironmentFactory.Create(spec.Environment);
        return new OfflineData(data, environment.ObservationSpace, environment.ActionSpace);
    }

    /// <summary>Reads everything once.</summary>
    /// <exception cref="SpecException">A block is damaged, or is none of this environment.</exception>
    public async Task CheckAsync(CancellationToken cancellation) => await ReadAsync(async () =>
    {
        await _data.CheckAsync(ProblemOf, cancellation);
        return _data;
    });

    /// <summary>Returns when the table holds every block.</summary>
    /// <exception cref="InvalidDataException">The files are no longer what they were.</exception>
    public async Task FillAsync(ITable<ReceivedBatch> table, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        while ((long)await table.CreateAsync(cancellation) < Steps)
        {
            await foreach (var block in _data.ReadAsync(cancellation))
            {
                await table.AppendAsync([block], cancellation);
            }

            if ((long)await table.CreateAsync(cancellation) < Steps)
            {
                // It was lost on the way, and what came after that stands in the way of what came before: a producer's blocks are taken in
                // order.
                await ClearAsync(table, cancellation);
            }
        }
    }

    /// <summary>Fills the table whenever it was lost, until cancelled.</summary>
    /// <exception cref="InvalidDataException">The files are no longer what they were.</exception>
    public async Task KeepFilledAsync(ITable<ReceivedBatch> table, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(LookInterval);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            await FillAsync(table, cancellation);
        }
    }

    private static async Task ClearAsync(ITable<ReceivedBatch> table, CancellationToken cancellation)
    {
        try
        {
            await table.ClearAsync(cancellation);
        }
        catch (RpcException error) when (Resilience.IsTransient(error) && !cancellation.IsCancellationRequested)
        {
            // The replay service is away; when it is back, the table's steps are counted anew.
        }
    }

    private static async Task<ReplayData> ReadAsync(Func<Task<ReplayData>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new SpecException([new SpecProblem("replay.data", error.Message)]);
        }
    }

    /// <summary>Why a block cannot be of this environment, or null.</summary>
    private string? ProblemOf(Trajectory block)
    {
        var (steps, environments) = ((int)block.Steps, (int)block.Environments);
        try
        {
            block.Floats(TrajectoryColumns.Observations, steps + 1, environments, ((BoxSpace)_observations).Size);
            block.Floats(TrajectoryColumns.Rewards, steps, environments);
            block.Bytes(TrajectoryColumns.Terminated, steps, environments);
            block.Bytes(TrajectoryColumns.Truncated, steps, environments);
            return _actions switch
            {
                DiscreteSpace choices => ProblemOf(block.Longs(TrajectoryColumns.Actions, steps, environments), choices),
                BoxSpace box => ProblemOf(block.Floats(TrajectoryColumns.Actions, steps, environments, box.Size), box),
                _ => null,
            };
        }
        catch (InvalidDataException error)
        {
            return error.Message;
        }
    }

    private static string? ProblemOf(ReadOnlySpan<long> actions, DiscreteSpace choices)
    {
        var index = actions.IndexOfAnyExceptInRange(0, choices.Count - 1);
        return index < 0 ? null
            : $"column 'actions' holds {actions[index]} at element {index} (row-major); allowed: 0 to {choices.Count - 1}";
    }

    private static string? ProblemOf(ReadOnlySpan<float> actions, BoxSpace box)
    {
        for (var i = 0; i < actions.Length; i++)
        {
            var (low, high) = (box.Low[i % box.Size], box.High[i % box.Size]);
            var slack = ActionTolerance * (high - low);
            if (actions[i] < low - slack || actions[i] > high + slack)
            {
                return $"column 'actions' holds {actions[i]} at element {i} (row-major) where the environment takes {low} to {high}";
            }
        }

        return null;
    }
}
