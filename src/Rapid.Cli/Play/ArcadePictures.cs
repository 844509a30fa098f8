using System.Globalization;
using Rapid.Environments.Atari;
using Rapid.Environments.Atari.Arcade;

namespace Rapid.Cli.Play;

/// <summary>
/// Takes pictures of a game, one for two emulated frames. Both are in it where they differ, as many games draw half of what there is in
/// every other frame.
/// </summary>
internal sealed class ArcadePictures : IPictureSource
{
    // Fields a second of the two television systems.
    private const int Ntsc = 60, Pal = 50, FramesPerPicture = 2;

    // A television's sides.
    private const double AspectRatio = 4.0 / 3;

    private readonly Queue<Shot> _waiting = [];
    private readonly Stack<byte[]> _free = [];
    private byte[] _earlier = [];
    private byte[]? _shown;
    private int _earlierFrame = -1, _frame;
    private double _score;

    /// <param name="environment">The game.</param>
    /// <param name="takesPictures">Whether there is somebody to see them.</param>
    public ArcadePictures(AtariEnvironment environment, bool takesPictures) => environment.FramePlayed = console =>
    {
        _frame = console.EpisodeFrames;
        if (takesPictures)
        {
            Take(console);
        }
    };

    /// <inheritdoc/>
    public void Start() => _score = 0;

    /// <inheritdoc/>
    public void Step(double score, bool isLast) => _score = score;

    /// <inheritdoc/>
    public bool TryTake(out Picture picture)
    {
        if (_shown is not null)
        {
            _free.Push(_shown);
            _shown = null;
        }

        if (!_waiting.TryDequeue(out var shot))
        {
            picture = default;
            return false;
        }

        _shown = shot.Pixels;
        var status = string.Create(CultureInfo.InvariantCulture, $"score {_score}   lives {shot.Lives}   frame {shot.Frame}");
        picture = new Picture(shot.Pixels, ArcadeConsole.Width, shot.Palette.Rgb, shot.PerSecond, AspectRatio, status);
        return true;
    }

    /// <inheritdoc/>
    public string Summary(double score) => string.Create(CultureInfo.InvariantCulture, $"score {score}, {_frame} frames");

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private void Take(ArcadeConsole console)
    {
        var screen = console.Screen;
        if (console.EpisodeFrames % FramesPerPicture != 0)
        {
            _earlier = _earlier.Length == screen.Length ? _earlier : new byte[screen.Length];
            screen.CopyTo(_earlier);
            _earlierFrame = console.EpisodeFrames;
            return;
        }

        if (!_free.TryPop(out var pixels))
        {
            pixels = new byte[screen.Length];
        }

        screen.CopyTo(pixels);
        if (_earlierFrame == console.EpisodeFrames - 1)
        {
            for (var i = 0; i < pixels.Length; i++)
            {
                if (pixels[i] != _earlier[i])
                {
                    pixels[i] = console.Palette.Average(pixels[i], _earlier[i]);
                }
            }
        }

        var rate = (console.IsPal ? Pal : Ntsc) / FramesPerPicture;
        _waiting.Enqueue(new Shot(pixels, console.Palette, rate, console.Lives, console.EpisodeFrames));
    }

    private readonly record struct Shot(byte[] Pixels, ArcadePalette Palette, int PerSecond, int Lives, int Frame);
}
