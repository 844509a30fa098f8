using System.IO.Compression;
using System.Text.Json;

namespace Rapid.Environments.Tests;

/// <summary>Reference traces and compiled models under tests/golden; large ones are compressed.</summary>
internal static class Golden
{
    public static JsonElement Read(string path)
    {
        var file = Path.Combine(AppContext.BaseDirectory, "golden", path);
        using Stream content = File.Exists(file) ? File.OpenRead(file)
            : new GZipStream(File.OpenRead($"{file}.gz"), CompressionMode.Decompress);
        using var document = JsonDocument.Parse(content);
        return document.RootElement.Clone();
    }

    public static double[] Numbers(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? [.. element.EnumerateArray().Select(item => item.GetDouble())] : [element.GetDouble()];

    public static double[][] Rows(this JsonElement element) => [.. element.EnumerateArray().Select(Numbers)];

    public static bool[] Flags(this JsonElement element) => [.. element.EnumerateArray().Select(item => item.GetBoolean())];

    public static float[] Floats(ReadOnlySpan<double> values)
    {
        var floats = new float[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            floats[i] = (float)values[i];
        }

        return floats;
    }

    /// <summary>Largest |difference| / (1 + |expected|); NaN anywhere is infinite.</summary>
    public static double Distance(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var worst = 0.0;
        for (var i = 0; i < expected.Length; i++)
        {
            var distance = Math.Abs(expected[i] - actual[i]) / (1 + Math.Abs(expected[i]));
            worst = double.IsNaN(distance) ? double.PositiveInfinity : Math.Max(worst, distance);
        }

        return worst;
    }
}
