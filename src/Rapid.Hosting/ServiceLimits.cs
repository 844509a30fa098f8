namespace Rapid.Hosting;

/// <summary>What callers can make a service spend, each with a variable of its own.</summary>
public sealed record ServiceLimits
{
    /// <summary>RAPID_MAX_COMPRESSION: how many times larger than it travels a compressed message of more than 1 MiB may be.
    /// Regular data reaches 170, zeros 1000.</summary>
    public int CompressionRatio { get; init; } = 250;

    /// <summary>RAPID_MAX_CONNECTION_BYTES: bytes of messages that one connection may have under way, unfinished or not yet dealt with.</summary>
    public long ConnectionBytes { get; init; } = 1L << 30;

    /// <summary>RAPID_MAX_SERVICE_BYTES: the same for all connections together (default: a quarter of the memory, 1 GiB at least).</summary>
    public long ServiceBytes { get; init; } = Math.Max(1L << 30, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4);

    /// <summary>RAPID_MAX_BODY_SECONDS: time that a message may take to arrive, from its first byte on, or from the call's beginning where
    /// a call has one message. The largest needs about 2 MiB a second.</summary>
    public int BodySeconds { get; init; } = 120;

    /// <summary>RAPID_MAX_CONNECTIONS: connections to each address. Every actor keeps one or two.</summary>
    public int Connections { get; init; } = 4096;

    /// <summary>RAPID_MAX_STREAMS: open calls of one connection. An actor has one for each of its slots, and opens another connection when
    /// these do not suffice.</summary>
    public int Streams { get; init; } = 1000;

    /// <summary>RAPID_MAX_REQUESTS: calls a second of one peer; a stream is one.</summary>
    public int Requests { get; init; } = 5000;

    /// <summary>RAPID_MAX_TABLES: tables of a replay service.</summary>
    public int Tables { get; init; } = 1000;

    /// <summary>RAPID_MAX_QUEUED: experiments that wait for their turn.</summary>
    public int Queued { get; init; } = 1000;

    /// <summary>RAPID_MAX_QUEUED_PER_SUBMITTER: those of one submitter.</summary>
    public int QueuedPerSubmitter { get; init; } = 1000;

    /// <summary>RAPID_MAX_RUNNING_PER_SUBMITTER: experiments of one submitter that run at once; further ones wait.</summary>
    public int RunningPerSubmitter { get; init; } = 1000;

    /// <summary>RAPID_MAX_WORKERS: enlisted actors and evaluators.</summary>
    public int Workers { get; init; } = 4096;

    /// <summary>RAPID_MAX_SUBSCRIBERS: open subscriptions to policies, experiments and frames.</summary>
    public int Subscribers { get; init; } = 8192;

    /// <summary>RAPID_MAX_ID: characters of a name by which a request finds something.</summary>
    public int IdLength { get; init; } = 1000;
}
