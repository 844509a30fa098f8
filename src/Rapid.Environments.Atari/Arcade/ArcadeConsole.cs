using System.Security.Cryptography;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Machine;
using Rapid.Environments.Atari.Machine.Cartridges;

namespace Rapid.Environments.Atari.Arcade;

/// <summary>
/// An Atari 2600 with a cartridge and a player's hands, with the semantics of the Arcade Learning Environment (Bellemare et al. 2013,
/// Machado et al. 2018): resets, sticky actions, rewards and ends, the same bytes in memory and on the screen. Not for use by several
/// threads at once; two consoles know nothing of each other.
/// </summary>
public sealed partial class ArcadeConsole : IGameControls
{
    /// <summary>An action of the console's RESET switch, in <see cref="StartingAction"/> only.</summary>
    public const int ResetAction = 40;

    private const int ActionCount = 18, SettlingFrames = 60, SoftResetFrames = 4, ShownFrames = 2;

    private readonly GameDescription _game;
    private readonly ArcadeSettings _settings;
    private readonly Atari2600 _machine;
    private readonly GameRules _rules;
    private readonly MersenneTwister _random;
    private readonly Hands _hands;
    private readonly int _livesAtStart;
    private readonly byte[] _cartridge;
    private readonly bool[] _legal = new bool[ActionCount];
    private int _mode, _difficulty, _lastAction, _episodeFrames, _frames;
    private float _lastStrength = 1;

    /// <summary>Switches a console on and resets it.</summary>
    /// <param name="rom">The cartridge's image.</param>
    /// <param name="game">What is known about the game.</param>
    /// <param name="settings">How it is played.</param>
    /// <exception cref="ArgumentException">A setting is out of range or unknown to the game, or the image is not supported.</exception>
    public ArcadeConsole(ReadOnlyMemory<byte> rom, GameDescription game, ArcadeSettings? settings = null)
    {
        _game = game;
        _settings = settings ?? new ArcadeSettings();
        Check(_settings, game);
        foreach (var action in game.LegalActions)
        {
            _legal[action] = true;
        }

        _cartridge = SHA256.HashData(rom.Span);
        _random = new MersenneTwister(_settings.RandomSeed);
        _machine = new Atari2600(rom.Span, game.Properties);
        _hands = new Hands(game.Properties, _settings);
        _rules = game.CreateRules();
        _livesAtStart = _rules.Lives;
        _mode = _settings.Mode ?? game.DefaultMode;
        _difficulty = _settings.Difficulty;
        ResetGame();
    }

    /// <summary>Pixels in a line.</summary>
    public const int Width = Tia.Width;

    /// <summary>Lines of the screen.</summary>
    public int Height => _machine.Graphics.Screen.Length / Width;

    /// <summary>The program makes the long frames of PAL and SECAM television, 50 in a second instead of 60.</summary>
    public bool IsPal => _machine.Television != TelevisionStandard.Ntsc;

    /// <summary>Actions that do something in this game, ascending.</summary>
    public IReadOnlyList<int> MinimalActions => _game.MinimalActions;

    /// <summary>Actions that the game takes; others count as 0.</summary>
    public IReadOnlyList<int> LegalActions => _game.LegalActions;

    /// <summary>The game is over.</summary>
    public bool IsTerminal => _rules.IsTerminal;

    /// <summary>The episode has reached its limit of frames, or lost a life where that is its end.</summary>
    public bool IsTruncated =>
        (_settings.MaxEpisodeFrames > 0 && _episodeFrames >= _settings.MaxEpisodeFrames)
        || (_settings.TruncateOnLifeLoss && _rules.Lives < _livesAtStart);

    /// <summary>Lives left.</summary>
    public int Lives => _rules.Lives;

    /// <summary>Emulated frames since the reset; selecting a mode may count some.</summary>
    public int EpisodeFrames => _episodeFrames;

    /// <summary>Emulated frames since the console was switched on, without resets.</summary>
    public int Frames => _frames;

    /// <summary>[128], RIOT memory $80..$FF.</summary>
    public ReadOnlySpan<byte> Ram => _machine.Ram;

    /// <summary>The game's mode; a new one takes effect at the next reset.</summary>
    /// <exception cref="ArgumentException">The game has no such mode.</exception>
    public int Mode
    {
        get => _mode;
        set
        {
            CheckAllowed("mode", value, _game.Modes);
            _mode = value;
        }
    }

    /// <summary>The game's difficulty: bit 0 is the left switch, bit 1 the right one; it takes effect at once.</summary>
    /// <exception cref="ArgumentException">The game has no such difficulty.</exception>
    public int Difficulty
    {
        get => _difficulty;
        set
        {
            CheckAllowed("difficulty", value, _game.Difficulties);
            _difficulty = value;
        }
    }

    /// <summary>Starts a new game. Random generators and RIOT memory go on from where they are.</summary>
    public void ResetGame()
    {
        _episodeFrames = 0;
        _hands.CentrePaddles();
        _machine.Reset();
        Emulate(0, 1, SettlingFrames, ShownFrames);
        SoftReset();
        _rules.Reset(this);
        _rules.SelectMode(_mode, this);
        SoftReset();
        foreach (var (action, frames) in _game.StartingActions)
        {
            for (var frame = 0; frame < frames; frame++)
            {
                Emulate(action, 1, 1);
            }
        }
    }

    /// <summary>Plays an action for <see cref="ArcadeSettings.FrameSkip"/> frames; each takes the action before it with
    /// <see cref="ArcadeSettings.RepeatActionProbability"/>. Once the game is over nothing happens.</summary>
    /// <param name="action">0..17.</param>
    /// <param name="strength">How far a paddle is turned, 0..1.</param>
    /// <returns>The sum of the frames' rewards, within the limits.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such action.</exception>
    public int Act(int action, float strength = 1)
    {
        if ((uint)action >= ActionCount)
        {
            throw new ArgumentOutOfRangeException(nameof(action), action, $"action: {action} is out of range 0..{ActionCount - 1}");
        }

        var reward = 0L;
        for (var frame = 0; frame < _settings.FrameSkip; frame++)
        {
            // Two draws a frame whatever happens: one for each player.
            if (_random.NextDouble() >= _settings.RepeatActionProbability)
            {
                (_lastAction, _lastStrength) = (action, strength);
            }

            _random.Next();
            if (IsTerminal || IsTruncated)
            {
                continue;
            }

            var visible = frame >= _settings.FrameSkip - (_settings.ColorAveraging ? ShownFrames : 1);
            Emulate(_legal[_lastAction] ? _lastAction : 0, _lastStrength, 1, DrawsFrames && visible ? 1 : 0);
            Count();
            reward += _rules.Reward;
        }

        return (int)Math.Clamp(reward, _settings.RewardMin, _settings.RewardMax);
    }

    /// <summary>Plays a continuous action of a stick: polar coordinates and a button (Farebrother and Castro 2024).</summary>
    /// <param name="radius">How far the stick is moved, 0..1; also how far a paddle is turned.</param>
    /// <param name="angle">Radians, 0 is right, counter-clockwise.</param>
    /// <param name="fire">The button is pressed above 0.5.</param>
    /// <returns>As <see cref="Act(int, float)"/>.</returns>
    public int Act(float radius, float angle, float fire) => Act(Hands.FromPolar(radius, angle, fire), radius);

    private void Count()
    {
        _episodeFrames++;
        _frames++;
    }

    /// <summary>Holds an action for some frames, of which the last ones are drawn, and looks at the memory after all of them.</summary>
    private void Emulate(int action, float strength, int frames, int drawn = int.MaxValue)
    {
        for (; frames > 0; frames--)
        {
            _machine.RunFrame(_hands.Press(action, strength, _difficulty), draw: frames <= drawn);
            _rules.Step(this);
        }

        _machine.LookAtMemory();
    }

    private void SoftReset()
    {
        Emulate(ResetAction, 1, SoftResetFrames);
        (_lastAction, _lastStrength) = (0, 1);
    }

    /// <inheritdoc/>
    byte IGameMemory.Peek(ushort address) => _machine.Peek(address);

    /// <inheritdoc/>
    void IGameControls.PressSelect(int frames)
    {
        for (var frame = 0; frame < frames; frame++)
        {
            _machine.RunFrame(_hands.PressSelect(_difficulty));
        }

        _machine.LookAtMemory();
        Emulate(0, 1, 1);
        Count();
    }

    /// <inheritdoc/>
    void IGameControls.SoftReset() => SoftReset();

    /// <inheritdoc/>
    void IGameControls.Act(int action) => Act(action);

    /// <inheritdoc/>
    uint IGameControls.NextRandom() => _random.Next();

    private static void Check(ArcadeSettings settings, GameDescription game)
    {
        if (settings.FrameSkip < 1)
        {
            throw new ArgumentException($"frame_skip: {settings.FrameSkip} is out of range; allowed: 1 and more");
        }

        if (!(settings.RepeatActionProbability is >= 0 and <= 1))
        {
            throw new ArgumentException($"repeat_action_probability: {settings.RepeatActionProbability} is out of range [0, 1]");
        }

        if (settings.MaxEpisodeFrames < 0)
        {
            throw new ArgumentException($"max_episode_frames: {settings.MaxEpisodeFrames} is negative; allowed: 0 (no limit) and more");
        }

        if (settings.RewardMin > settings.RewardMax)
        {
            throw new ArgumentException($"reward_min: {settings.RewardMin} is above reward_max, which is {settings.RewardMax}");
        }

        CheckAllowed("mode", settings.Mode ?? game.DefaultMode, game.Modes);
        CheckAllowed("difficulty", settings.Difficulty, game.Difficulties);
    }

    private static void CheckAllowed(string name, int value, IReadOnlyList<int> allowed)
    {
        if (!allowed.Contains(value))
        {
            throw new ArgumentException($"{name}: {value} is unknown to this game; allowed: {string.Join(", ", allowed)}");
        }
    }
}
