using System.Runtime.InteropServices;
using Google.Protobuf;
using Rapid.Core;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Actor.Tests;

/// <summary>What the environments of a slot are in the middle of, put together from its blocks as a learner does, in a few lines.</summary>
internal sealed class PlayedGames(int environments)
{
    private readonly GameBeginning?[] _begun = new GameBeginning?[environments];
    private readonly List<float>[] _actions = [.. Enumerable.Range(0, environments).Select(_ => new List<float>())];
    private ulong[] _noise = [];
    private uint[] _observed = [];

    public void Add(Trajectory block)
    {
        Assert.Null(BlockValidator.Problem(Addressed(block)));
        var steps = (int)block.Steps;
        var column = block.Columns.Single(column => column.Name == TrajectoryColumns.Actions).Tensor;
        float[] actions = column.Type == DataType.Int64
            ? [.. MemoryMarshal.Cast<byte, long>(column.Data.Span).ToArray().Select(Convert.ToSingle)]
            : [.. MemoryMarshal.Cast<byte, float>(column.Data.Span)];
        var size = actions.Length / (steps * environments);
        for (var i = 0; i < environments; i++)
        {
            var first = 0;
            if (block.Games.SingleOrDefault(game => game.Environment == i) is { } game)
            {
                (_begun[i], first) = (game, (int)game.Step);
                _actions[i].Clear();
            }

            for (var t = first; t < steps; t++)
            {
                _actions[i].AddRange(actions.AsSpan((t * environments + i) * size, size));
            }
        }

        (_noise, _observed) = ([.. block.Noise], [.. block.Observed]);
    }

    public GameRecord[] Records() =>
    [
        .. _begun.Select((game, i) =>
        {
            var record = new GameRecord
            {
                Carried = game!.Carried,
                Observed = _observed[i],
                Actions = ByteString.CopyFrom(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_actions[i]))),
            };
            record.Random.AddRange(game.Random);
            record.Noise.AddRange(_noise.AsSpan(RandomStream.StateSize * i, RandomStream.StateSize));
            return record;
        }),
    ];

    private static Trajectory Addressed(Trajectory block)
    {
        var addressed = block.Clone();
        (addressed.Producer, addressed.Sequence) = ("test", 1);
        return addressed;
    }
}
