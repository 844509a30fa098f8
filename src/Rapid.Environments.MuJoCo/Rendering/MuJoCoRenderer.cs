using Rapid.Environments.MuJoCo.Simulation;

namespace Rapid.Environments.Rendering;

/// <summary>
/// Draws a simulation with MuJoCo's own renderer on OpenGL without a window: Mesa's EGL, or OSMesa. Bodies are shown where the last
/// evaluation of the dynamics saw them, one physics step before the positions.
/// </summary>
internal sealed class MuJoCoRenderer : IRenderer
{
    // Samples of a pixel and rows of the shadow map; MuJoCo's own 4096 rows look no better on scenes of this size.
    private const int GoodSamples = 4, GoodShadows = 2048;

    private readonly MuJoCoSimulation _simulation;
    private readonly CameraView _view;
    private readonly RendererHandle _renderer;

    /// <param name="simulation">Not owned; its model may be shared.</param>
    /// <param name="view">Where the camera is.</param>
    /// <param name="options">Size and quality.</param>
    /// <exception cref="RenderingException">This machine cannot draw; the message says what to install.</exception>
    public MuJoCoRenderer(MuJoCoSimulation simulation, CameraView view, RenderOptions options)
    {
        (_simulation, _view) = (simulation, view);
        (Width, Height) = (options.Width, options.Height);
        var (samples, shadows) = options.Quality == RenderQuality.Good ? (GoodSamples, GoodShadows) : (0, 0);
        Check(RenderNative.Create(simulation.Model, Width, Height, samples, shadows, out var renderer));
        _renderer = new RendererHandle(renderer);
    }

    /// <inheritdoc/>
    public int Width { get; }

    /// <inheritdoc/>
    public int Height { get; }

    /// <inheritdoc/>
    public void Render(Span<byte> rgb)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(rgb.Length, Width * Height * 3);
        Check(RenderNative.Draw(_renderer, _simulation.Data, _view, rgb));
    }

    /// <inheritdoc/>
    public void Dispose() => _renderer.Dispose();

    private static void Check(int status)
    {
        if (status != MuJoCoNative.Ok)
        {
            throw new RenderingException(MuJoCoNative.Message());
        }
    }
}
