using Rapid.Environments.Atari.Games;

namespace Rapid.Environments.Atari.Arcade;

public sealed partial class ArcadeConsole
{
    private byte[]? _average;

    /// <summary>
    /// Whether the coming frames will be looked at. It is only a hint: frames that are not drawn cost less, and the screen is right
    /// either way, as what turns out to be visible is drawn afterwards. Of an action's frames only those that the screen can show are drawn
    /// anyway.
    /// </summary>
    public bool DrawsFrames { get; set; } = true;

    /// <summary>[<see cref="Height"/> * 160], indices of <see cref="Palette"/>, line by line; valid until the console goes on.</summary>
    public ReadOnlySpan<byte> Screen
    {
        get
        {
            _machine.DrawScreen(alsoPrevious: _settings.ColorAveraging);
            return _settings.ColorAveraging ? Average() : _machine.Graphics.Screen;
        }
    }

    /// <summary>The colours of the screen.</summary>
    public ArcadePalette Palette => _machine.Television switch
    {
        TelevisionStandard.Pal => ArcadePalette.Pal,
        TelevisionStandard.Secam => ArcadePalette.Secam,
        _ => ArcadePalette.Ntsc,
    };

    private ReadOnlySpan<byte> Average()
    {
        var (current, previous, palette) = (_machine.Graphics.Screen, _machine.Graphics.PreviousScreen, Palette);
        _average ??= new byte[current.Length];
        for (var i = 0; i < current.Length; i++)
        {
            _average[i] = palette.Average(current[i], previous[i]);
        }

        return _average;
    }
}
