namespace Rapid.Environments.Atari;

public sealed partial class ArcadeConsole
{
    /// <summary>[<see cref="Height"/> * 160], indices of the palette, line by line; valid until the console goes on.</summary>
    public ReadOnlySpan<byte> Screen => _machine.Graphics.Screen;
}
