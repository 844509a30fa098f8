using System.Text.Json.Nodes;
using Rapid.Core;

namespace Rapid.Agents.State;

/// <summary>
/// Random streams and running statistics in the JSON of a checkpoint. Doubles are written so that they read back bit for bit.
/// </summary>
internal static class StateJson
{
    public static JsonNode From(RandomStream random) =>
        new JsonArray([.. random.ExportState().Select(word => (JsonNode)JsonValue.Create(word))]);

    /// <exception cref="InvalidDataException">It is no state of such a stream.</exception>
    public static void To(JsonNode node, RandomStream random)
    {
        ulong[] words = [.. node.AsArray().Select(word => (ulong)word!)];
        // The generator stays at zero for ever.
        random.ImportState(words.Take(4).Any(word => word != 0) ? words : throw new InvalidDataException("a random state is zero"));
    }

    public static JsonNode From(RunningMeanVariance statistics) => new JsonObject
    {
        ["count"] = statistics.Count,
        ["mean"] = new JsonArray([.. statistics.Mean.ToArray().Select(value => (JsonNode)JsonValue.Create(value))]),
        ["variance"] = new JsonArray([.. statistics.Variance.ToArray().Select(value => (JsonNode)JsonValue.Create(value))]),
    };

    /// <exception cref="InvalidDataException">They are of nothing that was ever seen.</exception>
    public static void To(JsonNode node, RunningMeanVariance statistics)
    {
        double[] mean = [.. node["mean"]!.AsArray().Select(value => (double)value!)];
        double[] variance = [.. node["variance"]!.AsArray().Select(value => (double)value!)];
        var count = (double)node["count"]!;
        var isPossible = double.IsFinite(count) && count >= 0
            && Array.TrueForAll(mean, double.IsFinite) && Array.TrueForAll(variance, value => double.IsFinite(value) && value >= 0);
        statistics.Import(mean, variance, isPossible ? count : throw new InvalidDataException("a normaliser's statistics are not finite"));
    }
}
