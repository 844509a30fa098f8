using Rapid.Environments.Atari;
using Rapid.Environments.Atari.Games;

namespace Rapid.Environments.Tests.Atari;

/// <summary>Tetris for the Atari 2600 (Colin Hughes), whose program is free but not ours: score in $F1 and $F2, end in $F3.</summary>
internal static class TetrisGame
{
    public static GameDescription Description { get; } = GenericGame.Description with
    {
        Id = "tetris",
        MinimalActions = [0, 1, 3, 4, 5],
        CreateRules = () => new Rules(),
    };

    sealed class Rules : GameRules
    {
        int _score;

        public override int StateSize => 4;

        public override void Reset(IGameMemory memory) => (_score, Reward, IsTerminal, Lives) = (0, 0, false, 0);

        public override void Step(IGameMemory memory)
        {
            static int Digits(int value) => ((value >> 4) * 10) + (value & 15);
            var score = Digits(memory.Ram[0x71]) + (100 * Digits(memory.Ram[0x72]));
            Reward = Math.Max(score - _score, 0);
            IsTerminal = (memory.Ram[0x73] & 0x80) != 0;
            _score = IsTerminal ? 0 : score;
        }

        public override void SelectMode(int mode, IGameControls controls)
        {
        }

        public override void Save(Span<int> state) =>
            (state[0], state[1], state[2], state[3]) = (_score, Reward, IsTerminal ? 1 : 0, Lives);

        public override void Restore(ReadOnlySpan<int> state) =>
            (_score, Reward, IsTerminal, Lives) = (state[0], state[1], state[2] != 0, state[3]);
    }
}
