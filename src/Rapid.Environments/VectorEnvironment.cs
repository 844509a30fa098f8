namespace Rapid.Environments;

/// <summary>A finished episode with raw reward.</summary>
/// <param name="Environment">Which one of the vector.</param>
/// <param name="Return">Sum of raw rewards.</param>
/// <param name="Length">Steps.</param>
/// <param name="Truncated">Cut by a time limit.</param>
public readonly record struct FinishedEpisode(int Environment, double Return, int Length, bool Truncated);

/// <summary>
/// Steps N environments as one, in parallel on a fixed set of threads, each with its own random stream, so that results depend on the seed
/// and the actions alone. An environment that ends is reset in the same step: its last observation goes to the final observations, and
/// the observation is already the first of the next episode. Nothing is allocated per step.
/// </summary>
public sealed class VectorEnvironment : IDisposable
{
    private readonly IEnvironment[] _environments;
    private readonly RandomStream[] _streams;
    private readonly double[] _returns;
    private readonly int[] _lengths;
    private readonly bool[] _broken;
    private readonly StepResult[] _results;
    private readonly List<FinishedEpisode> _finished;
    private readonly float[] _low;
    private readonly float[] _high;
    private readonly WorkerTeam? _team;
    private readonly int _observationSize;
    private readonly int _actionSize;
    private Memory<float> _observations, _finals;
    private ReadOnlyMemory<float> _actions;

    /// <summary>Makes a vector.</summary>
    /// <param name="make">Makes environment i; all must have equal spaces.</param>
    /// <param name="count">N.</param>
    /// <param name="seed">Environment i draws from <c>Derive(seed, i)</c>.</param>
    /// <param name="threads">Threads that step; 1 steps on the caller's.</param>
    public VectorEnvironment(Func<int, IEnvironment> make, int count, ulong seed, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(make);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _environments = [.. Enumerable.Range(0, count).Select(make)];
        _streams = [.. Enumerable.Range(0, count).Select(i => new RandomStream(RandomStream.Derive(seed, (ulong)i)))];
        _returns = new double[count];
        _lengths = new int[count];
        _broken = new bool[count];
        _results = new StepResult[count];
        _finished = new List<FinishedEpisode>(count);
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

    /// <summary>Environments reset because of a non-finite observation or reward or a diverged simulation, ever.</summary>
    public long BrokenCount { get; private set; }

    /// <summary>Whether the last step broke an environment; what it returned for that one means nothing.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>[N], which environments the last step broke.</summary>
    public ReadOnlySpan<bool> Broken => _broken;

    /// <summary>Episodes that ended in the last step; overwritten by the next.</summary>
    public IReadOnlyList<FinishedEpisode> Finished => _finished;

    /// <summary>Starts an episode in every environment.</summary>
    /// <param name="observations">[N, obs].</param>
    /// <exception cref="InvalidDataException">An environment begins with an observation that is not finite: it will never be of use.</exception>
    public void Reset(Span<float> observations)
    {
        for (var i = 0; i < Count; i++)
        {
            Restart(i, observations.Slice(i * _observationSize, _observationSize));
        }
    }

    /// <summary>Steps every environment once.</summary>
    /// <param name="actions">[N, act]; clipped to the box here, so callers keep what they sampled. Discrete: the index.</param>
    /// <param name="observations">[N, obs].</param>
    /// <param name="rewards">[N], as learned from; 0 where the environment broke, so that no sum is poisoned.</param>
    /// <param name="terminated">[N].</param>
    /// <param name="truncated">[N].</param>
    /// <param name="finalObservations">[N, obs]; row i is written when environment i ended.</param>
    public void Step(
        ReadOnlyMemory<float> actions, Memory<float> observations, Span<float> rewards, Span<byte> terminated, Span<byte> truncated,
        Memory<float> finalObservations)
    {
        (_actions, _observations, _finals) = (actions, observations, finalObservations);
        if (_team is null)
        {
            StepPart(0, 1);
        }
        else
        {
            _team.Run();
        }

        _finished.Clear();
        IsBroken = false;
        for (var i = 0; i < Count; i++)
        {
            var result = _results[i];
            if (_broken[i])
            {
                IsBroken = true;
                BrokenCount++;
            }
            else
            {
                _returns[i] += result.RawReward;
                _lengths[i]++;
            }

            var isOver = _broken[i] || ((result.Terminated || result.Truncated) && !result.GameGoesOn);
            if (isOver && !_broken[i])
            {
                _finished.Add(new FinishedEpisode(i, _returns[i], _lengths[i], result.Truncated));
            }

            if (isOver)
            {
                (_returns[i], _lengths[i]) = (0, 0);
            }

            rewards[i] = _broken[i] ? 0 : (float)result.Reward;
            terminated[i] = result.Terminated ? (byte)1 : (byte)0;
            truncated[i] = result.Truncated ? (byte)1 : (byte)0;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _team?.Dispose();
        foreach (var environment in _environments)
        {
            environment.Dispose();
        }
    }

    private void StepPart(int part, int parts)
    {
        Span<float> clipped = stackalloc float[_low.Length];
        for (var i = part * Count / parts; i < (part + 1) * Count / parts; i++)
        {
            scoped var action = _actions.Span.Slice(i * _actionSize, _actionSize);
            if (_low.Length > 0)
            {
                for (var j = 0; j < clipped.Length; j++)
                {
                    clipped[j] = Math.Clamp(action[j], _low[j], _high[j]);
                }

                action = clipped;
            }

            var observation = _observations.Span.Slice(i * _observationSize, _observationSize);
            var result = _environments[i].Step(action, observation);
            // A reward beyond what a float holds would arrive as infinite.
            _broken[i] = result.Diverged || !float.IsFinite((float)result.Reward) || !double.IsFinite(result.RawReward)
                || !AllFinite(observation);
            _results[i] = result;
            if (result.Terminated || result.Truncated || _broken[i])
            {
                observation.CopyTo(_finals.Span.Slice(i * _observationSize, _observationSize));
                _environments[i].Reset(_streams[i], observation);
                _broken[i] |= !AllFinite(observation);
            }
        }
    }

    private void Restart(int i, Span<float> observation)
    {
        (_returns[i], _lengths[i]) = (0, 0);
        _environments[i].Reset(_streams[i], observation);
        if (!AllFinite(observation))
        {
            throw new InvalidDataException($"environment {i} began an episode with an observation that is not finite");
        }
    }

    private static bool AllFinite(ReadOnlySpan<float> values)
    {
        foreach (var value in values)
        {
            if (!float.IsFinite(value))
            {
                return false;
            }
        }

        return true;
    }
}
