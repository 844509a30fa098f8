using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Rapid.Agents;
using Rapid.Core;
using Rapid.Environments;
using Rapid.Hosting;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using Rapid.Specs;

namespace Rapid.Learner.Experiments;

/// <summary>What trying a spec may take.</summary>
public sealed record TrialLimits
{
    /// <summary>Trials at the same time. One whose environment never returns is one of them until the process ends.</summary>
    public int AtOnce { get; init; } = 4;

    /// <summary>Bytes that a learner may use.</summary>
    public long Memory { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
}

/// <summary>Tries what a spec alone does not tell: whether its environment can be played, and whether what it asks for fits.</summary>
/// <param name="service">Limits of the services, and what a trial may take.</param>
/// <param name="limits">Of the trials.</param>
/// <param name="logger">Hears of environments that do not return.</param>
public sealed class RunTrial(ServiceOptions service, TrialLimits limits, ILogger<RunTrial> logger)
{
    private const int Steps = 10;

    // Part of the run's seed: ASCII of "envs", as of the slots of actors.
    private const ulong EnvironmentRole = 0x656E7673;

    // Names, hashes and counters of a message.
    private const int MessageOverhead = 1 << 10;

    private readonly Lock _gate = new();
    private readonly List<(string Environment, long Began)> _underWay = [];
    private readonly Channel<bool> _free = Places(limits.AtOnce);

    /// <summary>Plays a moment with the spec's own options and adds up what its network and its messages need.</summary>
    /// <param name="spec">Valid as such.</param>
    /// <param name="cancellation">Gives up; the trial goes on by itself.</param>
    /// <exception cref="SpecException">With every problem.</exception>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: as many trials as there may be do not end.</exception>
    public async Task CheckAsync(ExperimentOptions spec, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(spec);
        await TakePlaceAsync(cancellation);
        var watch = new CallWatch(service.EnvironmentPatience);
        var result = Start(spec, watch);
        try
        {
            if (await result.WaitAsync(service.EnvironmentPatience, cancellation) is { } problem)
            {
                throw new SpecException([problem]);
            }
        }
        catch (TimeoutException)
        {
            var reason = watch.Describe();
            logger.LogWarning("a trial of {Environment} does not end: {Reason}", spec.Environment.Name, reason);
            throw new SpecException([Unplayable(spec, reason)]);
        }
    }

    /// <summary>On a thread of its own: no thread can be stopped from outside, and one that is stuck must be missing nowhere.</summary>
    private Task<SpecProblem?> Start(ExperimentOptions spec, CallWatch watch)
    {
        var result = new TaskCompletionSource<SpecProblem?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var entry = (spec.Environment.Name, Stopwatch.GetTimestamp());
        lock (_gate)
        {
            _underWay.Add(entry);
        }

        new Thread(() =>
        {
            try
            {
                result.SetResult(Try(spec, watch));
            }
            catch (Exception error)
            {
                result.SetException(error);
            }
            finally
            {
                lock (_gate)
                {
                    _underWay.Remove(entry);
                }

                _free.Writer.TryWrite(true);
            }
        })
        {
            IsBackground = true,
            Name = "trial",
        }.Start();
        return result.Task;
    }

    private SpecProblem? Try(ExperimentOptions spec, CallWatch watch)
    {
        try
        {
            using var environment = new VectorEnvironment(
                _ => EnvironmentFactory.Create(spec.Environment), 1, RandomStream.Derive(spec.Seed, EnvironmentRole, 0), watch: watch);
            return Play(environment) is { } reason ? Unplayable(spec, reason)
                : ProblemOf(spec, environment.ObservationSpace, environment.ActionSpace);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // Whatever an environment of the user's throws, it would throw it at every actor.
            return Unplayable(spec, error.Message);
        }
    }

    private static Channel<bool> Places(int count)
    {
        var places = Channel.CreateUnbounded<bool>();
        for (var i = 0; i < count; i++)
        {
            places.Writer.TryWrite(true);
        }

        return places;
    }

    private async Task TakePlaceAsync(CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(service.EnvironmentPatience);
        try
        {
            if (AllAreStuck())
            {
                throw TooManyStuck();
            }

            await _free.Reader.ReadAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw TooManyStuck();
        }
    }

    private bool AllAreStuck()
    {
        lock (_gate)
        {
            return _underWay.Count(trial => Stopwatch.GetElapsedTime(trial.Began) > service.EnvironmentPatience) >= limits.AtOnce;
        }
    }

    private RpcException TooManyStuck()
    {
        lock (_gate)
        {
            var names = string.Join(", ", _underWay.Select(trial => $"'{trial.Environment}'").Distinct());
            return new RpcException(new Status(
                StatusCode.ResourceExhausted,
                $"{_underWay.Count} trials of environments do not end ({names}), more are not begun; mend the environment and start the "
                    + "learner again"));
        }
    }

    private static SpecProblem Unplayable(ExperimentOptions spec, string reason) =>
        new("environment", $"'{spec.Environment.Name}' cannot be played with its options: {reason}");

    /// <summary>Why no step of an episode brings anything to learn from; null when one does.</summary>
    private static string? Play(VectorEnvironment environment)
    {
        var size = environment.ObservationSpace.Size;
        var (seen, final, action) = (new float[size], new float[size], new float[environment.ActionSpace.Size]);
        var (reward, terminated, truncated) = (new float[1], new byte[1], new byte[1]);
        environment.Reset(seen);
        for (var step = 0; step < Steps; step++)
        {
            environment.Step(action, seen, reward, terminated, truncated, final);
        }

        return environment.BrokenCount == Steps ? environment.Breakdowns[0].Reason : null;
    }

    // What a spec may ask for is more than 64 bits count: sizes are of 128.
    private SpecProblem? ProblemOf(ExperimentOptions spec, Space observations, Space actions)
    {
        PolicyLayout? layout = null;
        Int128 parameters;
        try
        {
            layout = ExperimentPolicy.LayoutOf(spec, observations, actions);
            parameters = layout.Length;
        }
        catch (NetworkTooLargeException error)
        {
            parameters = error.Parameters;
        }

        var memory = parameters * AgentRegistry.Of(spec).BytesPerParameter;
        if (memory > limits.Memory)
        {
            return new SpecProblem("network.hidden_sizes", string.Create(
                CultureInfo.InvariantCulture,
                $"{parameters} parameters with the optimiser's state need {Mebibytes(memory)} of the learner's {Mebibytes(limits.Memory)}; "
                    + $"allowed: a smaller network"));
        }

        if (layout is null)
        {
            return new SpecProblem(
                "network.hidden_sizes", $"the network has {parameters} parameters; allowed: at most {int.MaxValue}");
        }

        // What the learner sends for each version, what actors send for each block, and what the replay service sends for each batch.
        var observation = observations is FrameSpace ? observations.Size : sizeof(float) * (Int128)observations.Size;
        var step = observation + sizeof(float) * ((Int128)actions.Size + 1);
        var (rollout, environments) = (spec.Algorithm.RolloutSteps, spec.Actors.Environments);
        return TooLarge("network.hidden_sizes", "policy", sizeof(float) * parameters + 16 * (Int128)layout.ObservationSize)
            ?? TooLarge("algorithm.rollout_steps", "block of an actor", step * rollout * environments)
            ?? AgentRegistry.Of(spec).Tables(spec).Select(plan => plan switch
            {
                TransitionsPlan drawn => TooLarge("algorithm.batch_size", "batch", (step + observation) * drawn.BatchSize),
                SequencesPlan drawn =>
                    TooLarge("algorithm.sample_multiplier", "batch of sequences", step * rollout * drawn.Sequences),
                _ => null,
            }).FirstOrDefault(problem => problem is not null);
    }

    private SpecProblem? TooLarge(string field, string what, Int128 bytes) => bytes + MessageOverhead <= service.MaxMessageBytes
        ? null
        : new SpecProblem(field, $"a {what} has at least {Mebibytes(bytes)} and a message at most {Mebibytes(service.MaxMessageBytes)}; "
            + "allowed: a smaller one, or a larger RAPID_MAX_MESSAGE for every service");

    private static string Mebibytes(Int128 bytes) => string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / 1048576.0:0.#} MiB");
}
