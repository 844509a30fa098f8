using System.Globalization;

namespace Rapid.Cli.Play;

/// <summary>Nobody looks: episodes are only counted.</summary>
internal sealed class NoPictures : IPictureSource
{
    private int _steps;

    /// <inheritdoc/>
    public void Start() => _steps = 0;

    /// <inheritdoc/>
    public void Step(double score, bool isLast) => _steps++;

    /// <inheritdoc/>
    public bool TryTake(out Picture picture)
    {
        picture = default;
        return false;
    }

    /// <inheritdoc/>
    public string Summary(double score) => string.Create(CultureInfo.InvariantCulture, $"return {score:0.##}, {_steps} steps");

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
