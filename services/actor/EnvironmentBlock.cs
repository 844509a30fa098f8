using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Rapid.Agents;
using Rapid.Core;
using Rapid.Environments;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Actor;

/// <summary>
/// The environments of one slot and what every block says about them: actions, rewards, endings, final observations, episodes. What happens
/// depends on the run's seed, the slot, where in the run it begins and the actions alone. Buffers are allocated once; nothing is allocated
/// per step.
/// </summary>
internal sealed class EnvironmentBlock : IDisposable
{
    // Parts of the run's seed: ASCII of "envs" and "acts".
    private const ulong EnvironmentRole = 0x656E7673, ActionRole = 0x61637473;

    private readonly VectorEnvironment _environments;
    private readonly float[] _actions, _rewards, _raw, _finals;
    private readonly byte[] _terminated, _truncated, _ended;
    private readonly long[] _indices;
    private readonly List<Episode> _episodes = [];
    private readonly ulong _seed, _slot, _life;
    private readonly bool _isDiscrete, _saysGames;
    private readonly int[] _began; // step of this block at which the game that goes on began; -1: before it
    private float[] _finalObservations = []; // of truncated steps, which are rare: grows to the most that a block had
    private ulong _reportedBroken;
    private int _keptFinals;

    /// <param name="options">Block length, environments, seed.</param>
    /// <param name="slot">Whose random streams.</param>
    /// <param name="life">As <see cref="ICollector.Create"/> takes it.</param>
    /// <param name="make">Makes one environment.</param>
    /// <param name="watch">Is told of every call of the environments; null when nobody waits for them.</param>
    public EnvironmentBlock(ExperimentOptions options, uint slot, ulong life, Func<IEnvironment> make, CallWatch? watch = null)
    {
        (_seed, _slot, _life) = (options.Seed, slot, life);
        (Steps, Count) = (options.Algorithm.RolloutSteps, options.Actors.Environments);
        _saysGames = ExperimentBlocks.SayGames(options);
        _environments = new VectorEnvironment(_ => make(), Count, options.Seed, options.Actors.Threads, _saysGames, watch);
        _began = new int[Count];
        Noise = [.. Enumerable.Range(0, Count).Select(_ => new RandomStream(options.Seed))];
        (ObservationSize, ActionSize) = (ObservationSpace.Size, ActionSpace.Size);
        _isDiscrete = ActionSpace is DiscreteSpace;
        var rows = Steps * Count;
        (_raw, _finals) = (new float[Count * ObservationSize], new float[Count * ObservationSize]);
        _actions = new float[rows * ActionSize];
        _indices = _isDiscrete ? new long[rows] : [];
        (_rewards, _terminated, _truncated, _ended) = (new float[rows], new byte[rows], new byte[rows], new byte[rows]);
    }

    /// <summary>T.</summary>
    public int Steps { get; }

    /// <summary>N.</summary>
    public int Count { get; }

    /// <summary>Elements of an observation; pixels of a frame.</summary>
    public int ObservationSize { get; }

    /// <summary>Elements of an action; 1 for an index.</summary>
    public int ActionSize { get; }

    /// <summary>Of one environment.</summary>
    public Space ObservationSpace => _environments.ObservationSpace;

    /// <summary>Of one environment.</summary>
    public Space ActionSpace => _environments.ActionSpace;

    /// <summary>[N], the random stream of each environment's actions.</summary>
    public RandomStream[] Noise { get; }

    /// <summary>[N, obs], raw, of this moment.</summary>
    public ReadOnlySpan<float> Observations => _raw;

    /// <summary>[K, obs], raw final observations of the K truncations of this block so far; may be normalised in place.</summary>
    public Span<float> FinalObservations => _finalObservations.AsSpan(0, _keptFinals * ObservationSize);

    /// <summary>[N, act], to be filled before step t.</summary>
    public Span<float> Actions(int t) => _actions.AsSpan(t * Count * ActionSize, Count * ActionSize);

    /// <summary>[N] of step t.</summary>
    public ReadOnlySpan<float> Rewards(int t) => _rewards.AsSpan(t * Count, Count);

    /// <summary>Whether step t ended the episode of environment i.</summary>
    public bool IsEnd(int t, int i) => _ended[t * Count + i] != 0;

    /// <summary>Environments that the last step broke, and why.</summary>
    public IReadOnlyList<Breakdown> Breakdowns => _environments.Breakdowns;

    /// <summary>[N], 1 where step t ended an episode.</summary>
    public ReadOnlySpan<byte> Ended(int t) => _ended.AsSpan(t * Count, Count);

    /// <summary>Begins the first episodes, with random streams that belong to this moment of the run: a run that goes on from a checkpoint
    /// does not see again what it began with.</summary>
    /// <param name="step">Of the run, when the policy that acts first was made.</param>
    public void Start(long step)
    {
        ulong[] moment = step == 0 && _life == 0 ? [] : [(ulong)step, _life];
        _environments.Reseed(RandomStream.Derive(_seed, [EnvironmentRole, _slot, .. moment]));
        for (var i = 0; i < Count; i++)
        {
            Noise[i].Reseed(RandomStream.Derive(_seed, [ActionRole, _slot, (ulong)i, .. moment]));
        }

        Restart();
    }

    /// <summary>Begins a new game in every environment, with random streams that go on.</summary>
    public void Restart()
    {
        _environments.Reset(_raw);
        _began.AsSpan().Clear();
    }

    /// <summary>Goes on with a game that another block of this slot was in the middle of, instead of <see cref="Start"/>.</summary>
    /// <param name="i">Which environment; each once.</param>
    /// <param name="game">The game.</param>
    /// <param name="begun">Called when <see cref="Observations"/> has the game's first observation in row i.</param>
    /// <param name="stepped">Called after every step of it.</param>
    /// <exception cref="InvalidDataException">The game cannot be played again.</exception>
    public void GoOn(int i, GameRecord game, Action begun, ReplayedStep stepped)
    {
        var actions = MemoryMarshal.Cast<byte, float>(game.Actions.Span).ToArray();
        if (game.Actions.Length % (sizeof(float) * ActionSize) != 0)
        {
            throw new InvalidDataException($"a game's actions have {game.Actions.Length} bytes, {sizeof(float) * ActionSize} for each");
        }

        var start = new GameStart { Carried = game.Carried.Memory };
        game.Random.CopyTo(start.Random, 0);
        _environments.Replay(i, start, actions, _raw, begun, stepped);
        if (game.HasObserved && game.Observed != ChecksumOf(i))
        {
            throw new InvalidDataException(
                $"environment {i} shows something else than at first when {actions.Length / ActionSize} actions of its game were played "
                + "again: it is not deterministic for its random stream and its actions, or brings something from earlier games that it "
                + "does not say");
        }

        Noise[i].ImportState([.. game.Noise]);
        _began[i] = -1;
    }

    /// <summary>Begins a block where the last one ended.</summary>
    public void Begin()
    {
        _keptFinals = 0;
        _episodes.Clear();
    }

    /// <summary>Steps all environments with the actions of step t.</summary>
    /// <returns>False when one broke: the block cannot be trusted.</returns>
    public bool Step(int t)
    {
        var actions = _actions.AsMemory(t * Count * ActionSize, Count * ActionSize);
        var (start, truncated) = (t * Count, _truncated.AsMemory(t * Count, Count));
        _environments.Step(actions, _raw, _rewards.AsSpan(start, Count), _terminated.AsSpan(start, Count), truncated.Span, _finals);
        if (Breakdowns.Count > 0)
        {
            return false;
        }

        for (var i = 0; i < Count; i++)
        {
            _ended[start + i] = (byte)(_terminated[start + i] | truncated.Span[i]);
            if (truncated.Span[i] != 0)
            {
                KeepFinal(_finals.AsSpan(i * ObservationSize, ObservationSize));
            }
        }

        foreach (var episode in _environments.Finished)
        {
            _began[episode.Environment] = t + 1;
            _episodes.Add(new Episode
            {
                Step = (uint)t,
                Environment = (uint)episode.Environment,
                Return = episode.Return,
                Length = (uint)episode.Length,
                Truncated = episode.Truncated,
            });
        }

        return true;
    }

    /// <summary>A block of all steps without columns and without its address.</summary>
    /// <param name="policyVersion">Who acted.</param>
    public Trajectory Open(long policyVersion) => new()
    {
        Steps = (uint)Steps,
        Environments = (uint)Count,
        PolicyVersion = policyVersion,
    };

    /// <summary>Adds the columns that this class knows, all but the observations.</summary>
    public void Pack(Trajectory block)
    {
        if (_isDiscrete)
        {
            for (var i = 0; i < _indices.Length; i++)
            {
                _indices[i] = (long)_actions[i];
            }

            block.Add<long>(TrajectoryColumns.Actions, _indices, Steps, Count);
        }
        else
        {
            block.Add<float>(TrajectoryColumns.Actions, _actions, Steps, Count, ActionSize);
        }

        block.Add<float>(TrajectoryColumns.Rewards, _rewards, Steps, Count);
        block.Add<byte>(TrajectoryColumns.Terminated, _terminated, Steps, Count);
        block.Add<byte>(TrajectoryColumns.Truncated, _truncated, Steps, Count);
        if (ObservationSpace is FrameSpace)
        {
            var frames = new byte[FinalObservations.Length];
            TensorPrimitives.ConvertTruncating<float, byte>(FinalObservations, frames);
            block.Add<byte>(TrajectoryColumns.FinalObservations, frames, _keptFinals, ObservationSize);
        }
        else
        {
            block.Add<float>(TrajectoryColumns.FinalObservations, FinalObservations, _keptFinals, ObservationSize);
        }

        block.Episodes.AddRange(_episodes);
        block.BrokenEnvironments = (ulong)_environments.BrokenCount - _reportedBroken;
        _reportedBroken = (ulong)_environments.BrokenCount;
        if (_saysGames)
        {
            PackGames(block);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _environments.Dispose();

    private void PackGames(Trajectory block)
    {
        Span<ulong> noise = stackalloc ulong[RandomStream.StateSize];
        for (var i = 0; i < Count; i++)
        {
            if (_began[i] >= 0)
            {
                var start = _environments.StartOf(i);
                var game = new GameBeginning
                {
                    Environment = (uint)i,
                    Step = (uint)_began[i],
                    Carried = ByteString.CopyFrom(start.Carried.Span),
                };
                game.Random.AddRange(start.Random);
                block.Games.Add(game);
                _began[i] = -1;
            }

            Noise[i].ExportState(noise);
            block.Noise.AddRange(noise);
            block.Observed.Add(ChecksumOf(i));
        }
    }

    /// <summary>CRC-32C of what environment i shows.</summary>
    private uint ChecksumOf(int i)
    {
        var words = MemoryMarshal.Cast<float, uint>(Observations.Slice(i * ObservationSize, ObservationSize));
        var crc = uint.MaxValue;
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        return ~crc;
    }

    private void KeepFinal(ReadOnlySpan<float> observation)
    {
        var end = (_keptFinals + 1) * ObservationSize;
        if (end > _finalObservations.Length)
        {
            Array.Resize(ref _finalObservations, 2 * end);
        }

        observation.CopyTo(_finalObservations.AsSpan(_keptFinals++ * ObservationSize));
    }
}
