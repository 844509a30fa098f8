using System.Globalization;
using Rapid.Cli.Pictures;
using Rapid.Cli.Terminal;
using Rapid.Core;
using Rapid.Environments.Atari;
using Rapid.Environments.Registry;
using Rapid.Environments.Rendering;
using Rapid.Environments.Rendering.Pictures;
using Rapid.Protocol.Specs;
using Rapid.Specs;
using SkiaSharp;

namespace Rapid.Cli.Play;

/// <summary>One picture with every environment on it, with its name below.</summary>
internal static class ContactSheet
{
    private const int Side = 200, Gap = 8, LabelHeight = 20, LabelSize = 14, LabelBaseline = 16, Columns = 5;

    // As far into an episode of random actions that bodies have moved and most have not fallen.
    private const int Steps = 12;

    private static readonly SKColor Ink = new(0x24, 0x29, 0x2F), Paper = new(0xE6, 0xE9, 0xED);

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

        var font = FontFiles.Find() ?? throw new RenderingException(FontFiles.Missing);
        List<(string Label, byte[] Pixels, int Width)> pictures = [];
        foreach (var tasks in EnvironmentRegistry.Names.Where(name => AtariNames.Parse(name) is null).GroupBy(LabelOf))
        {
            stop.ThrowIfCancellationRequested();
            if (Draw(tasks.Last()) is var (pixels, width))
            {
                pictures.Add((tasks.Key, pixels, width));
            }
        }

        using var typeface = SKTypeface.FromFile(font);
        var file = Compose(pictures, typeface);
        File.WriteAllBytes(path, file);
        return string.Create(
            CultureInfo.InvariantCulture, $"wrote {path}: {pictures.Count} environments, {(file.Length + 1023) / 1024} KiB");
    }

    private static byte[] Compose(List<(string Label, byte[] Pixels, int Width)> pictures, SKTypeface typeface)
    {
        var rows = (pictures.Count + Columns - 1) / Columns;
        using var sheet = new SKBitmap(
            Gap + (Columns * (Side + Gap)), Gap + (rows * (Side + LabelHeight + Gap)), SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(sheet);
        using var ink = new SKPaint { Color = Ink, IsAntialias = true };
        using var font = new SKFont(typeface, LabelSize);
        canvas.Clear(Paper);
        for (var i = 0; i < pictures.Count; i++)
        {
            var (label, pixels, width) = pictures[i];
            var (left, top) = (Gap + (i % Columns * (Side + Gap)), Gap + (i / Columns * (Side + LabelHeight + Gap)));
            using var picture = Bitmaps.Of(pixels, width);
            var (x, y) = (left + ((Side - picture.Width) / 2), top + ((Side - picture.Height) / 2));
            canvas.DrawBitmap(picture, x, y, SKSamplingOptions.Default);
            canvas.DrawText(label, left + (Side / 2), top + Side + LabelBaseline, SKTextAlign.Center, font, ink);
        }

        return Png.Encode(sheet);
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

    /// <summary>What versions of a task and tasks of one body share: Ant of Ant-v5, dm.walker of dm.walker.run.</summary>
    private static string LabelOf(string name) =>
        name.Split('.') is [var suite, var body, _] ? $"{suite}.{body}"
        : name.LastIndexOf("-v", StringComparison.Ordinal) is > 0 and var at ? name[..at]
        : name;
}
