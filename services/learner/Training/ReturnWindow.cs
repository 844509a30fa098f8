using System.Text.Json.Nodes;

namespace Rapid.Learner.Training;

/// <summary>Returns and lengths of the newest finished training episodes.</summary>
/// <param name="capacity">How many episodes count.</param>
public sealed class ReturnWindow(int capacity)
{
    private readonly Queue<(double Return, double Length)> _episodes = new(capacity);

    /// <summary>Episodes finished since the run began.</summary>
    public long Episodes { get; private set; }

    /// <summary>Mean raw return; NaN before the first episode ends.</summary>
    public double MeanReturn => _episodes.Count == 0 ? double.NaN : _episodes.Average(episode => episode.Return);

    /// <summary>Mean length in steps; NaN before the first episode ends.</summary>
    public double MeanLength => _episodes.Count == 0 ? double.NaN : _episodes.Average(episode => episode.Length);

    /// <summary>Adds a finished episode.</summary>
    public void Add(double episodeReturn, double length)
    {
        if (_episodes.Count == capacity)
        {
            _episodes.Dequeue();
        }

        _episodes.Enqueue((episodeReturn, length));
        Episodes++;
    }

    /// <summary>For a checkpoint.</summary>
    public JsonNode ToJson() => new JsonObject
    {
        ["finished"] = Episodes,
        ["returns"] = new JsonArray([.. _episodes.Select(episode => (JsonNode)episode.Return)]),
        ["lengths"] = new JsonArray([.. _episodes.Select(episode => (JsonNode)episode.Length)]),
    };

    /// <summary>Takes back what <see cref="ToJson"/> wrote.</summary>
    public void FromJson(JsonNode state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _episodes.Clear();
        foreach (var (episodeReturn, length) in state["returns"]!.AsArray().Zip(state["lengths"]!.AsArray()))
        {
            Add((double)episodeReturn!, (double)length!);
        }

        Episodes = (long)state["finished"]!;
    }
}
