using Rapid.Cli.Terminal;
using Rapid.Hosting;

namespace Rapid.Cli.Supervision;

/// <summary>What shall run. <c>rapid up</c> writes it, the supervisor does it; it outlives <c>rapid down</c>.</summary>
internal sealed record ClusterPlan
{
    private const int SecondReplayPort = 5201;

    /// <summary>How many actors.</summary>
    public required int Actors { get; init; }

    /// <summary>Whether there is a Redis under the replay services.</summary>
    public required bool Redis { get; init; }

    /// <summary>Where the learner answers.</summary>
    public required string Learner { get; init; }

    /// <summary>Where the replay services answer, one each.</summary>
    public required IReadOnlyList<string> Replays { get; init; }

    /// <summary>The folder that services are started in: relative paths in specs begin there.</summary>
    public required string Folder { get; init; }

    /// <summary>The folder of the runs.</summary>
    public required string Runs { get; init; }

    /// <summary>Nothing shall run.</summary>
    public bool IsStopped { get; init; }

    /// <summary>As many actors as there are cores besides one for the learner.</summary>
    public static int DefaultActors => Math.Max(1, Environment.ProcessorCount - 1);

    /// <summary>What an <c>up</c> wants: what it says, else what the environment says, else what was there before, else
    /// the defaults.</summary>
    /// <param name="before">The plan so far.</param>
    /// <param name="actors">Number of actors.</param>
    /// <param name="replays">Number of replay services.</param>
    /// <param name="redis">Whether there is a Redis.</param>
    /// <exception cref="CliException">The environment names services of other machines, or not as many as are wanted.</exception>
    /// <exception cref="ConfigurationException">A variable is wrong.</exception>
    public static ClusterPlan Next(ClusterPlan? before, int? actors, int? replays, bool? redis)
    {
        var said = ServiceOptionsReader.Read(ServiceKind.Learner);
        var runs = IsSaid("RAPID_RUNS") ? said.Runs : null;
        return new ClusterPlan
        {
            Actors = actors ?? before?.Actors ?? DefaultActors,
            Redis = redis ?? before?.Redis ?? true,
            Learner = IsSaid("RAPID_LEARNER") ? Own("RAPID_LEARNER", Single(said.Learners)) : before?.Learner ?? $"{said.Learner}",
            Replays = IsSaid("RAPID_REPLAY")
                ? Named([.. said.Replay.Select(address => Own("RAPID_REPLAY", address))], replays)
                : Counted(before?.Replays ?? [], replays ?? before?.Replays.Count ?? 1),
            Folder = before?.Folder ?? Environment.CurrentDirectory,
            Runs = runs is not null ? Path.GetFullPath(runs) : before?.Runs ?? Path.GetFullPath("runs"),
        };
    }

    private static ServiceAddress Single(IReadOnlyList<ServiceAddress> learners) => learners is [var one] ? one : throw new CliException(
        $"RAPID_LEARNER: has {learners.Count} addresses, and 'rapid up' starts one learner; allowed: one address", ExitCode.BadInput);

    /// <summary>Whether the environment has a value.</summary>
    public static bool IsSaid(string variable) => !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(variable));

    private static string Own(string variable, ServiceAddress address) => address is { IsLocal: true, IsSecure: false }
        ? $"{address}"
        : throw new CliException(
            $"{variable}: '{address}' is not an address that services of this machine have for themselves; "
            + "allowed: http://127.0.0.1:PORT or unix:/path", ExitCode.BadInput);

    private static string[] Named(string[] addresses, int? count) => count is null || count == addresses.Length
        ? addresses
        : throw new CliException(
            $"--replays: {count}, but RAPID_REPLAY has {addresses.Length}; name as many addresses, or none", ExitCode.BadInput);

    /// <summary>Those that there were, and further ones on ports of their own: actors of other clusters take from 5103 to 5199.</summary>
    private static string[] Counted(IReadOnlyList<string> before, int count)
    {
        var addresses = before.Take(count).ToList();
        for (var port = SecondReplayPort; addresses.Count < count; port++)
        {
            var next = addresses.Count == 0 ? $"{ServiceOptionsReader.DefaultListen(ServiceKind.Replay)}" : $"http://127.0.0.1:{port}";
            if (!addresses.Contains(next))
            {
                addresses.Add(next);
            }
        }

        return [.. addresses];
    }
}
