using System.Globalization;
using Rapid.Core;

namespace Rapid.Environments;

/// <summary>A finished episode with raw reward.</summary>
/// <param name="Environment">Which one of the vector.</param>
/// <param name="Return">Sum of raw rewards.</param>
/// <param name="Length">Steps.</param>
/// <param name="Truncated">Cut by a time limit.</param>
public readonly record struct FinishedEpisode(int Environment, double Return, int Length, bool Truncated);

/// <summary>An environment that broke and was reset: what its step brought means nothing.</summary>
/// <param name="Environment">Which one of the vector.</param>
/// <param name="Reason">What MuJoCo says, or what was not finite.</param>
public readonly record struct Breakdown(int Environment, string Reason);

/// <summary>
/// Steps N environments as one, in parallel on a fixed set of threads, each with its own random stream, so that results depend on the seed
/// and the actions alone. An environment that ends is reset in the same step: its last observation goes to the final observations, and
/// the observation is already the first of the next episode. Every thread has a fixed part of the environments; where all of them have
/// steps in two halves, it does what lies between for its part in one call. Nothing is allocated per step.
/// </summary>
public sealed partial class VectorEnvironment : IDisposable
{
    private readonly IEnvironment[] _environments;
    private readonly RandomStream[] _streams;
    private readonly double[] _returns;
    private readonly int[] _lengths;
    private readonly StepResult[] _results;
    private readonly List<FinishedEpisode> _finished;
    private readonly List<Breakdown> _breakdowns = [];
    private readonly IHalvedEnvironment[] _halves;
    private readonly IMiddleBatch? _middles;
    private readonly float[] _low;
    private readonly float[] _high;
    private readonly WorkerTeam? _team;
    private readonly CallWatch? _watch;
    private readonly int _observationSize;
    private readonly int _actionSize;
    private Memory<float> _observations, _finals;
    private ReadOnlyMemory<float> _actions;
    private bool _isDisposed;

    /// <summary>Makes a vector.</summary>
    /// <param name="make">Makes environment i; all must have equal spaces.</param>
    /// <param name="count">N.</param>
    /// <param name="seed">As <see cref="Reseed"/> takes it.</param>
    /// <param name="threads">Threads that step; 1 steps on the caller's.</param>
    /// <param name="keepsStarts">Whether <see cref="StartOf"/> is asked for.</param>
    /// <param name="watch">Is told of every call; null when nobody waits for them.</param>
    public VectorEnvironment(
        Func<int, IEnvironment> make, int count, ulong seed, int threads = 1, bool keepsStarts = false, CallWatch? watch = null)
    {
        ArgumentNullException.ThrowIfNull(make);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _watch = watch;
        _watch?.Enter("come to be");
        try
        {
            _environments = [.. Enumerable.Range(0, count).Select(make)];
        }
        finally
        {
            _watch?.Leave();
        }

        _streams = [.. Enumerable.Range(0, count).Select(_ => new RandomStream(seed))];
        Reseed(seed);
        _starts = keepsStarts ? [.. Enumerable.Range(0, count).Select(_ => new GameStart())] : null;
        _returns = new double[count];
        _lengths = new int[count];
        _results = new StepResult[count];
        _finished = new List<FinishedEpisode>(count);
        _halves = [.. _environments.OfType<IHalvedEnvironment>()];
        IStepMiddle[] middles = [.. _halves.Select(halves => halves.Middle).OfType<IStepMiddle>()];
        _middles = middles.Length == count ? middles[0].Batch(middles) : null;
        _observationSize = ObservationSpace.Size;
        var box = ActionSpace as BoxSpace;
        _low = [.. box?.Low ?? []];
        _high = [.. box?.High ?? []];
        _actionSize = box?.Size ?? 1;
        _team = threads > 1 && count > 1 ? new WorkerTeam(Math.Min(threads, count), StepPart) : null;
    }

    /// <summary>N.</summary>
    public int Count => _environments.Length;

    /// <summary>Of one environment.</summary>
    public Space ObservationSpace => _environments[0].ObservationSpace;

    /// <summary>Of one environment.</summary>
    public Space ActionSpace => _environments[0].ActionSpace;

    /// <summary>Environments that broke, ever: a non-finite observation or reward, or a simulation that broke down.</summary>
    public long BrokenCount { get; private set; }

    /// <summary>Environments that the last step broke, and why; overwritten by the next. Nothing may be learned from their steps.</summary>
    public IReadOnlyList<Breakdown> Breakdowns => _breakdowns;

    /// <summary>Episodes that ended in the last step; overwritten by the next.</summary>
    public IReadOnlyList<FinishedEpisode> Finished => _finished;

    /// <summary>Starts the random streams anew.</summary>
    /// <param name="seed">Environment i draws from <c>Derive(seed, i)</c>.</param>
    public void Reseed(ulong seed)
    {
        for (var i = 0; i < Count; i++)
        {
            _streams[i].Reseed(RandomStream.Derive(seed, (ulong)i));
        }
    }

    /// <summary>Starts an episode in every environment.</summary>
    /// <param name="observations">[N, obs].</param>
    /// <exception cref="InvalidDataException">An environment begins with an observation that is not finite: it will never be of
    /// use.</exception>
    public void Reset(Span<float> observations)
    {
        _watch?.Enter("begin an episode");
        try
        {
            for (var i = 0; i < Count; i++)
            {
                Restart(i, observations.Slice(i * _observationSize, _observationSize));
            }
        }
        finally
        {
            _watch?.Leave();
        }
    }

    /// <summary>Steps every environment once.</summary>
    /// <param name="actions">[N, act]; clipped to the box here, so callers keep what they sampled. Discrete: the index.</param>
    /// <param name="observations">[N, obs].</param>
    /// <param name="rewards">[N], as learned from; 0 where the environment broke, so that no sum is poisoned.</param>
    /// <param name="terminated">[N].</param>
    /// <param name="truncated">[N]; also 1 where the environment broke.</param>
    /// <param name="finalObservations">[N, obs]; row i is written when environment i ended.</param>
    public void Step(
        ReadOnlyMemory<float> actions, Memory<float> observations, Span<float> rewards, Span<byte> terminated, Span<byte> truncated,
        Memory<float> finalObservations)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        (_actions, _observations, _finals) = (actions, observations, finalObservations);
        _watch?.Enter("end a step");
        try
        {
            if (_team is null)
            {
                StepPart(0, 1);
            }
            else
            {
                _team.Run();
            }
        }
        finally
        {
            _watch?.Leave();
        }

        _finished.Clear();
        _breakdowns.Clear();
        for (var i = 0; i < Count; i++)
        {
            ref readonly var result = ref _results[i];
            Account(i, result);
            rewards[i] = (float)result.Reward;
            terminated[i] = result.Terminated ? (byte)1 : (byte)0;
            truncated[i] = result.Truncated ? (byte)1 : (byte)0;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        _team?.Dispose();
        _watch?.Enter("close");
        foreach (var environment in _environments)
        {
            environment.Dispose();
        }

        _watch?.Leave();
    }

    private void StepPart(int part, int parts) => StepRange(part * Count / parts, (part + 1) * Count / parts);

    private void StepRange(int first, int end)
    {
        Span<float> clipped = stackalloc float[_low.Length];
        if (_middles is null)
        {
            for (var i = first; i < end; i++)
            {
                Finish(i, _environments[i].Step(Action(i, clipped), Row(_observations, i)));
            }

            return;
        }

        for (var i = first; i < end; i++)
        {
            _halves[i].Begin(Action(i, clipped));
        }

        _middles.Run(first, end - first);
        for (var i = first; i < end; i++)
        {
            Finish(i, _halves[i].End(_middles.Breakdown(i), Row(_observations, i)));
        }
    }

    /// <summary>What environment i is told: what the caller wants, clipped to the box if there is one.</summary>
    private ReadOnlySpan<float> Action(int i, Span<float> clipped)
    {
        var action = _actions.Span.Slice(i * _actionSize, _actionSize);
        if (clipped.Length == 0)
        {
            return action;
        }

        for (var j = 0; j < clipped.Length; j++)
        {
            clipped[j] = Math.Clamp(action[j], _low[j], _high[j]);
        }

        return clipped;
    }

    /// <summary>Adds a step of environment i to its episode, and notes the episode's end.</summary>
    private void Account(int i, in StepResult result)
    {
        if (result.Breakdown is { } reason)
        {
            BrokenCount++;
            _breakdowns.Add(new Breakdown(i, reason));
            (_returns[i], _lengths[i]) = (0, 0);
            return;
        }

        _returns[i] += result.RawReward;
        _lengths[i]++;
        if (IsGameOver(result))
        {
            _finished.Add(new FinishedEpisode(i, _returns[i], _lengths[i], result.Truncated));
            (_returns[i], _lengths[i]) = (0, 0);
        }
    }

    private static bool IsGameOver(in StepResult result) => (result.Terminated || result.Truncated) && !result.GameGoesOn;

    /// <summary>Keeps what a step brought, and begins the next episode where one has ended.</summary>
    private void Finish(int i, StepResult result)
    {
        var observation = Row(_observations, i);
        result = Check(result, observation);
        if (result.Terminated || result.Truncated)
        {
            observation.CopyTo(Row(_finals, i));
            Begin(i, observation, isGame: !result.GameGoesOn);
            if (result.Breakdown is null && FirstNotFinite(observation) is var bad and >= 0)
            {
                result = StepResult.Broken(Describe("the next episode begins with an observation", bad, observation));
            }
        }

        _results[i] = result;
    }

    /// <summary>A step with what is no number is a breakdown, too.</summary>
    private static StepResult Check(StepResult result, ReadOnlySpan<float> observation)
    {
        if (result.Breakdown is { } reason)
        {
            return StepResult.Broken(reason);
        }

        // A reward beyond what a float holds would arrive as infinite.
        if (!float.IsFinite((float)result.Reward) || !double.IsFinite(result.RawReward))
        {
            return StepResult.Broken(string.Create(
                CultureInfo.InvariantCulture, $"the reward is not finite: {result.Reward}, unclipped {result.RawReward}"));
        }

        return FirstNotFinite(observation) is var bad and >= 0
            ? StepResult.Broken(Describe("the observation", bad, observation))
            : result;
    }

    private static string Describe(string what, int index, ReadOnlySpan<float> observation) =>
        string.Create(CultureInfo.InvariantCulture, $"{what} is not finite: its element {index} is {observation[index]}");

    private Span<float> Row(Memory<float> observations, int i) => observations.Span.Slice(i * _observationSize, _observationSize);

    private void Restart(int i, Span<float> observation)
    {
        (_returns[i], _lengths[i]) = (0, 0);
        Begin(i, observation, isGame: true);
        if (FirstNotFinite(observation) is var bad and >= 0)
        {
            throw new InvalidDataException(Describe($"environment {i} begins an episode with an observation that", bad, observation));
        }
    }

    /// <summary>Index of the first number that is none or is infinite; -1 when all are finite.</summary>
    private static int FirstNotFinite(ReadOnlySpan<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
