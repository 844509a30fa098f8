using System.Globalization;

namespace Rapid.Benchmarks;

/// <summary>Other bytes in files of a run.</summary>
internal static class Damage
{
    /// <summary>Changes one bit of a checkpoint's weights.</summary>
    public static void Checkpoint(string path, long which)
    {
        var model = Path.Combine(path, "model.safetensors");
        var bytes = File.ReadAllBytes(model);
        bytes[which % bytes.Length] ^= 1;
        File.WriteAllBytes(model, bytes);
    }

    /// <summary>Makes one of the files that say how the run came this far unreadable, or metrics end in half a line.</summary>
    /// <returns>Which, in words.</returns>
    public static string RunFile(string run, long which)
    {
        var name = ((string[])["life.json", "versions", "metrics.jsonl"])[which % 3];
        var path = Path.Combine(run, name);
        if (name == "metrics.jsonl")
        {
            File.AppendAllText(path, """{"kind":"train","step":12""");
            return $"{name} ends in half a line";
        }

        File.WriteAllText(path, "{\0");
        return $"{name} is garbage";
    }

    /// <summary>The step in a checkpoint's name.</summary>
    public static long StepOf(string path) =>
        long.Parse(Path.GetFileName(path)["step-".Length..].Split('.')[0], CultureInfo.InvariantCulture);
}
