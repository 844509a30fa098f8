using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Grpc.Core;

namespace Rapid.Hosting;

/// <summary>
/// Sends messages that are encoded once for all calls that send them. Of a message a call holds no more than the transport has taken, while
/// gRPC's own writer copies all of it into the call: readers that never read would cost a copy each.
/// </summary>
/// <remarks>Nothing else may write to the call. The frames are gRPC's: a flag, the length, the bytes.</remarks>
public static class EncodedMessages
{
    private const int PrefixBytes = 5, SliceBytes = 32 << 10;

    // A reader that takes nothing for so long is not coming back.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Sends one message.</summary>
    /// <param name="context">The call.</param>
    /// <param name="message">Encoded.</param>
    /// <param name="maximumBytes">More is refused.</param>
    /// <param name="cancellation">Gives up; a call whose message was cut is reset.</param>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: the message is too large, or nobody reads it.</exception>
    public static async Task WriteEncodedAsync(
        this ServerCallContext context, ReadOnlyMemory<byte> message, int maximumBytes, CancellationToken cancellation)
    {
        if (message.Length > maximumBytes)
        {
            throw new RpcException(new Status(
                StatusCode.ResourceExhausted, $"a message of {message.Length} bytes is larger than {maximumBytes} (RAPID_MAX_MESSAGE)"));
        }

        cancellation.ThrowIfCancellationRequested();
        var http = context.GetHttpContext();
        var output = http.Response.BodyWriter;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            WritePrefix(output, message.Length);
            var left = message;
            do
            {
                var slice = left[..Math.Min(SliceBytes, left.Length)];
                output.Write(slice.Span);
                left = left[slice.Length..];
                patience.CancelAfter(Patience);
                if ((await output.FlushAsync(patience.Token)).IsCompleted)
                {
                    throw new OperationCanceledException("the client has gone", cancellation);
                }
            }
            while (left.Length > 0);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            http.Abort();
            throw new RpcException(new Status(
                StatusCode.ResourceExhausted, $"the client has read nothing for {Patience.TotalSeconds} s"));
        }
        catch
        {
            // No status may follow half of a message.
            http.Abort();
            throw;
        }
    }

    private static void WritePrefix(PipeWriter output, int length)
    {
        var prefix = output.GetSpan(PrefixBytes);
        prefix[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], length);
        output.Advance(PrefixBytes);
    }
}
