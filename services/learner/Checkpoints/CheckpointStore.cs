using System.Globalization;
using System.Numerics.Tensors;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Rapid.Agents.State;
using Rapid.Hosting;
using Rapid.Protocol.Files;

namespace Rapid.Learner.Checkpoints;

/// <summary>Everything a run needs to go on.</summary>
/// <param name="Step">Environment steps learned from.</param>
/// <param name="Updates">Updates made.</param>
/// <param name="Tensors">Weights and optimiser state.</param>
/// <param name="State">Counters, normalisers, random state.</param>
/// <param name="Games">What actors are in the middle of, as <see cref="Runs.GameLog"/> writes it; null of a run that begins new
/// episodes when it goes on.</param>
public sealed record Checkpoint(
    long Step, long Updates, IReadOnlyDictionary<string, TensorData> Tensors, JsonObject State, byte[]? Games = null);

/// <summary>The checkpoints of a run, one directory each. A checkpoint appears whole or not at all: it is written beside, flushed to disk,
/// and renamed. It holds the SHA-256 of its files, in the format of <c>sha256sum</c>, and what they do not match is not used.</summary>
/// <param name="directory">Holds <c>step-...</c> directories.</param>
/// <param name="keep">Newest checkpoints that stay.</param>
/// <param name="logger">Hears of checkpoints that cannot be read.</param>
/// <param name="mayWrite">Called before anything is written, and before what was written counts; throws when it must not.</param>
public sealed class CheckpointStore(string directory, int keep, ILogger logger, Action? mayWrite = null)
{
    private const string Prefix = "step-", Model = "model.safetensors", State = "state.json", Games = "games.binpb", Sums = "SHA256SUMS";

    /// <summary>Where the newest checkpoint is; null when there is none.</summary>
    public string? NewestPath => Newest().FirstOrDefault();

    /// <summary>The step of the newest checkpoint; null when there is none.</summary>
    public long? NewestStep => NewestPath is { } path ? StepOf(path) : null;

    /// <summary>Writes a checkpoint and removes old ones.</summary>
    /// <returns>Bytes written.</returns>
    /// <exception cref="InvalidDataException">It is not finite; nothing was written.</exception>
    /// <exception cref="IOException">The disk is full or gone; the checkpoints are as they were.</exception>
    public long Save(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        Check(checkpoint);
        mayWrite?.Invoke();
        Directory.CreateDirectory(directory);

        // Before anything is written: what an attempt on a full disk left behind would keep the disk full.
        foreach (var abandoned in Directory.GetDirectories(directory, ".writing-*"))
        {
            Directory.Delete(abandoned, recursive: true);
        }

        var temporary = Path.Combine(directory, $".writing-{Guid.NewGuid():N}");
        Directory.CreateDirectory(temporary);
        DurableFile.Create(Path.Combine(temporary, Model), file => SafeTensors.Write(file, checkpoint.Tensors));
        DurableFile.Create(Path.Combine(temporary, State), file => JsonSerializer.Serialize(file, new JsonObject
        {
            ["rapid"] = $"{RapidVersion.Own}",
            ["step"] = checkpoint.Step,
            ["updates"] = checkpoint.Updates,
            ["state"] = checkpoint.State.DeepClone(),
        }));
        if (checkpoint.Games is { } games)
        {
            DurableFile.Create(Path.Combine(temporary, Games), file => file.Write(games));
        }

        DurableFile.Create(Path.Combine(temporary, Sums), file => file.Write(Encoding.ASCII.GetBytes(SumsOf(temporary))));
        DurableFile.FlushDirectory(temporary);
        var bytes = new DirectoryInfo(temporary).EnumerateFiles().Sum(file => file.Length);
        mayWrite?.Invoke();
        var final = FreeName(checkpoint.Step);
        Directory.Move(temporary, final);
        DurableFile.FlushDirectory(directory);

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

        return bytes;
    }

    /// <summary>
    /// Hands the newest usable checkpoint to whoever goes on from it. One that cannot be read, or that <paramref name="take"/> throws at,
    /// is passed over with a warning.
    /// </summary>
    /// <param name="take">Takes everything that it needs from a checkpoint, whatever an unusable one has left behind.</param>
    /// <returns>False when there is no checkpoint at all.</returns>
    /// <exception cref="InvalidDataException">None of those that there are can be used; the message names the newest and its fault.</exception>
    /// <exception cref="OtherVersionException">The newest is of a version that this one does not work with: going on from the one before
    /// would undo what that version did.</exception>
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
        if (File.ReadAllText(Path.Combine(path, Sums)) != SumsOf(path))
        {
            throw new InvalidDataException($"its files are not those that were written: they do not match {Sums}");
        }

        var tensors = SafeTensors.Read(File.ReadAllBytes(Path.Combine(path, Model)));
        var state = JsonNode.Parse(File.ReadAllBytes(Path.Combine(path, State)))!;
        var version = (string?)state["rapid"] ?? throw new InvalidDataException($"{State} does not say which version of Rapid wrote it");
        OtherVersionException.ThrowIfOther(version, $"checkpoint {path}");
        var games = Path.Combine(path, Games) is var file && File.Exists(file) ? File.ReadAllBytes(file) : null;
        var checkpoint = new Checkpoint((long)state["step"]!, (long)state["updates"]!, tensors, state["state"]!.AsObject(), games);
        Check(checkpoint);
        return checkpoint;
    }

    /// <summary>What no run can go on from is neither written nor used.</summary>
    private static void Check(Checkpoint checkpoint)
    {
        if (checkpoint.Step < 0 || checkpoint.Updates < 0)
        {
            throw new InvalidDataException($"it claims {checkpoint.Step} steps and {checkpoint.Updates} updates");
        }

        foreach (var (name, tensor) in checkpoint.Tensors)
        {
            if (tensor.Type == "F32" && !TensorPrimitives.IsFiniteAll<float>(tensor.Floats()))
            {
                throw new InvalidDataException($"{name} is NaN or infinite, from which no run can go on");
            }
        }
    }

    /// <summary>Checksums of the files of a checkpoint as sha256sum writes them.</summary>
    private static string SumsOf(string path)
    {
        string Line(string name)
        {
            using var file = File.OpenRead(Path.Combine(path, name));
            return $"{Convert.ToHexStringLower(SHA256.HashData(file))}  {name}\n";
        }

        return Line(Model) + Line(State) + (File.Exists(Path.Combine(path, Games)) ? Line(Games) : "");
    }

    /// <summary>What a file that is not what it was, or is another network's, makes its readers throw.</summary>
    private static bool IsDamage(Exception error) => error is IOException or UnauthorizedAccessException or InvalidDataException
        or JsonException or FormatException or InvalidOperationException or NullReferenceException or ArgumentException
        or KeyNotFoundException or OverflowException or IndexOutOfRangeException;

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
