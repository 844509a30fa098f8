using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Rapid.Hosting;

/// <summary>
/// Ends a call whose stream brings bytes that are no message in INVALID_ARGUMENT: it is the client's mistake, where gRPC says UNKNOWN, as
/// if the service had failed. gRPC reads the only message of other calls before any interceptor runs, so these still end in UNKNOWN.
/// </summary>
public sealed class MalformedMessageInterceptor : Interceptor
{
    /// <inheritdoc/>
    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(new Reader<TRequest>(requestStream), context);

    /// <inheritdoc/>
    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(new Reader<TRequest>(requestStream), responseStream, context);

    private sealed class Reader<T>(IAsyncStreamReader<T> stream) : IAsyncStreamReader<T>
    {
        public T Current => stream.Current;

        public Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            // A message that is here already stays free of a wait.
            var next = stream.MoveNext(cancellationToken);
            return next.IsCompletedSuccessfully ? next : CheckAsync(next);
        }

        private static async Task<bool> CheckAsync(Task<bool> next)
        {
            try
            {
                return await next;
            }
            catch (InvalidProtocolBufferException malformed)
            {
                throw new RpcException(new Status(
                    StatusCode.InvalidArgument, $"the bytes are no {typeof(T).Name}: {malformed.Message}", malformed));
            }
        }
    }
}
