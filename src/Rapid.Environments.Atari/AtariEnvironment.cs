using Rapid.Core;
using Rapid.Environments.Atari.Arcade;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Pixels;
using Rapid.Environments.Rendering;

namespace Rapid.Environments.Atari;

/// <summary>
/// A game of the Atari 2600 as deep reinforcement learning plays it: no-op starts, held actions, the maximum of the last two frames, lives
/// as episodes, fire to start, small grey frames, clipped rewards (Mnih et al. 2015; order and constants of OpenAI baselines). The score
/// is always reported unclipped and per game.
/// </summary>
public sealed class AtariEnvironment : IEnvironment, IRenderable, ICarryOver
{
    private const int Noop = 0, Fire = 1, RamSize = 128;

    private readonly ReadOnlyMemory<byte> _rom;
    private readonly GameDescription _game;
    private readonly AtariOptions _options;
    private readonly IReadOnlyList<int> _actions;
    private readonly bool _fires, _seesRam;
    private readonly byte[] _pixels;
    private ArcadeConsole? _console;
    private IReadOnlyList<FrameResizer> _resizers = [];
    private byte[] _older = [], _newer = [];
    private RandomStream _random = new(0);
    private bool _gameGoesOn;
    private int _lives, _pendingScore;

    /// <summary>Prepares a game; the console is switched on by the first <see cref="Reset"/>.</summary>
    /// <param name="rom">The cartridge's image.</param>
    /// <param name="game">What is known about the game.</param>
    /// <param name="options">How it becomes a task.</param>
    public AtariEnvironment(ReadOnlyMemory<byte> rom, GameDescription game, AtariOptions options)
    {
        ArgumentNullException.ThrowIfNull(game);
        ArgumentNullException.ThrowIfNull(options);
        (_rom, _game, _options, _seesRam) = (rom, game, options, options.Observations == AtariObservations.Ram);
        _actions = options.FullActionSpace ? [.. Enumerable.Range(0, 18)] : game.MinimalActions;
        _fires = options.FireReset && _actions.Count >= 3 && _actions[1] == Fire;
        _pixels = new byte[_seesRam ? 0 : ObservationSpace.Size];
    }

    /// <inheritdoc/>
    public Space ObservationSpace => _seesRam
        ? BoxSpace.Uniform(RamSize, 0, byte.MaxValue)
        : new FrameSpace(
            _options.ScreenSize, _options.ScreenSize, _options.FrameStack, _options.StackPadding,
            _options.Observations == AtariObservations.Rgb ? 3 : 1);

    /// <inheritdoc/>
    public Space ActionSpace => new DiscreteSpace(_actions.Count);

    /// <summary>Called after every emulated frame in which an action is held; for those who watch, whatever policies see.</summary>
    public Action<ArcadeConsole>? FramePlayed { get; set; }

    /// <inheritdoc/>
    public double StepsPerSecond => ScreenRenderer.FramesPerSecond(_console) * 2 / (_options.LeastFrameSkip + _options.MostFrameSkip);

    /// <inheritdoc/>
    public double AspectRatio => ScreenRenderer.AspectRatio;

    /// <inheritdoc/>
    public IRenderer CreateRenderer(RenderOptions options) => new ScreenRenderer(() => _console, options);

    /// <inheritdoc/>
    public void Reset(RandomStream random, Span<float> observation)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (!_gameGoesOn)
        {
            _random = new RandomStream(random.NextBits());
            StartGame();
            if (_fires)
            {
                PressFire(onEnd: StartGame);
            }

            _lives = _console!.Lives;
        }

        // Whoever resets in the middle of a game wants another one.
        _gameGoesOn = false;
        Show(observation);
    }

    /// <inheritdoc/>
    public StepResult Step(ReadOnlySpan<float> action, Span<float> observation)
    {
        double score = Hold(_actions[(int)action[0]]) + _pendingScore;
        _pendingScore = 0;
        Show(observation);
        var console = _console!;
        var isDeath = _options.EpisodicLife && !console.IsTerminal && console.Lives < _lives && console.Lives > 0;
        _lives = console.Lives;
        var reward = _options.ClipRewards ? Math.Sign(score) : score;
        if (isDeath && !IsOver)
        {
            // What follows a lost life is played at once, so that it is known whether the game goes on.
            _pendingScore += Hold(Noop);
            if (_fires)
            {
                PressFire(onEnd: static () => { });
            }

            _lives = console.Lives;
            if (IsOver)
            {
                (score, _pendingScore) = (score + _pendingScore, 0);
            }
        }

        _gameGoesOn = isDeath && !IsOver;

        return new StepResult(reward, console.IsTerminal || isDeath, console.IsTruncated && !console.IsTerminal && !isDeath)
        {
            RawReward = score,
            GameGoesOn = _gameGoesOn,
        };
    }

    /// <inheritdoc/>
    public byte[] SaveCarried() => _console is null || _options.PowerCycle ? [] : _console.SaveCarried();

    /// <inheritdoc/>
    public void RestoreCarried(ReadOnlySpan<byte> state)
    {
        // Whatever its random generators begin with: the state has theirs.
        _console ??= MakeConsole(randomSeed: 0);
        _console.RestoreCarried(state);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private bool IsOver => _console!.IsTerminal || _console.IsTruncated;

    /// <summary>A new game, some frames of it without an action.</summary>
    private void StartGame()
    {
        _pendingScore = 0;
        SwitchOn();
        for (var left = _options.NoopMax == 0 ? 0 : 1 + (int)(_random.NextBits() % (ulong)_options.NoopMax); left > 0; left--)
        {
            _console!.Act(Noop);
            if (IsOver)
            {
                _console.ResetGame();
            }
        }

        if (!_seesRam)
        {
            _console!.Screen.CopyTo(_newer);
            _newer.CopyTo(_older, 0);
        }
    }

    private void SwitchOn()
    {
        if (_console is not null && !_options.PowerCycle)
        {
            _console.ResetGame();
            return;
        }

        _console = MakeConsole((uint)_random.NextBits());
    }

    private ArcadeConsole MakeConsole(uint randomSeed)
    {
        var console = new ArcadeConsole(_rom, _game, new ArcadeSettings
        {
            RandomSeed = randomSeed,
            FrameSkip = 1,
            RepeatActionProbability = _options.RepeatActionProbability,
            MaxEpisodeFrames = _options.MaxFrames,
            Mode = _options.Mode,
            Difficulty = _options.Difficulty,
        });
        if (!_seesRam)
        {
            (_older, _newer) = (new byte[console.Screen.Length], new byte[console.Screen.Length]);
            _resizers = Resizers.Of(console.Palette, console.Height, _options.ScreenSize, _options.Observations == AtariObservations.Rgb);
        }

        return console;
    }

    /// <summary>Action 1, then 2, each held as any other.</summary>
    private void PressFire(Action onEnd)
    {
        for (var index = 1; index <= 2; index++)
        {
            _pendingScore += Hold(_actions[index]);
            if (IsOver)
            {
                onEnd();
            }
        }
    }

    /// <summary>Holds an action; what the last two frames show is kept, an older one where the game ends before.</summary>
    /// <returns>The sum of rewards.</returns>
    private int Hold(int action)
    {
        var frames = _options.LeastFrameSkip;
        if (_options.MostFrameSkip > frames)
        {
            frames += (int)(_random.NextBits() % (ulong)(_options.MostFrameSkip - frames + 1));
        }

        var (console, score) = (_console!, 0);
        for (var frame = 0; frame < frames && !IsOver; frame++)
        {
            var (isOlder, isNewer) = (frame == frames - 2 && _options.MaxPool && !_seesRam, frame == frames - 1 && !_seesRam);
            console.DrawsFrames = isOlder || isNewer;
            score += console.Act(action);
            if (isOlder)
            {
                console.Screen.CopyTo(_older);
            }
            else if (isNewer)
            {
                console.Screen.CopyTo(_newer);
            }

            FramePlayed?.Invoke(console);
        }

        return score;
    }

    private void Show(Span<float> observation)
    {
        if (_seesRam)
        {
            Widening.ToFloats(_console!.Ram, observation);
            return;
        }

        var plane = _options.ScreenSize * _options.ScreenSize;
        for (var channel = 0; channel < _resizers.Count; channel++)
        {
            _resizers[channel].Resize(
                _newer, _options.MaxPool && _options.MostFrameSkip > 1 ? _older : _newer, _pixels.AsSpan(channel * plane, plane));
        }

        Widening.ToFloats(_pixels, observation);
    }
}
