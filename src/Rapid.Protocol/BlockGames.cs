using Rapid.Protocol.V1;

namespace Rapid.Protocol;

/// <summary>Finds out whether what a block says of its games can be true: a wrong word would spoil every continuation of the run.</summary>
internal static class BlockGames
{
    /// <summary>Words of a random stream.</summary>
    private const int Words = 5;

    // A whole Atari console with a large cartridge memory carries a few kilobytes over.
    private const int MostCarried = 1 << 20;

    /// <summary>What is wrong, or null.</summary>
    public static string? Problem(Trajectory block)
    {
        if (block.Noise.Count == 0)
        {
            return block.Games.Count == 0 && block.Observed.Count == 0 ? null
                : "games: the block says how games began or go on and has no noise, without which nobody can go on with them";
        }

        var environments = (int)block.Environments;
        if (block.Noise.Count != (long)Words * environments || HasZeroStream([.. block.Noise]))
        {
            return $"noise: {block.Noise.Count} words are no states of {environments} random streams; allowed: {Words} for each "
                + "environment, of which the first 4 are not all 0";
        }

        if (block.Observed.Count != 0 && block.Observed.Count != environments)
        {
            return $"observed: there are {block.Observed.Count}; allowed: one for each of {environments} environments, or none";
        }

        if (block.Games.Count > environments)
        {
            return $"games: {block.Games.Count} are impossible; allowed: the newest of each of {environments} environments";
        }

        var (terminated, truncated) = (Flags(block, TrajectoryColumns.Terminated), Flags(block, TrajectoryColumns.Truncated));
        var seen = new HashSet<uint>();
        for (var i = 0; i < block.Games.Count; i++)
        {
            var game = block.Games[i];
            var problem = game switch
            {
                _ when game.Environment >= block.Environments || !seen.Add(game.Environment) =>
                    $"environment {game.Environment} is out of range or there twice; allowed: 0 to {environments - 1}, each once",
                _ when game.Step > block.Steps => $"step {game.Step} is out of range; allowed: 0 to {block.Steps}",
                _ when game.Random.Count != Words || HasZeroStream([.. game.Random]) =>
                    $"random has {game.Random.Count} words that are no state; allowed: {Words}, of which the first 4 are not all 0",
                _ when game.Carried.Length > MostCarried =>
                    $"carried has {game.Carried.Length} bytes; allowed: at most {MostCarried}",
                _ when game.Step > 0 && !Ended(terminated, truncated, (game.Step - 1) * (long)environments + game.Environment) =>
                    $"a game cannot begin at step {game.Step} of environment {game.Environment}, where no episode ended",
                _ => null,
            };
            if (problem is not null)
            {
                return $"games[{i}]: {problem}";
            }
        }

        return null;
    }

    private static ReadOnlyMemory<byte> Flags(Trajectory block, string name) =>
        block.Columns.FirstOrDefault(column => column.Name == name)?.Tensor is { Type: DataType.Uint8 } flags ? flags.Data.Memory : default;

    private static bool Ended(ReadOnlyMemory<byte> terminated, ReadOnlyMemory<byte> truncated, long at) =>
        (at < terminated.Length && terminated.Span[(int)at] != 0) || (at < truncated.Length && truncated.Span[(int)at] != 0);

    /// <summary>Whether one of some streams would stay at zero for ever.</summary>
    private static bool HasZeroStream(ReadOnlySpan<ulong> words)
    {
        for (var at = 0; at + Words <= words.Length; at += Words)
        {
            if (words.Slice(at, Words - 1).IndexOfAnyExcept(0UL) < 0)
            {
                return true;
            }
        }

        return false;
    }
}
