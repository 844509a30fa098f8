namespace Rapid.Hosting;

/// <summary>How a service is reached and whom it talks to. <see cref="ServiceOptionsReader"/> reads it from the environment.</summary>
/// <remarks>The defaults let services on one machine find each other over TCP without any configuration.</remarks>
public sealed record ServiceOptions
{
    /// <summary>RAPID_LISTEN: where this service answers.</summary>
    public required IReadOnlyList<ServiceAddress> Listen { get; init; }

    /// <summary>
    /// RAPID_METRICS_LISTEN: where this service serves its metrics to Prometheus, over HTTP/1.1 at /metrics and nothing else; none when
    /// empty.
    /// </summary>
    public IReadOnlyList<ServiceAddress> MetricsListen { get; init; } = [];

    /// <summary>RAPID_LEARNER: where learners are. Those that share a queue answer for each other: the next is asked when one is
    /// away.</summary>
    public IReadOnlyList<ServiceAddress> Learners { get; init; } = [ServiceAddress.Parse("http://127.0.0.1:5102")];

    /// <summary>The first of <see cref="Learners"/>.</summary>
    public ServiceAddress Learner
    {
        get => Learners[0];
        init => Learners = [value];
    }

    /// <summary>RAPID_ADVERTISE: where others reach this learner when it shares its queue; null when it follows from
    /// <see cref="Listen"/>.</summary>
    public ServiceAddress? Advertise { get; init; }

    /// <summary>RAPID_REPLAY: where the replay services are, as learner and actors reach them: each of the addresses that a name stands
    /// for is one.</summary>
    public IReadOnlyList<ServiceAddress> Replay { get; init; } = [ServiceAddress.Parse("http://127.0.0.1:5101")];

    /// <summary>
    /// RAPID_SHARD_PATIENCE: how long a replay service that no name of <see cref="Replay"/> leads to any more is waited for, in case it
    /// comes back at another address. Then its part of the work goes to the others.
    /// </summary>
    public TimeSpan ShardPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// RAPID_REDIS: StackExchange.Redis configuration such as "localhost:6379"; null when there is no Redis. Of a replay service: where its
    /// tables are. Of a learner: where it shares a queue with others.
    /// </summary>
    public string? Redis { get; init; }

    /// <summary>
    /// RAPID_SHARD: which of several replay services this is, whatever its address becomes. By default the machine's name and where the
    /// service listens.
    /// </summary>
    public string Shard
    {
        get => field ?? $"{Environment.MachineName} {string.Join(' ', Listen)}";
        init;
    }

    /// <summary>RAPID_RUNS: folder of the learner's runs, one folder a run.</summary>
    public string Runs { get; init; } = "runs";

    /// <summary>
    /// RAPID_TOKEN: bearer token of callers with every role. Where it or a role's is set, every call, and every scrape of metrics, must
    /// carry one; health checks are exempt.
    /// </summary>
    public string? Token { get; init; }

    /// <summary>RAPID_TOKEN_ACTOR and so on: bearer tokens of callers with one of the <see cref="Roles"/>.</summary>
    public IReadOnlyDictionary<string, string> RoleTokens { get; init; } = new Dictionary<string, string>();

    /// <summary>What this process is to the services that it calls, the preferred role first.</summary>
    public IReadOnlyList<string> ActsAs { get; init; } = [];

    /// <summary>The token that this process' own calls carry: that of its role, or the shared one.</summary>
    public string? OwnToken =>
        ActsAs.Select(role => RoleTokens.GetValueOrDefault(role)).FirstOrDefault(token => token is not null) ?? Token;

    /// <summary>Whether a token would travel to a service in the clear, through a network.</summary>
    public bool SendsPlainToken(ServiceAddress service)
    {
        ArgumentNullException.ThrowIfNull(service);
        return OwnToken is not null && !service.IsSecure && !service.IsLocal;
    }

    /// <summary>Names of the variables of the tokens that this service asks for; none when it asks for no token.</summary>
    public IReadOnlyList<string> TokenVariables =>
        [.. Token is null ? (string[])[] : ["RAPID_TOKEN"], .. Roles.All.Where(RoleTokens.ContainsKey).Select(Roles.Variable)];

    /// <summary>RAPID_INSECURE: lets a service without a token listen where other machines reach it.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>RAPID_TLS_CERTIFICATE: PEM file of this process' certificate and, after it, its intermediates.</summary>
    public string? TlsCertificate { get; init; }

    /// <summary>RAPID_TLS_KEY: PEM file of the certificate's private key.</summary>
    public string? TlsKey { get; init; }

    /// <summary>RAPID_TLS_CA: PEM file of the authorities that clients trust instead of the machine's.</summary>
    public string? TlsCa { get; init; }

    /// <summary>
    /// RAPID_TLS_CLIENT_CA: PEM file of the authorities that sign clients' certificates, which https addresses then ask for; null asks for
    /// none. Clients show <see cref="TlsCertificate"/>.
    /// </summary>
    public string? TlsClientCa { get; init; }

    /// <summary>RAPID_MAX_MESSAGE: largest message in bytes, sent or received (default 256 MiB).</summary>
    public int MaxMessageBytes { get; init; } = 256 << 20;

    /// <summary>RAPID_MAX_...: what callers can make this service spend.</summary>
    public ServiceLimits Limits { get; init; } = new();

    /// <summary>RAPID_ACTOR_SLOTS: most slots that one actor process fills at once (default: one a core).</summary>
    public int ActorSlots { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// RAPID_PARALLEL_RUNS: most experiments that a learner runs at once, as far as its cores suffice for their <c>learner.threads</c>. One
    /// by default: cores say nothing of whether there are actors for a second one, and on a machine that is the actors' too none is free.
    /// </summary>
    public int ParallelRuns { get; init; } = 1;

    /// <summary>OTEL_EXPORTER_OTLP_ENDPOINT: where traces and metrics go; null sends none.</summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary>RAPID_TRACE_RATIO: part of an actor's blocks that are followed, from the first step to the update that learns from them,
    /// where traces are sent.</summary>
    public double TraceRatio { get; init; } = 0.01;

    /// <summary>
    /// What is long for one call of an environment: its constructor or the beginning of an episode, which may start a simulator, or a step.
    /// One that takes longer counts as one that never returns.
    /// </summary>
    public TimeSpan EnvironmentPatience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether signals stop the service. Where a process has several, the process listens.</summary>
    public bool StopsOnSignals { get; init; } = true;
}
