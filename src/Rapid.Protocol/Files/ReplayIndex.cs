using System.Text.Json.Nodes;
using Rapid.Core;
using Rapid.Protocol.Specs;

namespace Rapid.Protocol.Files;

/// <summary><c>replay.json</c>: what a directory of blocks is; see docs/replay-files.md.</summary>
public sealed record ReplayIndex
{
    /// <summary>The format that is written and read.</summary>
    public const string CurrentFormat = "rapid-replay-data-1";

    /// <summary><see cref="CurrentFormat"/>.</summary>
    public required string Format { get; init; }

    /// <summary>Version of Rapid that wrote it.</summary>
    public string? Rapid { get; init; }

    /// <summary>The table's definition in protobuf's JSON form, with the fields' names as in the proto file.</summary>
    public JsonObject? Definition { get; init; }

    /// <summary>Where the data come from, when that is known.</summary>
    public EnvironmentEntry? Environment { get; init; }

    /// <summary>Blocks of all files; null: whatever the files have.</summary>
    public long? Blocks { get; init; }

    /// <summary>Environment steps of all files; null: whatever the files have.</summary>
    public long? Steps { get; init; }

    /// <summary>Names of the files, which lie beside this one, oldest blocks first.</summary>
    public required IReadOnlyList<string> Files { get; init; }
}

/// <summary>The environment that data come from.</summary>
public sealed record EnvironmentEntry
{
    /// <summary>Registered name.</summary>
    public required string Name { get; init; }

    /// <summary>Where episodes are cut, when the run said so.</summary>
    public int? MaxEpisodeSteps { get; init; }

    /// <summary>Actions are those of the policy, in [-1, 1], and not those of the environment's own box.</summary>
    public bool RescaleActions { get; init; }

    /// <summary>Options of its constructor.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>What an observation looks like.</summary>
    public SpaceEntry? ObservationSpace { get; init; }

    /// <summary>What an action looks like.</summary>
    public SpaceEntry? ActionSpace { get; init; }

    /// <summary>Describes the environment of a spec.</summary>
    /// <param name="options">As the spec has it.</param>
    /// <param name="observations">What it shows.</param>
    /// <param name="actions">What it takes.</param>
    public static EnvironmentEntry Of(EnvironmentOptions options, Space observations, Space actions)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new EnvironmentEntry
        {
            Name = options.Name,
            MaxEpisodeSteps = options.MaxEpisodeSteps,
            RescaleActions = options.RescaleActions,
            Options = options.Options,
            ObservationSpace = SpaceEntry.Of(observations),
            ActionSpace = SpaceEntry.Of(actions),
        };
    }
}

/// <summary>A space: a box has a size and bounds, a discrete one a number of choices.</summary>
public sealed record SpaceEntry
{
    /// <summary>"box" or "discrete".</summary>
    public required string Kind { get; init; }

    /// <summary>Elements of a vector, or choices.</summary>
    public required int Size { get; init; }

    /// <summary>Least value of each element of a box; null where it has none.</summary>
    public IReadOnlyList<float?>? Low { get; init; }

    /// <summary>Greatest value of each element of a box; null where it has none.</summary>
    public IReadOnlyList<float?>? High { get; init; }

    internal static SpaceEntry Of(Space space) => space switch
    {
        BoxSpace box => new SpaceEntry
        {
            Kind = "box",
            Size = box.Size,
            Low = [.. box.Low.Select(Finite)],
            High = [.. box.High.Select(Finite)],
        },
        DiscreteSpace discrete => new SpaceEntry { Kind = "discrete", Size = discrete.Count },
        _ => throw new NotSupportedException($"a space of kind {space.GetType().Name} has no place in a file"),
    };

    private static float? Finite(float bound) => float.IsFinite(bound) ? bound : null;
}
