using Rapid.Environments.Atari.Games;

namespace Rapid.Environments.Atari;

/// <summary>A cartridge that nothing is known about: all actions, no reward, one life, no end.</summary>
public static class GenericGame
{
    private static readonly int[] AllActions = [.. Enumerable.Range(0, 18)];

    /// <summary>The game as a description.</summary>
    public static GameDescription Description { get; } = new()
    {
        Id = "generic",
        MinimalActions = AllActions,
        LegalActions = AllActions,
        CreateRules = () => new Rules(),
    };

    sealed class Rules : GameRules
    {
        public Rules() => Lives = 1;

        public override int StateSize => 0;

        public override void Reset(IGameMemory memory)
        {
        }

        public override void Step(IGameMemory memory)
        {
        }

        public override void SelectMode(int mode, IGameControls controls)
        {
            if (mode != 0)
            {
                throw new ArgumentException($"mode: {mode} is not a mode of this game; allowed: 0", nameof(mode));
            }
        }

        public override void Save(Span<int> state)
        {
        }

        public override void Restore(ReadOnlySpan<int> state)
        {
        }
    }
}
