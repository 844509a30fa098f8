using System.Runtime.InteropServices;
using Google.Protobuf;
using Rapid.Core;
using Rapid.Hosting;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Runs;

/// <summary>
/// What the environments of every slot of a run in lockstep are in the middle of, as of the newest update: how each game began and its
/// actions so far. Whoever takes a slot over plays them again and goes on bit for bit; a checkpoint holds them. Thread-safe.
/// </summary>
/// <param name="slots">Slots of the run.</param>
public sealed class GameLog(int slots)
{
    /// <summary>Steps of a game that are remembered at most. Most tasks end after 1000; a game without end must not fill the
    /// memory.</summary>
    public const int MostSteps = 200_000;

    private readonly Lock _gate = new();
    private readonly Slot[] _slots = [.. Enumerable.Range(0, slots).Select(_ => new Slot())];
    private readonly ChangeSignal _changes = new();
    private long _version; // 0: between an update and its weights
    private bool _isOver;

    /// <summary>Adds a block that was learned from. Until <see cref="GoOnAt"/> nobody takes a slot over.</summary>
    /// <returns>False when it makes a slot one whose games cannot be gone on with: one of them became too long.</returns>
    public bool Append(Trajectory block)
    {
        ArgumentNullException.ThrowIfNull(block);
        lock (_gate)
        {
            _version = 0;
            return _slots[block.Slot].Append(block);
        }
    }

    /// <summary>The next block of every slot is made with a policy version.</summary>
    public void GoOnAt(long version) => Change(() => _version = version);

    /// <summary>Nobody takes a slot over any more: this life of the run is over.</summary>
    public void Complete() => Change(() => _isOver = true);

    /// <summary>Waits until the run is at a policy version.</summary>
    /// <param name="slot">Which slot.</param>
    /// <param name="version">Or a later one.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The version that acts in the slot's next block, and its games; none when it has to begin new ones; null when this life of
    /// the run is over.</returns>
    public async Task<(long Version, IReadOnlyList<GameRecord> Games)?> TakeOverAsync(
        int slot, long version, CancellationToken cancellation)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_isOver)
                {
                    return null;
                }

                if (_version > 0 && _version >= version)
                {
                    return (_version, _slots[slot].Records());
                }

                changed = _changes.Next;
            }

            await changed.WaitAsync(cancellation);
        }
    }

    /// <summary>For a checkpoint: messages of the slots that can be taken over, each behind its length.</summary>
    public byte[] Save()
    {
        using var stream = new MemoryStream();
        lock (_gate)
        {
            for (var slot = 0; slot < _slots.Length; slot++)
            {
                var games = new SlotGames { Slot = (uint)slot };
                games.Games.AddRange(_slots[slot].Records());
                if (games.Games.Count > 0)
                {
                    games.WriteDelimitedTo(stream);
                }
            }
        }

        return stream.ToArray();
    }

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    /// <param name="saved">Null of a checkpoint without games: every slot begins new ones.</param>
    /// <exception cref="InvalidDataException">It is of another run.</exception>
    public void Load(ReadOnlyMemory<byte>? saved)
    {
        using var stream = new MemoryStream([.. saved.GetValueOrDefault().Span]);
        lock (_gate)
        {
            Array.ForEach(_slots, slot => slot.Forget());
            while (stream.Position < stream.Length)
            {
                var games = SlotGames.Parser.ParseDelimitedFrom(stream);
                if (games.Slot >= _slots.Length)
                {
                    throw new InvalidDataException($"it holds games of slot {games.Slot} of a run with {_slots.Length}");
                }

                _slots[games.Slot].Load(games.Games);
            }
        }
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
            _changes.Raise();
        }
    }

    private sealed class Slot
    {
        private Game[] _games = [];
        private ulong[] _noise = [];
        private uint[] _observed = [];

        /// <summary>Every game is known from its beginning.</summary>
        private bool IsKnown => _games.Length > 0 && Array.TrueForAll(_games, game => game.IsKnown);

        public bool Append(Trajectory block)
        {
            var environments = (int)block.Environments;
            if (block.Noise.Count == 0)
            {
                Forget();
                return true;
            }

            var wasKnown = IsKnown;
            _games = _games.Length == environments ? _games : [.. Enumerable.Range(0, environments).Select(_ => new Game())];
            (_noise, _observed) = ([.. block.Noise], [.. block.Observed]);
            var first = new int[environments];
            foreach (var begun in block.Games)
            {
                first[begun.Environment] = (int)begun.Step;
                _games[begun.Environment].Begin(begun.Random, begun.Carried);
            }

            var actions = ActionsOf(block);
            var size = actions.Length / ((int)block.Steps * environments);
            for (var i = 0; i < environments; i++)
            {
                for (var t = first[i]; t < block.Steps; t++)
                {
                    _games[i].Add(actions.Slice((t * environments + i) * size, size), MostSteps * size);
                }
            }

            return !wasKnown || IsKnown;
        }

        public IReadOnlyList<GameRecord> Records() => !IsKnown ? [] :
        [
            .. _games.Select((game, i) =>
            {
                var record = game.Record();
                record.Noise.AddRange(_noise.AsSpan(i * RandomStream.StateSize, RandomStream.StateSize));
                if (_observed.Length > 0)
                {
                    record.Observed = _observed[i];
                }

                return record;
            }),
        ];

        public void Load(IReadOnlyList<GameRecord> records)
        {
            _games = [.. records.Select(Game.Of)];
            _noise = [.. records.SelectMany(record => record.Noise)];
            _observed = [.. records.Where(record => record.HasObserved).Select(record => record.Observed)];
        }

        public void Forget() => (_games, _noise, _observed) = ([], [], []);

        /// <summary>[T, N, act] as environments take them: indices as numbers.</summary>
        private static ReadOnlySpan<float> ActionsOf(Trajectory block)
        {
            var column = block.Columns.First(column => column.Name == TrajectoryColumns.Actions).Tensor;
            return column.Type == DataType.Int64
                ? Array.ConvertAll(MemoryMarshal.Cast<byte, long>(column.Data.Span).ToArray(), Convert.ToSingle)
                : MemoryMarshal.Cast<byte, float>(column.Data.Span);
        }
    }

    private sealed class Game
    {
        private readonly List<float> _actions = [];
        private ulong[] _random = [];
        private ByteString _carried = ByteString.Empty;

        public bool IsKnown => _random.Length > 0;

        public static Game Of(GameRecord record)
        {
            var game = new Game { _random = [.. record.Random], _carried = record.Carried };
            game._actions.AddRange(MemoryMarshal.Cast<byte, float>(record.Actions.Span));
            return game;
        }

        public void Begin(IEnumerable<ulong> random, ByteString carried)
        {
            (_random, _carried) = ([.. random], carried);
            _actions.Clear();
        }

        public void Add(ReadOnlySpan<float> action, int mostNumbers)
        {
            if (!IsKnown)
            {
                return;
            }

            _actions.AddRange(action);
            if (_actions.Count > mostNumbers)
            {
                (_random, _carried) = ([], ByteString.Empty);
                _actions.Clear();
                _actions.TrimExcess();
            }
        }

        public GameRecord Record()
        {
            var record = new GameRecord
            {
                Carried = _carried,
                Actions = ByteString.CopyFrom(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_actions))),
            };
            record.Random.AddRange(_random);
            return record;
        }
    }
}
