using Rapid.Environments.Atari;

namespace Rapid.Cli.Play;

/// <summary>
/// Takes pictures of a game, one for two emulated frames. Both are in it where they differ, as many games draw half of what there is in
/// every other frame.
/// </summary>
internal sealed class PictureTap
{
    // Fields a second of the two television systems.
    private const int Ntsc = 60, Pal = 50, FramesPerPicture = 2;

    private readonly Queue<(byte[] Pixels, GamePicture Picture)> _waiting = [];
    private readonly Stack<byte[]> _free = [];
    private byte[] _earlier = [];
    private byte[]? _shown;
    private int _earlierFrame = -1;

    /// <param name="environment">The game.</param>
    /// <param name="takesPictures">Whether there is somebody to see them.</param>
    public PictureTap(AtariEnvironment environment, bool takesPictures) => environment.FramePlayed = console =>
    {
        Frame = console.EpisodeFrames;
        if (takesPictures)
        {
            Take(console);
        }
    };

    /// <summary>Emulated frames since the game's start.</summary>
    public int Frame { get; private set; }

    /// <summary>The next picture, in order; its pixels are valid until the next call.</summary>
    /// <param name="score">The game's so far.</param>
    /// <param name="picture">The next one, if there is one.</param>
    public bool TryTake(double score, out GamePicture picture)
    {
        if (_shown is not null)
        {
            _free.Push(_shown);
            _shown = null;
        }

        if (!_waiting.TryDequeue(out var next))
        {
            picture = default;
            return false;
        }

        (_shown, picture) = (next.Pixels, next.Picture with { Score = score });
        return true;
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
        _waiting.Enqueue((pixels, new GamePicture(pixels, console.Palette, rate, 0, console.Lives, console.EpisodeFrames)));
    }
}
