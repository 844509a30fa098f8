using System.Globalization;
using Rapid.Environments;
using Rapid.Environments.Atari;
using Rapid.Environments.Rendering;
using Rapid.Environments.Rendering.Pictures;
using Rapid.Protocol;
using Rapid.Protocol.Specs;

namespace Rapid.Cli.Play;

/// <summary>One picture with every environment on it, with its name below.</summary>
internal static class ContactSheet
{
    private const int Side = 200, Gap = 8, LabelHeight = 20, LabelTop = 5, Columns = 5, Colors = 256;
    private const uint Ink = 0x24292F;

    // As far into an episode of random actions that bodies have moved and most have not fallen.
    private const int Steps = 12;

    private static ReadOnlySpan<byte> Paper => [0xE6, 0xE9, 0xED];

    /// <summary>Draws and writes it; of several tasks with one body the last is shown.</summary>
    /// <param name="path">A .png file.</param>
    /// <param name="stop">Checked for every environment.</param>
    /// <returns>What was written, in one line.</returns>
    /// <exception cref="RenderingException">This machine cannot draw.</exception>
    public static string Write(string path, CancellationToken stop)
    {
        if (!string.Equals(Path.GetExtension(path), ".png", StringComparison.OrdinalIgnoreCase))
        {
            throw new CliException($"--pictures: {path} is no .png file", ExitCode.BadInput);
        }

        List<(string Label, byte[] Pixels, int Width)> pictures = [];
        foreach (var tasks in EnvironmentRegistry.Names.Where(name => AtariNames.Parse(name) is null).GroupBy(LabelOf))
        {
            stop.ThrowIfCancellationRequested();
            if (Draw(tasks.Last()) is var (pixels, width))
            {
                pictures.Add((tasks.Key, pixels, width));
            }
        }

        var file = Compose(pictures);
        File.WriteAllBytes(path, file);
        return string.Create(
            CultureInfo.InvariantCulture, $"wrote {path}: {pictures.Count} environments, {(file.Length + 1023) / 1024} KiB");
    }

    private static byte[] Compose(List<(string Label, byte[] Pixels, int Width)> pictures)
    {
        var rows = (pictures.Count + Columns - 1) / Columns;
        var (width, height) = (Gap + (Columns * (Side + Gap)), Gap + (rows * (Side + LabelHeight + Gap)));
        var sheet = new byte[width * height * 3];
        for (var i = 0; i < sheet.Length; i += Paper.Length)
        {
            Paper.CopyTo(sheet.AsSpan(i));
        }

        for (var i = 0; i < pictures.Count; i++)
        {
            var (label, pixels, pixelWidth) = pictures[i];
            var (left, top) = (Gap + (i % Columns * (Side + Gap)), Gap + (i / Columns * (Side + LabelHeight + Gap)));
            Paste(pixels, pixelWidth, sheet, width, left, top);
            var scale = Label.WidthOf(label, 2) <= Side ? 2 : 1;
            Label.Write(label, sheet, width, left + ((Side - Label.WidthOf(label, scale)) / 2), top + Side + LabelTop, scale, Ink);
        }

        var indices = new byte[width * height];
        var reducer = new ColorReducer(sheet, Colors, gridLevels: 0);
        reducer.Reduce(sheet, width, indices);
        return PngEncoder.Encode(indices, width, reducer.Palette);
    }

    /// <summary>A picture whose longer side is <see cref="Side"/> pixels; null of what cannot be drawn.</summary>
    private static (byte[] Pixels, int Width)? Draw(string name)
    {
        using var environment = EnvironmentFactory.CreateForEvaluation(new EnvironmentOptions { Name = name });
        if (environment.Renderable is not { } renderable)
        {
            return null;
        }

        var random = new RandomStream(1);
        var (observation, action) = (new float[environment.ObservationSpace.Size], new float[environment.ActionSpace.Size]);
        environment.Reset(random, observation);
        for (var step = 0; step < Steps; step++)
        {
            RandomActions.Draw(environment.ActionSpace, random, action);
            var result = environment.Step(action, observation);
            if (result.Terminated || result.Truncated)
            {
                environment.Reset(random, observation);
            }
        }

        var height = (int)(Side / Math.Max(1, renderable.AspectRatio));
        using var renderer = renderable.CreateRenderer(RenderOptions.Of(renderable, height, RenderQuality.Good));
        var pixels = new byte[renderer.Width * renderer.Height * 3];
        renderer.Render(pixels);
        return (pixels, renderer.Width);
    }

    /// <summary>Copies a picture into the middle of its place.</summary>
    private static void Paste(byte[] picture, int pictureWidth, byte[] sheet, int width, int left, int top)
    {
        var height = picture.Length / pictureWidth / 3;
        (left, top) = (left + ((Side - pictureWidth) / 2), top + ((Side - height) / 2));
        for (var y = 0; y < height; y++)
        {
            picture.AsSpan(y * pictureWidth * 3, pictureWidth * 3).CopyTo(sheet.AsSpan((((top + y) * width) + left) * 3));
        }
    }

    /// <summary>What versions of a task and tasks of one body share: Ant of Ant-v5, dm.walker of dm.walker.run.</summary>
    private static string LabelOf(string name) =>
        name.Split('.') is [var suite, var body, _] ? $"{suite}.{body}"
        : name.LastIndexOf("-v", StringComparison.Ordinal) is > 0 and var at ? name[..at]
        : name;
}
