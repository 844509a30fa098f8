using System.Runtime.InteropServices;
using Rapid.Agents;
using Rapid.Environments;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Actor;

/// <summary>Blocks for on-policy learning: beside what happened, what the policy saw, thought of it and would have done.</summary>
public sealed class RolloutCollector : ICollector
{
    private readonly EnvironmentBlock _block;
    private readonly PolicyInference _policy;
    private readonly PolicyView _view;
    private readonly InferenceClock _inference;
    private readonly double _gamma;
    private readonly bool _wantsDiscountedReturns, _saysGames;
    private readonly int _steps, _count;
    private readonly float[] _logProbabilities, _values, _discounted, _running;
    private readonly float[] _distributions, _logStd;
    private bool _isStarted, _isBroken;

    /// <summary>Makes the environments of a slot.</summary>
    public RolloutCollector(ExperimentOptions options, uint slot)
        : this(options, slot, () => EnvironmentFactory.Create(options.Environment))
    {
    }

    internal RolloutCollector(ExperimentOptions options, uint slot, Func<IEnvironment> make, ulong life = 0, CallWatch? watch = null)
    {
        _block = new EnvironmentBlock(options, slot, life, make, watch);
        (_steps, _count, _gamma) = (_block.Steps, _block.Count, options.Algorithm.Gamma);
        _policy = new PolicyInference(ExperimentPolicy.LayoutOf(options, _block.ObservationSpace, _block.ActionSpace));
        _view = PolicyView.Create(options, _block, _policy.Layout);
        _inference = new InferenceClock(_steps);
        _wantsDiscountedReturns = options.Normalization.Rewards;
        _saysGames = ExperimentBlocks.SayGames(options);
        var rows = _steps * _count;
        (_logProbabilities, _values) = (new float[rows], new float[rows + _count]);
        (_discounted, _running) = (new float[rows], new float[_count]);
        var distributionSize = AgentRegistry.Of(options).Recording.HasDistributions ? rows * _policy.Layout.Outputs : 0;
        _distributions = new float[distributionSize];
        _logStd = new float[_policy.Layout.IsDiscrete ? 0 : distributionSize];
    }

    /// <inheritdoc/>
    public TimeSpan Inference => _inference.OfBlock;

    /// <inheritdoc/>
    public IReadOnlyList<Breakdown> Breakdowns => _block.Breakdowns;

    /// <summary>Goes on in the middle of the games of another collector of this slot, bit for bit, instead of beginning new ones.</summary>
    /// <param name="games">One for each environment.</param>
    /// <param name="cancellation">Checked at every step: games may be long.</param>
    /// <exception cref="InvalidDataException">They are another number, or cannot be played again. This collector is of no more
    /// use.</exception>
    public void GoOnWith(IReadOnlyList<GameRecord> games, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(games);
        if (games.Count != _count)
        {
            throw new InvalidDataException($"the learner knows {games.Count} games of a slot with {_count} environments");
        }

        for (var i = 0; i < _count; i++)
        {
            var environment = i;
            _block.GoOn(
                environment,
                games[environment],
                () => _view.BeginAgain(environment),
                (reward, ended) =>
                {
                    cancellation.ThrowIfCancellationRequested();
                    Accumulate(environment, reward, ended);
                    _view.ObserveAgain(ended);
                });
            _view.EndAgain();
        }

        _isStarted = true;
    }

    /// <inheritdoc/>
    public Trajectory? Collect(PolicySnapshot snapshot, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        Load(snapshot);
        _block.Begin();
        _inference.Begin();
        for (var t = 0; t < _steps; t++)
        {
            cancellation.ThrowIfCancellationRequested();
            _inference.Before(t);
            Act(t);
            _inference.After(t);
            if (!_block.Step(t))
            {
                // What was in flight cannot be trusted; running returns start again with the next block.
                _running.AsSpan().Clear();
                _isBroken = true;
                return null;
            }

            AccumulateReturns(t);
            _view.Observe(t + 1);
        }

        _policy.Values(_view.Inputs(_steps), _values.AsSpan(_steps * _count));
        return Pack(snapshot);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.Dispose();
        _policy.Dispose();
        _block.Dispose();
    }

    private void Load(PolicySnapshot snapshot)
    {
        if (_policy.Layout.Problem(snapshot) is { } problem)
        {
            throw new InvalidDataException(problem);
        }

        _policy.Load(MemoryMarshal.Cast<byte, float>(snapshot.Parameters.Span));
        if (!_isStarted)
        {
            _block.Start(snapshot.Step);
            _isStarted = true;
        }
        else if (_isBroken && _saysGames)
        {
            // Nobody was told what the broken block did: what goes on from there could never be played again.
            _block.Restart();
        }

        _isBroken = false;

        _view.Begin(snapshot);
    }

    private void Act(int t) => _policy.Act(
        _view.Inputs(t), _block.Noise, _block.Actions(t), _logProbabilities.AsSpan(t * _count, _count),
        _values.AsSpan(t * _count, _count),
        _distributions.Length == 0 ? [] : _distributions.AsSpan(t * _count * _policy.Layout.Outputs, _count * _policy.Layout.Outputs));

    private void AccumulateReturns(int t)
    {
        var rewards = _block.Rewards(t);
        for (var i = 0; i < _count; i++)
        {
            _discounted[t * _count + i] = Accumulate(i, rewards[i], _block.IsEnd(t, i));
        }
    }

    /// <summary>Adds a reward of environment i to its discounted return.</summary>
    private float Accumulate(int i, float reward, bool ended)
    {
        var discounted = (float)(_gamma * _running[i] + reward);
        _running[i] = ended ? 0 : discounted;
        return discounted;
    }

    private Trajectory Pack(PolicySnapshot snapshot)
    {
        var block = _block.Open(snapshot.Version);
        _view.Pack(block);
        _block.Pack(block);
        block.Add<float>(TrajectoryColumns.LogProbabilities, _logProbabilities, _steps, _count);
        PackDistributions(snapshot, block);
        block.Add<float>(TrajectoryColumns.Values, _values, _steps + 1, _count);
        if (_wantsDiscountedReturns)
        {
            block.Add<float>(TrajectoryColumns.DiscountedReturns, _discounted, _steps, _count);
        }

        return block;
    }

    private void PackDistributions(PolicySnapshot snapshot, Trajectory block)
    {
        var outputs = _policy.Layout.Outputs;
        if (_distributions.Length == 0)
        {
            return;
        }

        if (_policy.Layout.IsDiscrete)
        {
            block.Add<float>(TrajectoryColumns.BehaviourLogProbabilities, _distributions, _steps, _count, outputs);
            return;
        }

        var logStd = _policy.Layout["policy.log_std"];
        var current = MemoryMarshal.Cast<byte, float>(snapshot.Parameters.Span).Slice(logStd.Offset, logStd.Length);
        for (var i = 0; i < _logStd.Length; i += outputs)
        {
            current.CopyTo(_logStd.AsSpan(i));
        }

        block.Add<float>(TrajectoryColumns.BehaviourMean, _distributions, _steps, _count, outputs);
        block.Add<float>(TrajectoryColumns.BehaviourLogStd, _logStd, _steps, _count, outputs);
    }
}
