namespace Rapid.Cli.Play;

/// <summary>A PNG of the last thing that was to be seen.</summary>
internal sealed class LastPicture(string path) : IScreen
{
    private byte[] _pixels = [];
    private Picture _last;

    /// <inheritdoc/>
    public int PreferredHeight => 480;

    /// <inheritdoc/>
    public double MostPerSecond => 0;

    /// <inheritdoc/>
    public Task ShowAsync(Picture picture, CancellationToken stop)
    {
        _pixels = _pixels.Length == picture.Pixels.Length ? _pixels : new byte[picture.Pixels.Length];
        picture.Pixels.CopyTo(_pixels);
        _last = picture with { Pixels = _pixels };
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<string?> FinishAsync()
    {
        if (_pixels.Length == 0)
        {
            return null;
        }

        await File.WriteAllBytesAsync(path, Films.ToPng(_last), CancellationToken.None);
        return Films.Describe(path, 1);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => default;
}
