using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Rapid.Hosting;

namespace Rapid.Cli.Supervision;

/// <summary>How one service is started.</summary>
/// <param name="Name">Such as <c>actor-2</c>.</param>
/// <param name="Program">What is run.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Variables">Its environment, besides what it inherits.</param>
/// <param name="Address">Where it answers for its health; null for Redis and the supervisor.</param>
internal sealed record ServicePlan(
    string Name, string Program, IReadOnlyList<string> Arguments, IReadOnlyList<(string Name, string Value)> Variables,
    ServiceAddress? Address = null)
{
    /// <summary>The name of Redis.</summary>
    public const string Redis = "redis";

    /// <summary>The name of the learner.</summary>
    public const string Learner = "learner";

    /// <summary>The name of who starts again what ended.</summary>
    public const string Supervisor = "supervisor";

    /// <summary>What a service is, whatever its number: <c>actor</c>.</summary>
    public string Kind => KindOf(Name);

    /// <summary>Differs when it would be started differently now, or from another build.</summary>
    public string Fingerprint { get; } = Hash(
        [Program, .. Arguments, .. Variables.Select(variable => $"{variable.Name}={variable.Value}"), Build]);

    private static string Build { get; } = Hash(new DirectoryInfo(AppContext.BaseDirectory)
        .EnumerateFiles("*apid*.dll")
        .OrderBy(file => file.Name, StringComparer.Ordinal)
        .Select(file => string.Create(CultureInfo.InvariantCulture, $"{file.Name} {file.Length} {file.LastWriteTimeUtc.Ticks}")));

    /// <summary>What a service is, whatever its number.</summary>
    public static string KindOf(string name) => name.Split('-')[0];

    /// <summary>Every service of a plan, in the order in which people list them.</summary>
    public static IReadOnlyList<ServicePlan> All(StateFolder state, ClusterPlan plan)
    {
        var services = new List<ServicePlan>();
        if (plan.Redis)
        {
            services.Add(new ServicePlan(Redis, "redis-server", [ServiceKeys.RedisSettings(state)], []));
        }

        for (var i = 0; i < plan.Replays.Count; i++)
        {
            services.Add(Own(state, Numbered("replay", i), plan.Replays[i],
                plan.Redis ? [("RAPID_REDIS_FILE", ServiceKeys.RedisAddress(state, i))] : []));
        }

        services.Add(Own(state, Learner, plan.Learner,
            [("RAPID_REPLAY", string.Join(',', plan.Replays)), ("RAPID_RUNS", plan.Runs)]));
        (string, string)[] worker = [("RAPID_LEARNER", plan.Learner)];
        services.Add(Own(state, "evaluator", $"unix:{state.SocketOf("evaluator")}", worker));
        for (var i = 0; i < plan.Actors; i++)
        {
            var name = Numbered("actor", i);
            services.Add(Own(state, name, $"unix:{state.SocketOf(name)}", worker));
        }

        return services;
    }

    /// <summary>The supervisor of a folder.</summary>
    public static ServicePlan ForSupervisor(StateFolder state) =>
        new(Supervisor, OwnProgram, [SuperviseCommandName, "--state", state.Path], []);

    /// <summary>The hidden command that supervises.</summary>
    public const string SuperviseCommandName = "supervise";

    private static string OwnProgram => Path.Combine(AppContext.BaseDirectory, "rapid");

    private static ServicePlan Own(StateFolder state, string name, string address, IEnumerable<(string Name, string Value)> variables)
    {
        var kind = KindOf(name);
        return new ServicePlan(
            name, OwnProgram, [kind],
            [("RAPID_LISTEN", address), .. variables, .. ServiceKeys.Variables(state, kind)],
            ServiceAddress.Parse(address));
    }

    private static string Numbered(string kind, int index) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{index + 1}");

    private static string Hash(IEnumerable<string> parts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts))))[..16];
}
