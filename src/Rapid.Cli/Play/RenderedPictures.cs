using System.Globalization;
using Rapid.Environments.Rendering;

namespace Rapid.Cli.Play;

/// <summary>Draws an environment at its start, then as often as a film in real time needs, and at the end of the episode.</summary>
internal sealed class RenderedPictures : IPictureSource
{
    private readonly IRenderer _renderer;
    private readonly double _perSecond, _aspectRatio;
    private readonly int _stepsPerPicture;
    private readonly byte[] _pixels;
    private bool _isDue;
    private double _score;
    private int _steps;

    /// <param name="environment">What is drawn.</param>
    /// <param name="options">Size and quality.</param>
    /// <param name="mostPerSecond">Pictures that are taken in a second of the episode; 0 for none but the last.</param>
    public RenderedPictures(IRenderable environment, RenderOptions options, double mostPerSecond)
    {
        _renderer = environment.CreateRenderer(options);
        _stepsPerPicture = mostPerSecond > 0
            ? Math.Max(1, (int)Math.Ceiling((environment.StepsPerSecond / mostPerSecond) - 1e-9))
            : int.MaxValue;
        _perSecond = environment.StepsPerSecond / _stepsPerPicture;
        _aspectRatio = environment.AspectRatio;
        _pixels = new byte[options.Width * options.Height * 3];
    }

    /// <inheritdoc/>
    public void Start() => (_score, _steps, _isDue) = (0, 0, _stepsPerPicture < int.MaxValue);

    /// <inheritdoc/>
    public void Step(double score, bool isLast) =>
        (_score, _isDue) = (score, ++_steps % _stepsPerPicture == 0 || isLast);

    /// <inheritdoc/>
    public bool TryTake(out Picture picture)
    {
        picture = default;
        if (!_isDue)
        {
            return false;
        }

        _isDue = false;
        _renderer.Render(_pixels);
        var status = string.Create(CultureInfo.InvariantCulture, $"return {_score:0.##}   step {_steps}");
        picture = new Picture(_pixels, _renderer.Width, ReadOnlyMemory<uint>.Empty, _perSecond, _aspectRatio, status);
        return true;
    }

    /// <inheritdoc/>
    public string Summary(double score) => string.Create(CultureInfo.InvariantCulture, $"return {score:0.##}, {_steps} steps");

    /// <inheritdoc/>
    public void Dispose() => _renderer.Dispose();
}
