using System.Diagnostics;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Instrumentation.StackExchangeRedis;
using Polly;
using Polly.Retry;
using Rapid.Hosting;
using StackExchange.Redis;

namespace Rapid.Redis;

/// <summary>One shared connection to Redis, made when it is first needed. Operations wait while Redis is away.</summary>
/// <param name="options">RAPID_REDIS and the files of TLS.</param>
/// <param name="use">What it is for, for messages.</param>
/// <param name="logger">Says what is waited for.</param>
/// <param name="traces">Makes a span of every command; null when the service exports no traces.</param>
public sealed class RedisConnection(
    ServiceOptions options, RedisUse use, ILogger<RedisConnection> logger, StackExchangeRedisInstrumentation? traces = null)
    : IAsyncDisposable
{
    // Of the attempts of one operation; several operations may wait at once.
    private const int LoggedAttempts = 10;

    private readonly ConfigurationOptions? _configuration = RedisConfiguration.Read(options);
    private readonly ResiliencePipeline _retry = new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
    {
        ShouldHandle = arguments => ValueTask.FromResult(RedisRefusal.Passes(arguments.Outcome.Exception)),
        MaxRetryAttempts = int.MaxValue,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        Delay = TimeSpan.FromMilliseconds(50),
        MaxDelay = TimeSpan.FromSeconds(2),
        OnRetry = arguments =>
        {
            if (arguments.AttemptNumber % LoggedAttempts == 0)
            {
                logger.LogWarning("Redis does not do what it is asked to, this waits: {Message}", arguments.Outcome.Exception?.Message);
            }

            return ValueTask.CompletedTask;
        },
    }).Build();

    // The client makes broken connections again by itself; one that could not in this time is stuck, and another client is made.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private ConnectionMultiplexer? _multiplexer;
    private Task<IConnectionMultiplexer>? _opening;
    private long _lastConnected;

    /// <summary>Hears of what is wrong with Redis.</summary>
    public ILogger Logger => logger;

    /// <summary>Whether this service has a Redis at all.</summary>
    public bool IsConfigured => _configuration is not null;

    /// <summary>Does an idempotent operation, again and again while Redis is away.</summary>
    /// <exception cref="RpcException">FAILED_PRECONDITION: Redis refuses it for good; the text says what to do.</exception>
    public Task<T> DoAsync<T>(Func<IDatabase, Task<T>> operation, CancellationToken cancellation) =>
        DoOnAllAsync(redis => operation(redis.GetDatabase()), cancellation);

    /// <summary>As <see cref="DoAsync{T}"/>, for what one database of it cannot tell.</summary>
    /// <exception cref="RpcException">FAILED_PRECONDITION: Redis refuses it for good; the text says what to do.</exception>
    public async Task<T> DoOnAllAsync<T>(Func<IConnectionMultiplexer, Task<T>> operation, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        try
        {
            return await _retry.ExecuteAsync(
                async token => await operation(await OpenAsync().WaitAsync(token)).WaitAsync(token), cancellation);
        }
        catch (Exception error) when (error is RedisException or RedisCommandException)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, RedisRefusal.Explain(error, _configuration!, use), error));
        }
    }

    /// <summary>One attempt.</summary>
    public async Task<T> OnceAsync<T>(Func<IDatabase, Task<T>> operation, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return await operation((await OpenAsync().WaitAsync(cancellation)).GetDatabase()).WaitAsync(cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_multiplexer is not null)
        {
            await _multiplexer.DisposeAsync();
        }
    }

    /// <summary>The connection that all share; a failed attempt to make it is made again by who comes next.</summary>
    private Task<IConnectionMultiplexer> OpenAsync()
    {
        lock (_gate)
        {
            return _opening is null or { IsFaulted: true } || (_opening.IsCompleted && IsStuck())
                ? _opening = ConnectAsync(_configuration!)
                : _opening;
        }
    }

    /// <summary>Whether the client never had a connection, or has had none for long. A handshake that is refused can leave it so.</summary>
    private bool IsStuck()
    {
        if (_multiplexer is { IsConnected: true })
        {
            _lastConnected = Stopwatch.GetTimestamp();
            return false;
        }

        return _lastConnected == 0 || Stopwatch.GetElapsedTime(_lastConnected) > Patience;
    }

    private async Task<IConnectionMultiplexer> ConnectAsync(ConfigurationOptions configuration)
    {
        if (_multiplexer is null or { IsConnected: false })
        {
            if (_multiplexer is not null)
            {
                await _multiplexer.DisposeAsync();
            }

            _lastConnected = 0;
            _multiplexer = await ConnectionMultiplexer.ConnectAsync(configuration);
            traces?.AddConnection(_multiplexer);
        }

        // A server whose default user needs no password lets the client in as that one when it refuses the login, and nobody notices.
        if (configuration.Password is { Length: > 0 } password)
        {
            object[] login = configuration.User is { Length: > 0 } user ? [user, password] : [password];
            await _multiplexer.GetDatabase().ExecuteAsync("AUTH", login);
        }

        return _multiplexer;
    }
}
