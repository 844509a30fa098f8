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
    private const string Prefix = "step-";

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
            JsonSerializer.Serialize(file, new JsonObject
            {
                ["step"] = checkpoint.Step,
                ["updates"] = checkpoint.Updates,
                ["state"] = checkpoint.State.DeepClone(),
            });
            file.Flush(flushToDisk: true);
        }

        var final = FreeName(checkpoint.Step);
        Directory.Move(temporary, final);

        // One of the same step is what this one replaces. Those of later steps could not be read, or the run would have gone on from them;
        // beside them this one would never be the newest.
        foreach (var replaced in Newest().Where(path => path != final && StepOf(path) >= checkpoint.Step).ToList())
        {
            Directory.Delete(replaced, recursive: true);
        }

        foreach (var old in Newest().Skip(keep))
        {
            Directory.Delete(old, recursive: true);
        }

        foreach (var abandoned in Directory.GetDirectories(directory, ".writing-*"))
        {
            Directory.Delete(abandoned, recursive: true);
        }
    }

    /// <summary>
    /// Hands the newest usable checkpoint to whoever goes on from it. One that cannot be read, or that <paramref name="take"/> throws at,
    /// is passed over with a warning.
    /// </summary>
    /// <param name="take">Takes everything that it needs from a checkpoint, whatever an unusable one has left behind.</param>
    /// <returns>False when there is no checkpoint at all.</returns>
    /// <exception cref="InvalidDataException">None of those that there are can be used; the message names the newest and its fault.</exception>
    public bool Restore(Action<Checkpoint> take)
    {
        ArgumentNullException.ThrowIfNull(take);
        string? fault = null;
        foreach (var path in Newest())
        {
            try
            {
                take(Read(path));
                return true;
            }
            catch (Exception error) when (IsDamage(error))
            {
                logger.LogWarning("checkpoint {Path} cannot be used, trying the one before it: {Message}", path, error.Message);
                fault ??= $"{path}: {error.Message}";
            }
        }

        return fault is null
            ? false
            : throw new InvalidDataException($"no checkpoint can be used; the newest is {fault}; move {directory} away to begin anew");
    }

    private static Checkpoint Read(string path)
    {
        var tensors = SafeTensors.Read(File.ReadAllBytes(Path.Combine(path, "model.safetensors")));
        var state = JsonNode.Parse(File.ReadAllBytes(Path.Combine(path, "state.json")))!;
        return new Checkpoint((long)state["step"]!, (long)state["updates"]!, tensors, state["state"]!.AsObject());
    }

    /// <summary>What a file that is not what it was, or is another network's, makes its readers throw.</summary>
    private static bool IsDamage(Exception error) => error is IOException or UnauthorizedAccessException or InvalidDataException
        or JsonException or FormatException or InvalidOperationException or NullReferenceException or ArgumentException
        or KeyNotFoundException or OverflowException;

    /// <summary>Every checkpoint, the newest first.</summary>
    private IEnumerable<string> Newest() => Directory.Exists(directory)
        ? Directory.GetDirectories(directory, $"{Prefix}*").OrderByDescending(StepOf)
        : [];

    private string FreeName(long step)
    {
        var first = Path.Combine(directory, Prefix + step.ToString("D12", CultureInfo.InvariantCulture));
        var free = first;
        for (var n = 1; Directory.Exists(free); n++)
        {
            free = string.Create(CultureInfo.InvariantCulture, $"{first}.{n}");
        }

        return free;
    }

    /// <summary>The step in a directory's name; -1 when somebody else named it.</summary>
    private static long StepOf(string path) =>
        long.TryParse(Path.GetFileName(path)[Prefix.Length..].Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var step)
            ? step
            : -1;
}
