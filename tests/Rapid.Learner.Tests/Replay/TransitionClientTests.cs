using Grpc.Core;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Learner.Replay;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Tests.Replay;

/// <summary>A table of transitions as the learner reads it from one real replay service.</summary>
public class TransitionClientTests
{
    private const int Batch = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TableDefinition Table = new(ShardedTransitionsTests.Table) { Epoch = 1 };

    [Fact]
    public async Task A_table_that_is_lost_again_is_reported_again()
    {
        await using var services = new LearnerAndReplay();
        var log = new Logbook();
        await services.StartReplayAsync();
        await using var table = Open(services, log);
        await table.CreateAsync(default);
        for (var times = 0; times < 3; times++)
        {
            await table.AppendAsync([ShardedTransitionsTests.Block("a", times + 1, 1)], default).WaitAsync(Patience);
            await table.RequestAsync(1, default);
            var batch = await table.ReadAsync(default).AsTask().WaitAsync(Patience);
            await table.ReleaseAsync([batch!], default);
            Assert.InRange(log.Warnings, times, int.MaxValue);
            await table.ClearAsync(default);
        }
    }

    [Fact]
    public async Task A_refusal_reaches_who_reads_and_who_asks()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await using var table = Open(services, new Logbook());
        await table.CreateAsync(default);
        await table.RequestAsync(1, default);
        var waiting = table.ReadAsync(default).AsTask();
        var taken = new CreateTableRequest { Definition = new TableDefinition(Table) { Epoch = 2 } };
        await services.Replay.CreateTableAsync(taken);
        var refused = await Assert.ThrowsAsync<RpcException>(() => waiting.WaitAsync(Patience));
        Assert.Equal(StatusCode.OutOfRange, refused.StatusCode);
        await Assert.ThrowsAsync<RpcException>(() => table.RequestAsync(1, default));
    }

    private static TableClient<ReceivedBatch> Open(LearnerAndReplay services, ILogger logger) => new(
        Channels.Open(services.Options.Replay[0], services.Options), Table, ShardedTransitionsTests.Protocol(Batch, 4), logger);

    private sealed class Logbook : ILogger
    {
        private int _warnings;

        public int Warnings => Volatile.Read(ref _warnings);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception).StartsWith("sampling transitions failed", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _warnings);
            }
        }
    }
}
