using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rapid.Processes;

/// <summary>What a run left on disk.</summary>
internal sealed class RunFolder(string path)
{
    public string Path => path;

    public JsonNode Json => JsonNode.Parse(File.ReadAllText(System.IO.Path.Combine(path, "run.json")))!;

    public string State => (string)JsonNode.Parse(File.ReadAllText(System.IO.Path.Combine(path, "state.json")))!["state"]!;

    /// <summary>Names of the checkpoints, oldest first.</summary>
    public string[] Checkpoints =>
    [
        .. Directory.GetDirectories(System.IO.Path.Combine(path, "checkpoints"), "step-*")
            .Select(path => System.IO.Path.GetFileName(path)!)
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>A file of the newest checkpoint.</summary>
    public byte[] Newest(string file) => File.ReadAllBytes(System.IO.Path.Combine(path, "checkpoints", Checkpoints[^1], file));

    /// <summary>Lines of metrics.jsonl; a line that is being written is left out.</summary>
    public List<JsonObject> Metrics()
    {
        var file = System.IO.Path.Combine(path, "metrics.jsonl");
        List<JsonObject> lines = [];
        foreach (var line in File.Exists(file) ? File.ReadAllLines(file) : [])
        {
            try
            {
                lines.Add(JsonNode.Parse(line)!.AsObject());
            }
            catch (JsonException)
            {
                break;
            }
        }

        return lines;
    }

    /// <summary>Steps of the training lines.</summary>
    public long[] TrainingSteps() => [.. Metrics().Where(line => (string)line["kind"]! == "train").Select(line => (long)line["step"]!)];

    /// <summary>The evaluation lines.</summary>
    public JsonObject[] Evaluations() => [.. Metrics().Where(line => (string)line["kind"]! == "evaluation")];

    /// <summary>metrics.jsonl without what depends on the clock.</summary>
    public string TimelessMetrics() => string.Join('\n', Metrics().Select(line =>
    {
        return line.Remove("time") ? line.ToJsonString() : throw new InvalidDataException($"a line without a time: {line.ToJsonString()}");
    }));

    /// <summary>Whether the only run in a folder, which may not be there yet, has made more than some updates.</summary>
    public static bool HasTrained(string runs, int updates) =>
        Directory.Exists(runs) && Directory.GetDirectories(runs) is [var run] && new RunFolder(run).TrainingSteps().Length > updates;

    /// <summary>The only run in a folder.</summary>
    public static RunFolder Single(string runs) => new(Directory.GetDirectories(runs).Single());

    /// <summary>The service's log, for messages.</summary>
    public string Log =>
        System.IO.Path.Combine(path, "log.txt") is var log && File.Exists(log) ? $"--- log.txt\n{File.ReadAllText(log)}" : "";
}
