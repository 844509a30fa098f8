using System.Text.Json.Nodes;
using Rapid.Environments;

namespace Rapid.Learner.Training;

/// <summary>
/// Random streams and running statistics in the JSON of a checkpoint. Doubles are written so that they read back bit for bit.
/// </summary>
internal static class StateJson
{
    public static JsonNode From(RandomStream random) =>
        new JsonArray([.. random.ExportState().Select(word => (JsonNode)JsonValue.Create(word))]);

    public static void To(JsonNode node, RandomStream random) =>
        random.ImportState([.. node.AsArray().Select(word => (ulong)word!)]);

    public static JsonNode From(RunningMeanVariance statistics) => new JsonObject
    {
        ["count"] = statistics.Count,
        ["mean"] = new JsonArray([.. statistics.Mean.ToArray().Select(value => (JsonNode)JsonValue.Create(value))]),
        ["variance"] = new JsonArray([.. statistics.Variance.ToArray().Select(value => (JsonNode)JsonValue.Create(value))]),
    };

    public static void To(JsonNode node, RunningMeanVariance statistics) => statistics.Import(
        [.. node["mean"]!.AsArray().Select(value => (double)value!)],
        [.. node["variance"]!.AsArray().Select(value => (double)value!)],
        (double)node["count"]!);
}
