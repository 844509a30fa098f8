using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>A replay service that shares tables with others.</summary>
/// <param name="Name">Which one it is, whatever its address becomes.</param>
/// <param name="Address">Where it is now.</param>
public sealed record Shard(string Name, ServiceAddress Address);

/// <summary>
/// The replay services that there are. Those that RAPID_REPLAY gives by their addresses are there for good, under these addresses. What a
/// name of RAPID_REPLAY stands for is looked up all the time, and who answers there says which shard it is.
/// </summary>
/// <remarks>
/// A shard that does not answer is still one while a name leads to it: it is being started again. One that no name leads to any more is
/// waited for a while (RAPID_SHARD_PATIENCE), because it may come back at another address. Two looks must agree before anything changes, so
/// that services that come and go together are one change. Without any, the last ones stay: a run waits for them.
/// </remarks>
public sealed class ShardDirectory : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), Answer = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Arrival = TimeSpan.FromSeconds(5);

    private readonly ServiceOptions _options;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly ChangeSignal _changed = new();
    private readonly Dictionary<ServiceAddress, GrpcChannel> _channels = [];
    private readonly Dictionary<ServiceAddress, string> _problems = [];

    // What names lead to, by shard, and when one last did, in milliseconds since the machine started.
    private readonly Dictionary<string, (ServiceAddress Address, long Seen)> _found = [];
    private IReadOnlyList<Shard> _shards = [];

    /// <param name="options">RAPID_REPLAY, and how long a shard is waited for.</param>
    /// <param name="logger">Hears of changes.</param>
    public ShardDirectory(ServiceOptions options, ILogger<ShardDirectory> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _logger) = (options, logger);
        if (!options.Replay.Any(address => address.IsName))
        {
            _shards = Fixed;
        }
    }

    private IReadOnlyList<Shard> Fixed =>
        [.. _options.Replay.Where(address => !address.IsName).Select(address => new Shard($"{address}", address))];

    /// <summary>Those that there are now, in an order that all lives of all learners agree on; waits for the first.</summary>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The shards, and what ends when they are others.</returns>
    public async Task<(IReadOnlyList<Shard> Shards, Task Change)> FindAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task change;
            lock (_gate)
            {
                change = _changed.Next;
                if (_shards.Count > 0)
                {
                    return (_shards, change);
                }
            }

            await change.WaitAsync(cancellation);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        foreach (var channel in _channels.Values)
        {
            channel.Dispose();
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_shards.Count > 0)
        {
            return;
        }

        var began = Environment.TickCount64;
        IReadOnlyList<Shard> before = [];
        using var timer = new PeriodicTimer(Interval);
        try
        {
            do
            {
                var isComplete = await LookAsync(stoppingToken);
                var now = Fixed.Concat(_found.Select(shard => new Shard(shard.Key, shard.Value.Address))
                    .OrderBy(shard => shard.Name, StringComparer.Ordinal)).ToList();
                // Services that start together with this learner come one after the other.
                var isSettled = _shards.Count > 0 || isComplete || Environment.TickCount64 - began > Arrival.TotalMilliseconds;
                if (isSettled && now.Count > 0 && now.SequenceEqual(before) && !now.SequenceEqual(_shards))
                {
                    Change(now);
                }

                before = now;
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private void Change(List<Shard> shards)
    {
        _logger.LogInformation(
            "replay services: {Shards}", string.Join(", ", shards.Select(shard => $"{shard.Name} at {shard.Address}")));
        lock (_gate)
        {
            _shards = shards;
            _changed.Raise();
        }
    }

    /// <summary>Looks every name up and asks who is there.</summary>
    /// <returns>Whether all answered.</returns>
    private async Task<bool> LookAsync(CancellationToken cancellation)
    {
        var (addresses, isResolved) = (new HashSet<ServiceAddress>(), true);
        foreach (var name in _options.Replay.Where(address => address.IsName))
        {
            try
            {
                addresses.UnionWith(await ServiceNames.FindAsync(name, cancellation));
                _problems.Remove(name);
            }
            catch (IOException error)
            {
                isResolved = false;
                Report(name, error.Message);
            }
        }

        Connect(addresses);
        var answers = await Task.WhenAll(_channels.Select(channel => AskAsync(channel.Key, channel.Value, cancellation)));
        foreach (var (address, _, problem) in answers.Where(answer => answer.Name is null))
        {
            Report(address, $"the replay service at {address} does not say which shard it is: {problem}");
        }

        Take(answers.Where(answer => answer.Name is not null).ToLookup(answer => answer.Name!, answer => answer.Address));
        var silent = answers.Where(answer => answer.Name is null).Select(answer => answer.Address).ToHashSet();
        Forget(shard => !isResolved || silent.Contains(shard));
        return silent.Count == 0;
    }

    /// <summary>One channel to each address, and none to others.</summary>
    private void Connect(HashSet<ServiceAddress> addresses)
    {
        foreach (var gone in _channels.Keys.Except(addresses).ToList())
        {
            _channels.Remove(gone, out var channel);
            channel!.Dispose();
            _problems.Remove(gone);
        }

        foreach (var address in addresses.Except(_channels.Keys).ToList())
        {
            _channels[address] = Channels.Open(address, _options);
        }
    }

    /// <summary>Notes who answers where: of several addresses of one service, such as those of two protocols, always the same.</summary>
    private void Take(ILookup<string, ServiceAddress> answers)
    {
        foreach (var shard in answers)
        {
            var known = _found.GetValueOrDefault(shard.Key).Address;
            var address = shard.Contains(known) ? known! : shard.MinBy(place => $"{place}", StringComparer.Ordinal)!;
            _found[shard.Key] = (address, Environment.TickCount64);
            _problems.Remove(address);
        }
    }

    /// <summary>Forgets those that no name has led to for long; not all of them.</summary>
    /// <param name="isNamed">Whether a name leads to the address of a shard that did not answer, as far as is known.</param>
    private void Forget(Func<ServiceAddress, bool> isNamed)
    {
        var now = Environment.TickCount64;
        foreach (var (name, (address, _)) in _found.Where(shard => isNamed(shard.Value.Address)).ToList())
        {
            _found[name] = (address, now);
        }

        var gone = _found.Where(shard => now - shard.Value.Seen > _options.ShardPatience.TotalMilliseconds).ToList();
        if (gone.Count < _found.Count)
        {
            gone.ForEach(shard => _found.Remove(shard.Key));
        }
    }

    private static async Task<(ServiceAddress Address, string? Name, string? Problem)> AskAsync(
        ServiceAddress address, GrpcChannel channel, CancellationToken cancellation)
    {
        try
        {
            var identity = await new Protocol.V1.Replay.ReplayClient(channel).IdentifyAsync(
                new IdentifyRequest(), deadline: DateTime.UtcNow + Answer, cancellationToken: cancellation);
            return (address, identity.Shard, null);
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Unimplemented)
        {
            // One of an earlier patch is known by where it is.
            return (address, $"{address}", null);
        }
        catch (RpcException error)
        {
            cancellation.ThrowIfCancellationRequested();
            return (address, null, error.Status.Detail);
        }
    }

    /// <summary>Once, until it is another.</summary>
    private void Report(ServiceAddress address, string problem)
    {
        if (_problems.GetValueOrDefault(address) != problem)
        {
            _problems[address] = problem;
            _logger.LogWarning("{Problem}", problem);
        }
    }
}
