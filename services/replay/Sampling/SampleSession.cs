using Grpc.Core;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Sampling;

/// <summary>One learner's call: what it may still get.</summary>
internal abstract class SampleSession : IAsyncDisposable
{
    private const int MaximumCredits = 1 << 20;

    private readonly SemaphoreSlim _credits = new(0);
    private readonly SemaphoreSlim _writing = new(1);
    private IServerStreamWriter<SampleReply>? _replies;
    private Task _delivering = Task.CompletedTask;

    /// <summary>Allows more replies.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT: more than a learner could ever use.</exception>
    public void Grant(uint credits)
    {
        if (_credits.CurrentCount + (long)credits > MaximumCredits)
        {
            throw new RpcException(
                new Status(StatusCode.InvalidArgument,
                    $"credits: {credits} more than {_credits.CurrentCount} is too many; allowed: {MaximumCredits} in all"));
        }

        if (credits > 0)
        {
            _credits.Release((int)credits);
        }
    }

    /// <summary>Sends what credits allow until it is cancelled.</summary>
    public Task DeliverAsync(IServerStreamWriter<SampleReply> replies, CancellationToken cancellation)
    {
        _replies = replies;
        return _delivering = UntilCancelledAsync(cancellation);
    }

    /// <summary>Does what a request asks for besides credits.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT.</exception>
    public abstract Task HandleAsync(SampleRequest request, CancellationToken cancellation);

    /// <summary>Ends the session.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        await _delivering.ContinueWith(static task => _ = task.Exception, CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _credits.Dispose();
        _writing.Dispose();
    }

    /// <summary>Takes a credit, waiting for one.</summary>
    protected Task TakeCreditAsync(CancellationToken cancellation) => _credits.WaitAsync(cancellation);

    /// <summary>Sends until it is cancelled.</summary>
    protected abstract Task DeliverAsync(CancellationToken cancellation);

    /// <summary>Sends one reply; those of requests and those of credits take turns.</summary>
    protected async Task WriteAsync(SampleReply reply, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            await _replies!.WriteAsync(reply, cancellation);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Says that a part of a request was not done.</summary>
    protected static SampleReply Refuse(string problem) =>
        new() { Refused = new Refusal { Code = (int)StatusCode.InvalidArgument, Message = problem } };

    private async Task UntilCancelledAsync(CancellationToken cancellation)
    {
        try
        {
            await DeliverAsync(cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The call ended.
        }
    }
}
