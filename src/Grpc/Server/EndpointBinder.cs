using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Grpc.Server;

/// <summary>Makes an endpoint of every method that the generated stub binds.</summary>
internal sealed class EndpointBinder<TService>(IEndpointRouteBuilder builder, GrpcServiceOptions options) : ServiceBinderBase
    where TService : class
{
    public string? ServiceName { get; private set; }

    public List<IEndpointConventionBuilder> Endpoints { get; } = [];

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
    {
        var invoke = DelegateOf<Func<TService, TRequest, ServerCallContext, Task<TResponse>>>(method);
        Map(method, async (call, interceptors) =>
        {
            UnaryServerMethod<TRequest, TResponse> next = (request, context) => invoke(ServiceOf(call), request, context);
            foreach (var interceptor in interceptors)
            {
                var inner = next;
                next = (request, context) => interceptor.UnaryServerHandler(request, context, inner);
            }

            await call.WriteAsync(
                await next(await call.ReadSingleAsync().ConfigureAwait(false), call).ConfigureAwait(false)).ConfigureAwait(false);
        });
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var invoke = DelegateOf<Func<TService, IAsyncStreamReader<TRequest>, ServerCallContext, Task<TResponse>>>(method);
        Map(method, async (call, interceptors) =>
        {
            ClientStreamingServerMethod<TRequest, TResponse> next = (requests, context) => invoke(ServiceOf(call), requests, context);
            foreach (var interceptor in interceptors)
            {
                var inner = next;
                next = (requests, context) => interceptor.ClientStreamingServerHandler(requests, context, inner);
            }

            await call.WriteAsync(await next(call, call).ConfigureAwait(false)).ConfigureAwait(false);
        });
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var invoke = DelegateOf<Func<TService, TRequest, IServerStreamWriter<TResponse>, ServerCallContext, Task>>(method);
        Map(method, async (call, interceptors) =>
        {
            ServerStreamingServerMethod<TRequest, TResponse> next =
                (request, responses, context) => invoke(ServiceOf(call), request, responses, context);
            foreach (var interceptor in interceptors)
            {
                var inner = next;
                next = (request, responses, context) => interceptor.ServerStreamingServerHandler(request, responses, context, inner);
            }

            await next(await call.ReadSingleAsync().ConfigureAwait(false), call, call).ConfigureAwait(false);
        });
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var invoke =
            DelegateOf<Func<TService, IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>, ServerCallContext, Task>>(method);
        Map(method, (call, interceptors) =>
        {
            DuplexStreamingServerMethod<TRequest, TResponse> next =
                (requests, responses, context) => invoke(ServiceOf(call), requests, responses, context);
            foreach (var interceptor in interceptors)
            {
                var inner = next;
                next = (requests, responses, context) => interceptor.DuplexStreamingServerHandler(requests, responses, context, inner);
            }

            return next(call, call, call);
        });
    }

    private static TService ServiceOf(ServerCall call) =>
        call.HttpContext.RequestServices.GetService<TService>()
        ?? (TService)Owned(call.HttpContext, ActivatorUtilities.CreateInstance<TService>(call.HttpContext.RequestServices));

    /// <summary>What the container does not know lives as long as its call.</summary>
    private static object Owned(HttpContext context, object made)
    {
        if (made is IAsyncDisposable asyncDisposable)
        {
            context.Response.RegisterForDisposeAsync(asyncDisposable);
        }
        else if (made is IDisposable disposable)
        {
            context.Response.RegisterForDispose(disposable);
        }

        return made;
    }

    private static TDelegate DelegateOf<TDelegate>(IMethod method)
        where TDelegate : Delegate
    {
        var parameters = typeof(TDelegate).GetMethod("Invoke")!.GetParameters()
            .Skip(1).Select(parameter => parameter.ParameterType).ToArray();
        var implementation = typeof(TService).GetMethod(method.Name, parameters)
            ?? throw new InvalidOperationException($"{typeof(TService).Name} has no method {method.Name} for {method.FullName}");
        return implementation.CreateDelegate<TDelegate>();
    }

    private void Map<TRequest, TResponse>(
        Method<TRequest, TResponse> method, Func<ServerCall<TRequest, TResponse>, IReadOnlyList<Interceptor>, Task> handle)
        where TRequest : class
        where TResponse : class
    {
        ServiceName = method.ServiceName;
        Endpoints.Add(builder.Map(method.FullName, (RequestDelegate)HandleAsync).WithDisplayName($"gRPC - {method.FullName}"));

        Task HandleAsync(HttpContext context)
        {
            // Outermost first in the options, so innermost first here.
            Interceptor[] interceptors =
                [.. options.Interceptors.Reverse().Select(registration => registration.Create(context.RequestServices))];
            var call = new ServerCall<TRequest, TResponse>(context, options, method);
            return call.RunAsync(() => handle(call, interceptors));
        }
    }
}
