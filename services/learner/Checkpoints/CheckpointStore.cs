using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;

namespace Rapid.Learner.Checkpoints;

/// <summary>Everything a run needs to go on.</summary>
/// <param name="Step">Environment steps learned from.</param>
/// <param name="Updates">Updates made.</param>
/// <param name="Tensors">Weights and optimiser state.</param>
/// <param name="State">Counters, normalisers, random state.</param>
public sealed record Checkpoint(long Step, long Updates, IReadOnlyDictionary<string, TensorData> Tensors, JsonObject State);

/// <summary>The checkpoints of a run, one directory each. A checkpoint appears whole or not at all: it is written beside, flushed to disk,
/// and renamed.</summary>
/// <param name="directory">Holds <c>step-...</c> directories.</param>
/// <param name="keep">Newest checkpoints that stay.</param>
/// <param name="logger">Hears of checkpoints that cannot be read.</param>
public sealed class CheckpointStore(string directory, int keep, ILogger logger)
{
    /// <summary>Writes a checkpoint and removes old ones.</summary>
    public void Save(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var temporary = Path.Combine(directory, $".writing-{Guid.NewGuid():N}");
        Directory.CreateDirectory(temporary);
        using (var file = File.Create(Path.Combine(temporary, "model.safetensors")))
        {
            SafeTensors.Write(file, checkpoint.Tensors);
            file.Flush(flushToDisk: true);
        }

        using (var file = File.Create(Path.Combine(temporary, "state.json")))
        {
            JsonSerializer.Serialize(file, new JsonObject { ["step"] = checkpoint.Step, ["updates"] = checkpoint.Updates, ["state"] = checkpoint.State.DeepClone() });
            file.Flush(flushToDisk: true);
        }

        var final = Path.Combine(directory, $"step-{checkpoint.Step.ToString("D12", CultureInfo.InvariantCulture)}");
        if (Directory.Exists(final))
        {
            Directory.Delete(final, recursive: true);
        }

        Directory.Move(temporary, final);
        foreach (var old in Newest().Skip(keep))
        {
            Directory.Delete(old, recursive: true);
        }

        foreach (var abandoned in Directory.GetDirectories(directory, ".writing-*"))
        {
            Directory.Delete(abandoned, recursive: true);
        }
    }

    /// <summary>The newest checkpoint that can be read, or null.</summary>
    public Checkpoint? LoadNewest()
    {
        foreach (var path in Newest())
        {
            try
            {
                var tensors = SafeTensors.Read(File.ReadAllBytes(Path.Combine(path, "model.safetensors")));
                var state = JsonNode.Parse(File.ReadAllBytes(Path.Combine(path, "state.json")))!;
                return new Checkpoint((long)state["step"]!, (long)state["updates"]!, tensors, state["state"]!.AsObject());
            }
            catch (Exception error) when (error is IOException or InvalidDataException or JsonException or InvalidOperationException or NullReferenceException)
            {
                logger.LogWarning("checkpoint {Path} cannot be read, trying the one before it: {Message}", path, error.Message);
            }
        }

        return null;
    }

    private IEnumerable<string> Newest() => Directory.Exists(directory)
        ? Directory.GetDirectories(directory, "step-*").OrderByDescending(path => path, StringComparer.Ordinal)
        : [];
}
