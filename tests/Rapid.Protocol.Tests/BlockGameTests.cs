using Google.Protobuf;
using Rapid.Protocol.V1;

namespace Rapid.Protocol.Tests;

/// <summary>What a block may say of its games: a wrong word would spoil every continuation of its run.</summary>
public class BlockGameTests
{
    private const int Steps = 4, Environments = 2;

    public static TheoryData<string, string> Lies => new()
    {
        { "no noise", "games: the block says how games began or go on and has no noise" },
        { "observed", "observed: there are 1; allowed: one for each of 2 environments, or none" },
        { "less noise", "noise: 9 words are no states of 2 random streams; allowed: 5 for each environment" },
        { "zero noise", "noise: 10 words are no states" },
        { "too many", "games: 3 are impossible; allowed: the newest of each of 2 environments" },
        { "environment", "games[1]: environment 2 is out of range or there twice; allowed: 0 to 1, each once" },
        { "twice", "games[1]: environment 0 is out of range or there twice" },
        { "step", "games[0]: step 5 is out of range; allowed: 0 to 4" },
        { "words", "games[0]: random has 4 words that are no state; allowed: 5" },
        { "zero", "games[0]: random has 5 words that are no state" },
        { "carried", "games[0]: carried has 1048577 bytes; allowed: at most 1048576" },
        { "in the middle", "games[1]: a game cannot begin at step 3 of environment 1, where no episode ended" },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public void A_lie_is_refused(string what, string reason)
    {
        var block = Block();
        var (first, second) = (block.Games[0], block.Games[1]);
        Action lie = what switch
        {
            "no noise" => block.Noise.Clear,
            "observed" => () => block.Observed.RemoveAt(0),
            "less noise" => () => block.Noise.RemoveAt(0),
            "zero noise" => () => (block.Noise[5], block.Noise[6], block.Noise[7], block.Noise[8]) = (0, 0, 0, 0),
            "too many" => () => block.Games.Add(first),
            "environment" => () => second.Environment = 2,
            "twice" => () => second.Environment = 0,
            "step" => () => first.Step = 5,
            "words" => () => first.Random.RemoveAt(4),
            "zero" => () => (first.Random[0], first.Random[1], first.Random[2], first.Random[3]) = (0, 0, 0, 0),
            "carried" => () => first.Carried = ByteString.CopyFrom(new byte[(1 << 20) + 1]),
            _ => () => second.Step = 3,
        };
        lie();
        Assert.StartsWith(reason, BlockValidator.Problem(block), StringComparison.Ordinal);
    }

    [Fact]
    public void The_truth_is_taken_where_it_was_declared()
    {
        var block = Block();
        Assert.Null(BlockValidator.Problem(block));
        var signature = new BlockSignature { Steps = Steps, Environments = Environments, Games = true };
        signature.Columns.AddRange(block.Columns.Select(column =>
            new ColumnSignature { Name = column.Name, Type = column.Tensor.Type, Shape = { column.Tensor.Shape } }));
        Assert.Null(signature.Problem(block));

        signature.Games = false;
        Assert.StartsWith("noise: the block says how its games go on", signature.Problem(block), StringComparison.Ordinal);
        block.Games.Clear();
        block.Observed.Clear();
        Assert.Null(BlockValidator.Problem(block));
        block.Noise.Clear();
        Assert.Null(BlockValidator.Problem(block));
        Assert.Null(signature.Problem(block));
        signature.Games = true;
        Assert.Null(signature.Problem(block));
    }

    /// <summary>Environment 0 begins a game after the block, which its last step ended; environment 1 after an end at step 1.</summary>
    private static Trajectory Block()
    {
        var block = new Trajectory { Producer = "p", Sequence = 1, Steps = Steps, Environments = Environments };
        block.Add<float>(TrajectoryColumns.Rewards, new float[Steps * Environments], Steps, Environments);
        block.Add<byte>(TrajectoryColumns.Terminated, [0, 0, 0, 1, 0, 0, 0, 0], Steps, Environments);
        block.Add<byte>(TrajectoryColumns.Truncated, [0, 0, 0, 0, 0, 0, 1, 0], Steps, Environments);
        block.Games.Add(new GameBeginning { Environment = 0, Step = Steps, Random = { 1, 0, 0, 0, 0 } });
        block.Games.Add(new GameBeginning { Environment = 1, Step = 2, Random = { 0, 0, 0, 1, 0 } });
        block.Noise.AddRange([1, 2, 3, 4, 5, 0, 0, 1, 0, 5]);
        block.Observed.AddRange([1, 2]);
        return block;
    }
}
