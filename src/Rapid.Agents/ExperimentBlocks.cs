using Rapid.Core;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Agents;

/// <summary>What the blocks of an experiment are like: what its actors write and its learner reads.</summary>
public static class ExperimentBlocks
{
    /// <summary>Whether blocks say how their games began, so that whoever takes a slot over goes on in the middle of them.</summary>
    public static bool SayGames(ExperimentOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.Lockstep && !AgentRegistry.Of(options).Recording.AreTransitions;
    }

    /// <summary>The signature of an actor's blocks.</summary>
    /// <param name="experiment">Id of the run.</param>
    /// <param name="options">Algorithm, normalisation, actors.</param>
    /// <param name="observations">What the environment shows.</param>
    /// <param name="actions">What it takes.</param>
    public static BlockSignature SignatureOf(string experiment, ExperimentOptions options, Space observations, Space actions)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observations);
        ArgumentNullException.ThrowIfNull(actions);
        var (steps, environments) = ((long)options.Algorithm.RolloutSteps, (long)options.Actors.Environments);
        var recording = AgentRegistry.Of(options).Recording;
        var (frames, size) = (observations as FrameSpace, (long)observations.Size);
        var observationType = frames is null ? DataType.Float32 : DataType.Uint8;
        var signature = new BlockSignature
        {
            Experiment = experiment,
            Steps = (uint)steps,
            Environments = (uint)environments,
            Slots = (uint)options.Actors.Count,
            Games = SayGames(options),
        };

        void Add(string name, DataType type, ulong limit, params ReadOnlySpan<long> shape)
        {
            var column = new ColumnSignature { Name = name, Type = type, Limit = limit };
            foreach (var dimension in shape)
            {
                column.Shape.Add(dimension);
            }

            signature.Columns.Add(column);
        }

        Add(TrajectoryColumns.Observations, observationType, 0, steps + 1, environments, size);
        if (!recording.AreTransitions)
        {
            if (frames is { Stack: > 1 })
            {
                Add(TrajectoryColumns.FrameHistory, DataType.Uint8, 0, frames.Stack - 1, environments, size);
            }
            else if (frames is null && options.Normalization.Observations)
            {
                Add(TrajectoryColumns.ObservationMoments, DataType.Float64, 0, 2, size);
                Add(TrajectoryColumns.ObservationCount, DataType.Float64, 0, 1);
            }
        }

        if (actions is DiscreteSpace choices)
        {
            Add(TrajectoryColumns.Actions, DataType.Int64, (ulong)choices.Count, steps, environments);
        }
        else
        {
            Add(TrajectoryColumns.Actions, DataType.Float32, 0, steps, environments, actions.Size);
        }

        Add(TrajectoryColumns.Rewards, DataType.Float32, 0, steps, environments);
        Add(TrajectoryColumns.Terminated, DataType.Uint8, 2, steps, environments);
        Add(TrajectoryColumns.Truncated, DataType.Uint8, 2, steps, environments);
        Add(TrajectoryColumns.FinalObservations, observationType, 0, -1, size);
        if (recording.AreTransitions)
        {
            return signature;
        }

        Add(TrajectoryColumns.LogProbabilities, DataType.Float32, 0, steps, environments);
        if (recording.HasDistributions)
        {
            foreach (var name in actions is DiscreteSpace
                ? (string[])[TrajectoryColumns.BehaviourLogProbabilities]
                : [TrajectoryColumns.BehaviourMean, TrajectoryColumns.BehaviourLogStd])
            {
                Add(name, DataType.Float32, 0, steps, environments, actions is DiscreteSpace { Count: var count } ? count : actions.Size);
            }
        }

        Add(TrajectoryColumns.Values, DataType.Float32, 0, steps + 1, environments);
        if (options.Normalization.Rewards)
        {
            Add(TrajectoryColumns.DiscountedReturns, DataType.Float32, 0, steps, environments);
        }

        return signature;
    }
}
