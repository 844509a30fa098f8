using System.Globalization;
using Rapid.Cli.Terminal;

namespace Rapid.Cli.Play;

/// <summary>Every picture as a PNG of its own: 000001.png, 000002.png, ...</summary>
internal sealed class PictureFolder : IScreen
{
    private readonly string _folder;
    private long _pictures;

    /// <param name="folder">Made with the first picture.</param>
    /// <exception cref="CliException">It holds pictures already, which would mix with the new ones, or it is a file.</exception>
    public PictureFolder(string folder)
    {
        if (File.Exists(folder))
        {
            throw new CliException(
                $"--out: {folder} is a file without an extension; name a folder, or a file .gif, .png, .mp4 or .webm",
                ExitCode.BadInput);
        }

        if (Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.png").Any())
        {
            throw new CliException($"--out: {folder} holds pictures already; name a folder without any", ExitCode.BadInput);
        }

        _folder = folder;
    }

    /// <inheritdoc/>
    public int PreferredHeight => 480;

    /// <inheritdoc/>
    public double MostPerSecond => 60;

    /// <inheritdoc/>
    public async Task ShowAsync(Picture picture, CancellationToken stop)
    {
        Directory.CreateDirectory(_folder);
        var name = (++_pictures).ToString("000000", CultureInfo.InvariantCulture);
        await File.WriteAllBytesAsync(Path.Combine(_folder, $"{name}.png"), Films.ToPng(picture), CancellationToken.None);
    }

    /// <inheritdoc/>
    public Task<string?> FinishAsync() => Task.FromResult(_pictures == 0 ? null : string.Create(
        CultureInfo.InvariantCulture, $"wrote {_pictures} pictures into {_folder}"));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => default;
}
