using Rapid.Environments.Atari.Games;

namespace Rapid.Environments.Atari.Duel;

/// <summary>
/// The game that comes with Rapid: bat and ball against the machine, up to 21 points; written for it in 6502 assembly (<c>duel.asm</c>). A
/// point is worth 1, a point conceded -1; every seventh point conceded costs one of three lives. In mode 1 the opponent is faster;
/// difficulty 1 makes the player's bat shorter.
/// </summary>
public static class DuelGame
{
    private const string Resource = "Rapid.Environments.Atari.Duel.duel.bin";

    /// <summary>Rules, actions and modes.</summary>
    public static GameDescription Description { get; } = new()
    {
        Id = "duel",
        Md5 = "bbcf3e4d4440c4fb8eb413b975694f86",
        MinimalActions = [0, 1, 2, 5, 10, 13],
        LegalActions = [.. Enumerable.Range(0, 18)],
        Modes = [0, 1],
        Difficulties = [0, 1],
        CreateRules = () => new Rules(),
    };

    /// <summary>[4096], the cartridge's image.</summary>
    public static ReadOnlyMemory<byte> Rom { get; } = Load();

    private static byte[] Load()
    {
        using var stream = typeof(DuelGame).Assembly.GetManifestResourceStream(Resource)!;
        var image = new byte[stream.Length];
        stream.ReadExactly(image);
        return image;
    }

    private sealed class Rules : GameRules
    {
        // Indices into memory; the names are those of duel.asm.
        private const int Mode = 3, Score0 = 4, Score1 = 5, LivesLeft = 6, Points = 21, AllLives = 3;

        private int _margin;

        public Rules() => Lives = AllLives;

        public override int StateSize => 4;

        public override void Reset(IGameMemory memory) => (_margin, Reward, IsTerminal, Lives) = (0, 0, false, AllLives);

        public override void Step(IGameMemory memory)
        {
            var ram = memory.Ram;
            var margin = ram[Score0] - ram[Score1];
            (Reward, _margin) = (margin - _margin, margin);
            IsTerminal = ram[Score0] == Points || ram[Score1] == Points;
            Lives = ram[LivesLeft];
        }

        public override void SelectMode(int mode, IGameControls controls)
        {
            if (mode is not (0 or 1))
            {
                throw new ArgumentException($"mode: {mode} is not a mode of duel; allowed: 0 (normal opponent), 1 (fast opponent)", nameof(mode));
            }

            while (controls.Ram[Mode] != mode)
            {
                controls.PressSelect(2);
            }

            controls.SoftReset();
        }

        public override void Save(Span<int> state)
        {
            (state[0], state[1], state[2], state[3]) = (_margin, Reward, IsTerminal ? 1 : 0, Lives);
        }

        public override void Restore(ReadOnlySpan<int> state) =>
            (_margin, Reward, IsTerminal, Lives) = (state[0], state[1], state[2] != 0, state[3]);
    }
}
