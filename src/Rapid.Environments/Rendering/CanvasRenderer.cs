namespace Rapid.Environments.Rendering;

/// <summary>Draws an environment that is a few shapes.</summary>
/// <param name="options">Size.</param>
/// <param name="draw">Draws the present state.</param>
internal sealed class CanvasRenderer(RenderOptions options, Action<Canvas> draw) : IRenderer
{
    private readonly Canvas _canvas = new(options.Width, options.Height);

    /// <inheritdoc/>
    public int Width => options.Width;

    /// <inheritdoc/>
    public int Height => options.Height;

    /// <inheritdoc/>
    public void Render(Span<byte> rgb)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(rgb.Length, Width * Height * 3);
        draw(_canvas);
        _canvas.CopyTo(rgb);
    }

    /// <inheritdoc/>
    public void Dispose() => _canvas.Dispose();
}
