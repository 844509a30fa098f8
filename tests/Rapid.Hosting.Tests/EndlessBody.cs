using System.Net;

namespace Rapid.Hosting.Tests;

/// <summary>The body of a call that sends zeros until somebody ends it.</summary>
internal sealed class EndlessBody : HttpContent
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the other side no longer takes it.</summary>
    public Task Ended => _ended.Task;

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        try
        {
            var zeros = new byte[16 << 10];
            while (true)
            {
                await stream.WriteAsync(zeros);
            }
        }
        finally
        {
            _ended.SetResult();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
