using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Instrumentation.StackExchangeRedis;
using Polly;
using Polly.Retry;
using Rapid.Hosting;
using StackExchange.Redis;

namespace Rapid.Replay.Stores;

/// <summary>One shared connection to Redis, made when it is first needed. Operations wait while Redis is away.</summary>
/// <param name="options">RAPID_REDIS and the authorities that it trusts.</param>
/// <param name="logger">Hears of a Redis that is away.</param>
/// <param name="traces">Makes a span of every command; null when the service exports no traces.</param>
internal sealed class RedisConnection(
    ServiceOptions options, ILogger<RedisConnection> logger, StackExchangeRedisInstrumentation? traces = null) : IAsyncDisposable
{
    // What Redis says when it cannot do now what it can do later: loading, out of memory or disk, failing over, short of replicas.
    private static readonly string[] PassingErrors =
        ["LOADING", "OOM", "MISCONF", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "BUSY", "EXECABORT"];

    // Of the attempts of one operation; several operations may wait at once.
    private const int LoggedAttempts = 10;

    private readonly ConfigurationOptions? _configuration = Configure(options);
    private readonly ResiliencePipeline _retry = new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
    {
        ShouldHandle = arguments => ValueTask.FromResult(IsAway(arguments.Outcome.Exception)),
        MaxRetryAttempts = int.MaxValue,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        Delay = TimeSpan.FromMilliseconds(50),
        MaxDelay = TimeSpan.FromSeconds(2),
        OnRetry = arguments =>
        {
            if (arguments.AttemptNumber % LoggedAttempts == 0)
            {
                logger.LogWarning("Redis is away, this waits: {Message}", arguments.Outcome.Exception?.Message);
            }

            return ValueTask.CompletedTask;
        },
    }).Build();

    private readonly SemaphoreSlim _connecting = new(1);
    private ConnectionMultiplexer? _connection;

    /// <summary>Whether this service has a Redis at all.</summary>
    public bool IsConfigured => _configuration is not null;

    /// <summary>Does an idempotent operation, again and again while Redis is away.</summary>
    public async Task<T> DoAsync<T>(Func<IDatabase, Task<T>> operation, CancellationToken cancellation) => await _retry.ExecuteAsync(
        async token => await operation((await ConnectAsync(token)).GetDatabase()).WaitAsync(token), cancellation);

    /// <summary>Says that Redis no longer has a block that it confirmed.</summary>
    public void ReportLoss(string table, ulong id) => logger.LogError(
        "Redis lost block {Id} of table {Table}; is it configured to keep what it confirmed (appendonly yes, no eviction)?", id, table);

    /// <summary>One attempt, for the health check.</summary>
    public async Task PingAsync(CancellationToken cancellation) =>
        await (await ConnectAsync(cancellation)).GetDatabase().PingAsync().WaitAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.CloseAsync();
            _connection.Dispose();
        }

        _connecting.Dispose();
    }

    private static ConfigurationOptions? Configure(ServiceOptions options)
    {
        if (Parse(options.Redis) is not { } configuration)
        {
            return null;
        }

        // What the client would choose by itself ends before TLS 1.2, which today's servers begin with.
        configuration.SslProtocols ??= SslProtocols.Tls12 | SslProtocols.Tls13;
        if (options.TlsCa is { } authorities)
        {
            configuration.CertificateValidation += (_, certificate, _, errors) =>
                errors == SslPolicyErrors.None || IsTrusted(certificate, errors, authorities);
        }

        return configuration;
    }

    /// <summary>Whether a certificate that the machine does not trust comes from the authorities of RAPID_TLS_CA.</summary>
    private static bool IsTrusted(X509Certificate? certificate, SslPolicyErrors errors, string authorities)
    {
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.ImportFromPemFile(authorities);
        using var copy = new X509Certificate2(certificate);
        return chain.Build(copy);
    }

    private static ConfigurationOptions? Parse(string? text)
    {
        try
        {
            return text is null ? null : ConfigurationOptions.Parse(text);
        }
        catch (ArgumentException error)
        {
            // The value may hold a password and stays out of the log.
            throw new ConfigurationException(
                [$"RAPID_REDIS: {error.Message}; allowed: a StackExchange.Redis configuration such as 'localhost:6379,ssl=true'"]);
        }
    }

    private static bool IsAway(Exception? error) =>
        error is RedisConnectionException or TimeoutException
        || (error is RedisServerException && PassingErrors.Any(passing => error.Message.StartsWith(passing, StringComparison.Ordinal)));

    private async Task<ConnectionMultiplexer> ConnectAsync(CancellationToken cancellation)
    {
        if (_connection is { } existing)
        {
            return existing;
        }

        await _connecting.WaitAsync(cancellation);
        try
        {
            // The multiplexer reconnects by itself once it has been made.
            _connection ??= await ConnectionMultiplexer.ConnectAsync(_configuration!).WaitAsync(cancellation);
            traces?.AddConnection(_connection);
            return _connection;
        }
        finally
        {
            _connecting.Release();
        }
    }
}

/// <summary>Unhealthy while a configured Redis does not answer.</summary>
internal sealed class RedisHealth(RedisConnection redis) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (!redis.IsConfigured)
        {
            return HealthCheckResult.Healthy("no Redis configured");
        }

        try
        {
            await redis.PingAsync(cancellationToken).WaitAsync(TimeSpan.FromSeconds(2), cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            return HealthCheckResult.Unhealthy("Redis does not answer", error);
        }
    }
}
