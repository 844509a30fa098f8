using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Rapid.Hosting;

/// <summary>Refuses requests that look for something by a name that nothing can have, before the name is compared or repeated.</summary>
internal sealed class IdLengthInterceptor(ServiceOptions options) : Interceptor
{
    private static readonly HashSet<string> Names = ["id", "name", "experiment", "table", "checkpoint", "prefix", "worker"];

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        continuation(Checked(request), context);

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(Checked(request), responseStream, context);

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(new Reader<TRequest>(requestStream, this), context);

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(new Reader<TRequest>(requestStream, this), responseStream, context);

    private T Checked<T>(T request)
    {
        foreach (var field in Ids<T>.Fields)
        {
            var length = ((string)field.Accessor.GetValue((IMessage)request!)).Length;
            if (length > options.Limits.IdLength)
            {
                throw FieldErrors.InvalidArgument(
                    field.Name, $"has {length} characters, allowed: at most {options.Limits.IdLength} (RAPID_MAX_ID)");
            }
        }

        return request;
    }

    private static class Ids<T>
    {
        public static readonly FieldDescriptor[] Fields =
            typeof(T).GetProperty("Descriptor", typeof(MessageDescriptor))?.GetValue(null) is MessageDescriptor message
                ? [.. message.Fields.InDeclarationOrder().Where(field =>
                    field.FieldType == FieldType.String && !field.IsRepeated && Names.Contains(field.Name))]
                : [];
    }

    private sealed class Reader<T>(IAsyncStreamReader<T> stream, IdLengthInterceptor interceptor) : IAsyncStreamReader<T>
    {
        public T Current => stream.Current;

        // Of a message that is here already the answer is a task that every method shares: nothing is allocated for it.
        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            var isThere = await stream.MoveNext(cancellationToken);
            if (isThere)
            {
                interceptor.Checked(stream.Current);
            }

            return isThere;
        }
    }
}
