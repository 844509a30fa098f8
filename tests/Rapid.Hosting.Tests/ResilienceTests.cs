using Grpc.Core;
using Microsoft.Extensions.Logging;
using Rapid.Hosting.Tests.Protos;

namespace Rapid.Hosting.Tests;

public class ResilienceTests
{
    private static readonly StatusCode[] Transient =
    [
        StatusCode.Unavailable, StatusCode.DeadlineExceeded, StatusCode.Aborted,
        StatusCode.Internal, StatusCode.Cancelled, StatusCode.Unknown,
    ];

    public static TheoryData<StatusCode> Codes() => [.. Enum.GetValues<StatusCode>().Where(code => code != StatusCode.OK)];

    [Theory, MemberData(nameof(Codes))]
    public async Task Only_what_may_go_away_by_itself_is_tried_again(StatusCode code)
    {
        var calls = 0;
        var run = Resilience.Forever("testing", new Logbook()).ExecuteAsync(async cancellation =>
        {
            await Task.Yield();
            return ++calls == 1 ? throw new RpcException(new Status(code, "")) : calls;
        }).AsTask();

        if (Transient.Contains(code))
        {
            Assert.Equal(2, await run);
        }
        else
        {
            Assert.Equal(code, (await Assert.ThrowsAsync<RpcException>(() => run)).StatusCode);
            Assert.Equal(1, calls);
        }
    }

    [Fact]
    public async Task Faults_of_the_program_are_not_tried_again()
    {
        var calls = 0;

        await Assert.ThrowsAsync<InvalidDataException>(() => Resilience.Forever("testing", new Logbook()).ExecuteAsync(_ =>
        {
            calls++;
            throw new InvalidDataException();
        }).AsTask());

        Assert.Equal(1, calls);
        Assert.False(Resilience.IsTransient(new OperationCanceledException()));
    }

    [Fact]
    public async Task The_first_failure_and_every_tenth_after_it_are_logged()
    {
        var (calls, log) = (0, new Logbook());

        await Resilience.Forever("asking", log).ExecuteAsync(_ =>
            ++calls < 14 ? throw new RpcException(new Status(StatusCode.Unavailable, $"away {calls}")) : ValueTask.CompletedTask);

        Assert.Equal(2, log.Lines.Count);
        Assert.All(log.Lines, line => Assert.Contains("asking failed, trying again", line, StringComparison.Ordinal));
        Assert.Contains("away 1", log.Lines[0], StringComparison.Ordinal);
        Assert.Contains("away 11", log.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancellation_ends_the_trying_during_a_pause()
    {
        using var stop = new CancellationTokenSource();
        var calls = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Resilience.Forever("testing", new Logbook()).ExecuteAsync(_ =>
        {
            if (++calls == 3)
            {
                stop.CancelAfter(1);
            }

            throw new RpcException(new Status(StatusCode.Unavailable, ""));
        }, stop.Token).AsTask());

        Assert.InRange(calls, 3, 4);
    }

    [Fact]
    public async Task A_call_that_fails_because_it_was_cancelled_is_not_tried_again()
    {
        using var stop = new CancellationTokenSource();
        var calls = 0;

        var error = await Assert.ThrowsAsync<RpcException>(() => Resilience.Forever("testing", new Logbook()).ExecuteAsync(async _ =>
        {
            calls++;
            await stop.CancelAsync();
            throw new RpcException(new Status(StatusCode.Cancelled, ""));
        }, stop.Token).AsTask());

        Assert.Equal((1, StatusCode.Cancelled), (calls, error.StatusCode));
    }

    [Fact]
    public async Task A_call_to_a_service_that_is_not_there_yet_succeeds_once_it_is()
    {
        using var folder = new TestFolder();
        var options = RunningService.Options($"unix:{folder.At("s")}");
        using var channel = Channels.Open(options.Listen[0], options);
        var client = new Echo.EchoClient(channel);
        var failed = new TaskCompletionSource();

        var answer = Resilience.Forever("asking", new Logbook(failed.SetResult))
            .ExecuteAsync(async stop => await client.UnaryAsync(new Message { Text = "there" }, cancellationToken: stop)).AsTask();
        await failed.Task;
        await using var service = await RunningService.StartAsync(options);

        Assert.Equal("there", (await answer).Text);
    }

    /// <summary>Remembers what was logged.</summary>
    private sealed class Logbook(Action? first = null) : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Lines.Add(formatter(state, exception));
            if (Lines.Count == 1)
            {
                first?.Invoke();
            }
        }
    }
}
