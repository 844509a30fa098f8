namespace Rapid.Processes;

/// <summary>What lies between the processes of a cluster and the machine; by itself nothing does.</summary>
internal sealed record ClusterSurroundings
{
    /// <summary>The port at which one process, the first, reaches another that listens on a port.</summary>
    public Func<string, string, int, int> Reach { get; init; } = static (_, _, port) => port;

    /// <summary>What a process has in its environment besides, or in the place of what others have.</summary>
    public Func<string, IReadOnlyDictionary<string, string>> VariablesOf { get; init; } = static _ => new Dictionary<string, string>();

    /// <summary>Starts a service in a folder with its environment.</summary>
    public Func<string, string, IReadOnlyDictionary<string, string>, RapidProcess> StartRapid { get; init; } =
        static (folder, service, variables) => RapidProcess.Start(folder, [service], variables);
}
