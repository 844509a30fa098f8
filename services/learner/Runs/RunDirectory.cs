using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rapid.Hosting;
using Rapid.Learner.Checkpoints;
using Rapid.Protocol.Files;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Learner.Runs;

/// <summary>
/// The folder of a run: <c>run.json</c> (the complete spec, seed, versions), <c>state.json</c>, <c>metrics.jsonl</c>, <c>tensorboard/</c>,
/// <c>checkpoints/</c>, and <c>data/</c> where the spec asks for it.
/// </summary>
/// <param name="path">The folder.</param>
public sealed class RunDirectory(string path)
{
    private const int LongestName = 100;

    // What the system says when another process holds a file: EWOULDBLOCK of Linux and of BSD, and a sharing violation.
    private static readonly int[] HeldByAnother = [11, 35, unchecked((int)0x80070020)];
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The folder.</summary>
    public string Path => path;

    /// <summary>Called before a file of the run is begun; throws when this process may not.</summary>
    public Action MayWrite { get; set; } = static () => { };

    /// <summary>Name of the folder, which is the experiment's id.</summary>
    public string Id => System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(path));

    /// <summary>Where checkpoints lie.</summary>
    public string Checkpoints => System.IO.Path.Combine(path, "checkpoints");

    /// <summary>Where the run's transitions lie when it keeps them.</summary>
    public string Data => System.IO.Path.Combine(path, "data");

    /// <summary>End of the range of policy versions in use.</summary>
    public string Versions => System.IO.Path.Combine(path, "versions");

    /// <summary>What tells the run from others of the same name, wherever its folder is moved to.</summary>
    public string Identity
    {
        get
        {
            try
            {
                return (string?)ReadRun()["identity"] ?? "0";
            }
            catch (Exception error) when (IsUnreadable(error))
            {
                return "0";
            }
        }
    }

    /// <summary>The version of Rapid that made the run; null where that is not said.</summary>
    private string? Version
    {
        get
        {
            try
            {
                return (string?)ReadRun()["versions"]?["rapid"];
            }
            catch (Exception error) when (IsUnreadable(error))
            {
                return null;
            }
        }
    }

    /// <summary>When the run was made.</summary>
    public DateTime Created => File.GetCreationTimeUtc(System.IO.Path.Combine(path, "run.json"));

    /// <summary>Makes the folder of a new run: the name and seed, and a number when that is taken.</summary>
    public static RunDirectory Create(string runs, ExperimentOptions options, string submitter = "")
    {
        ArgumentNullException.ThrowIfNull(options);
        Directory.CreateDirectory(runs);
        var name = string.Concat(
            options.Name.Take(LongestName).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-'));
        var id = $"{name}-s{options.Seed}";
        for (var n = 2; !TryClaim(System.IO.Path.Combine(runs, id)); n++)
        {
            id = $"{name}-s{options.Seed}-{n}";
        }

        var run = new RunDirectory(System.IO.Path.Combine(runs, id));

        // The folder is a run from the moment that it has a run.json.
        run.WriteState(ExperimentState.Pending, null);
        run.Write("run.json", new JsonObject
        {
            ["id"] = id,
            ["identity"] = Guid.NewGuid().ToString("N")[..12],
            ["seed"] = options.Seed,
            ["submitter"] = submitter,
            ["created"] = DateTime.UtcNow.ToString("O"),
            ["versions"] = new JsonObject
            {
                ["rapid"] = $"{RapidVersion.Own}",
                ["dotnet"] = RuntimeInformation.FrameworkDescription,
                ["os"] = RuntimeInformation.OSDescription,
                ["architecture"] = RuntimeInformation.ProcessArchitecture.ToString(),
            },
            ["spec"] = SpecWriter.ToJson(options),
        });
        DurableFile.FlushDirectory(runs);
        return run;
    }

    /// <summary>Every run below a folder, oldest first.</summary>
    public static IReadOnlyList<RunDirectory> All(string runs) => Directory.Exists(runs)
        ? [.. Directory.GetDirectories(runs).Where(run => File.Exists(System.IO.Path.Combine(run, "run.json")))
            .Select(run => new RunDirectory(run)).OrderBy(run => run.Created)]
        : [];

    /// <summary>The spec that the run was made with.</summary>
    /// <exception cref="SpecException">It cannot be read, or does not suit this version of Rapid.</exception>
    public ExperimentOptions ReadOptions()
    {
        try
        {
            return SpecReader.ReadYaml(ReadRun()["spec"]!.ToJsonString());
        }
        catch (Exception error) when (IsUnreadable(error))
        {
            throw new SpecException([new SpecProblem("run.json", $"cannot be read: {error.Message}")]);
        }
    }

    /// <summary>On whose account the run was submitted; empty where nobody was named or the file cannot be read.</summary>
    public string ReadSubmitter()
    {
        try
        {
            return (string?)ReadRun()["submitter"] ?? "";
        }
        catch (Exception error) when (IsUnreadable(error))
        {
            return "";
        }
    }

    /// <summary>State, and why a run failed; unspecified where the file cannot be read.</summary>
    public (ExperimentState State, string Error) ReadState()
    {
        try
        {
            var state = JsonNode.Parse(File.ReadAllText(System.IO.Path.Combine(path, "state.json")))!;
            return (Enum.Parse<ExperimentState>((string)state["state"]!, ignoreCase: true), (string?)state["error"] ?? "");
        }
        catch (Exception error) when (IsUnreadable(error))
        {
            return (ExperimentState.Unspecified, "");
        }
    }

    /// <summary>How far the run's metrics go: newest training step, newest evaluation's mean return.</summary>
    public (long Step, double? EvaluationReturn) ReadProgress()
    {
        var metrics = System.IO.Path.Combine(path, "metrics.jsonl");
        var lines = File.Exists(metrics) ? File.ReadAllBytes(metrics).AsSpan() : [];
        var (step, evaluation) = ((long?)null, (double?)null);

        // From the end: a learner that begins again with a hundred long runs has other things to do than to read all of them.
        while (lines.Length > 0 && (step is null || evaluation is null))
        {
            var begin = lines.LastIndexOf((byte)'\n') + 1;
            try
            {
                var figures = JsonNode.Parse(lines[begin..])!;
                step ??= (string?)figures["kind"] == "train" ? (long)figures["step"]! : null;
                evaluation ??= (string?)figures["kind"] == "evaluation" ? (double?)figures["return_mean"] : null;
            }
            catch (Exception error) when (IsUnreadable(error))
            {
                // What follows the last line, or a line that a killed process did not finish.
            }

            lines = lines[..Math.Max(begin - 1, 0)];
        }

        return (step ?? 0, evaluation);
    }

    /// <summary>Keeps other processes from training the run until the lock is disposed of.</summary>
    /// <param name="shared">Only those that do not share it.</param>
    /// <returns>Null when another process trains it.</returns>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public FileStream? TryLock(bool shared = false)
    {
        try
        {
            return new FileStream(
                LockFile(path), FileMode.OpenOrCreate, shared ? FileAccess.Read : FileAccess.ReadWrite,
                shared ? FileShare.Read : FileShare.None);
        }
        catch (IOException error) when (HeldByAnother.Contains(error.HResult))
        {
            return null;
        }
    }

    /// <summary>How many lives of the run in a row, one that has not ended included, have brought no new checkpoint.</summary>
    public int Deaths => ReadLife() is var (_, deaths, checkpoint, _) && checkpoint == NewestCheckpoint() ? deaths : 0;

    /// <summary>What the token of the next life must exceed. The clock makes it grow even where the file of lives was lost, or the folder
    /// is a copy.</summary>
    public long LeastToken() => (long)Math.Max(ReadLife().Epoch, (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());

    /// <summary>Notes that the run is taken up. Only who holds the lock may.</summary>
    /// <param name="token">Of the lease by which it is; null without one.</param>
    /// <returns>Fencing token of this life, greater than those of all before; how many lives before it were cut short in a row without a
    /// new checkpoint.</returns>
    /// <exception cref="OtherVersionException">A version that this one does not work with made the run; nothing is noted.</exception>
    public (ulong Epoch, int Deaths) BeginLife(ulong? token = null)
    {
        OtherVersionException.ThrowIfOther(Version, $"run {Id}");
        var life = ReadLife();
        var newest = NewestCheckpoint();
        var deaths = life.Checkpoint == newest ? life.Deaths : 0;
        // A lease may be of several lives.
        var epoch = Math.Max(token ?? 0, (token is null ? (ulong)LeastToken() : life.Epoch) + 1);
        WriteLife(life with { Epoch = epoch, Deaths = deaths + 1, Checkpoint = newest });
        return (epoch, deaths);
    }

    /// <summary>The replay service that the newest life used, the first of several; empty where none did.</summary>
    public string Shard
    {
        get => ReadLife().Shard;
        set
        {
            if (ReadLife() is var life && life.Shard != value)
            {
                WriteLife(life with { Shard = value });
            }
        }
    }

    /// <summary>Notes that the learner that took the run up is there to say how this life ended.</summary>
    public void EndLife() => WriteLife(ReadLife() with { Deaths = 0, Checkpoint = "" });

    /// <summary>Writes the state.</summary>
    public void WriteState(ExperimentState state, string? error) => Write("state.json", new JsonObject
    {
        ["state"] = $"{state}".ToLowerInvariant(),
        ["error"] = error,
    });

    /// <summary>Makes the folder of a new run; false when that name is taken, also by a process that takes it at this moment.</summary>
    private static bool TryClaim(string folder)
    {
        if (Directory.Exists(folder))
        {
            return false;
        }

        Directory.CreateDirectory(folder);
        try
        {
            new FileStream(LockFile(folder), FileMode.CreateNew, FileAccess.Write).Dispose();
            return true;
        }
        catch (IOException) when (File.Exists(LockFile(folder)))
        {
            return false;
        }
    }

    private static string LockFile(string folder) => System.IO.Path.Combine(folder, "lock");

    private JsonNode ReadRun() => JsonNode.Parse(File.ReadAllText(System.IO.Path.Combine(path, "run.json")))!;

    private Life ReadLife()
    {
        try
        {
            var life = JsonNode.Parse(File.ReadAllText(System.IO.Path.Combine(path, "life.json")))!;
            return new Life((ulong)life["epoch"]!, (int)life["deaths"]!, (string)life["checkpoint"]!, (string?)life["shard"] ?? "");
        }
        catch (Exception error) when (IsUnreadable(error))
        {
            return new Life(0, 0, "", "");
        }
    }

    private void WriteLife(Life life) => Write("life.json", new JsonObject
    {
        ["epoch"] = life.Epoch,
        ["deaths"] = life.Deaths,
        ["checkpoint"] = life.Checkpoint,
        ["shard"] = life.Shard,
    });

    private string NewestCheckpoint() => Directory.Exists(Checkpoints)
        ? Directory.GetDirectories(Checkpoints, "step-*").Select(System.IO.Path.GetFileName).Max(StringComparer.Ordinal) ?? ""
        : "";

    private static bool IsUnreadable(Exception error) => error is IOException or UnauthorizedAccessException or JsonException
        or InvalidOperationException or NullReferenceException or ArgumentException or FormatException;

    private void Write(string file, JsonObject content)
    {
        MayWrite();
        DurableFile.Write(System.IO.Path.Combine(path, file), content.ToJsonString(Indented) + "\n");
    }

    /// <summary>What is noted of the newest life.</summary>
    /// <param name="Epoch">Which one.</param>
    /// <param name="Deaths">How many were cut short in a row without a new checkpoint, this one included.</param>
    /// <param name="Checkpoint">The newest when it began.</param>
    /// <param name="Shard">The first replay service that it used.</param>
    private sealed record Life(ulong Epoch, int Deaths, string Checkpoint, string Shard);
}
