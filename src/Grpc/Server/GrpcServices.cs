using System.Reflection;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection
{
    public static class GrpcServicesExtensions
    {
        public static IGrpcServerBuilder AddGrpc(this IServiceCollection services)
        {
            ArgumentNullException.ThrowIfNull(services);
            services.AddRouting();
            services.AddOptions();
            services.TryAddSingleton<ServiceCatalogue>();
            return new GrpcServerBuilder(services);
        }

        public static IGrpcServerBuilder AddGrpc(this IServiceCollection services, Action<GrpcServiceOptions> configureOptions) =>
            services.Configure(configureOptions).AddGrpc();

        private sealed class GrpcServerBuilder(IServiceCollection services) : IGrpcServerBuilder
        {
            public IServiceCollection Services => services;
        }
    }
}

namespace Microsoft.AspNetCore.Builder
{
    public sealed class GrpcServiceEndpointConventionBuilder : IEndpointConventionBuilder
    {
        private readonly IReadOnlyList<IEndpointConventionBuilder> _endpoints;

        internal GrpcServiceEndpointConventionBuilder(IReadOnlyList<IEndpointConventionBuilder> endpoints) => _endpoints = endpoints;

        public void Add(Action<EndpointBuilder> convention)
        {
            foreach (var endpoint in _endpoints)
            {
                endpoint.Add(convention);
            }
        }
    }

    public static class GrpcEndpointRouteBuilderExtensions
    {
        public static GrpcServiceEndpointConventionBuilder MapGrpcService<TService>(this IEndpointRouteBuilder builder)
            where TService : class
        {
            ArgumentNullException.ThrowIfNull(builder);
            var catalogue = builder.ServiceProvider.GetService<ServiceCatalogue>()
                ?? throw new InvalidOperationException(
                    "Unable to find the required services. "
                    + "Please add all the required services by calling 'IServiceCollection.AddGrpc'.");
            var options = builder.ServiceProvider.GetRequiredService<IOptions<GrpcServiceOptions>>().Value;
            var binder = new EndpointBinder<TService>(builder, options);
            var attribute = BaseTypes(typeof(TService))
                .Select(type => type.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false))
                .FirstOrDefault(found => found is not null)
                ?? throw new InvalidOperationException(
                    $"Cannot locate BindService(ServiceBinderBase, ServiceBase) method for the service '{typeof(TService).Name}'.");
            var bind = attribute.BindType.GetMethods(BindingFlags.Public | BindingFlags.Static)
                .Single(method => method.Name == attribute.BindMethodName
                    && method.GetParameters() is [{ ParameterType: var first }, _] && first == typeof(ServiceBinderBase));
            bind.Invoke(null, [binder, null]);
            catalogue.Add(binder.ServiceName!, attribute.BindType);
            if (options.IgnoreUnknownServices != true)
            {
                MapUnknown(builder, catalogue, binder.ServiceName!);
            }

            return new GrpcServiceEndpointConventionBuilder(binder.Endpoints);
        }

        private static IEnumerable<Type> BaseTypes(Type? type)
        {
            for (; type is not null; type = type.BaseType)
            {
                yield return type;
            }
        }

        /// <summary>Methods and services that nobody implements answer UNIMPLEMENTED rather than 404.</summary>
        private static void MapUnknown(IEndpointRouteBuilder builder, ServiceCatalogue catalogue, string service)
        {
            builder.Map($"{service}/{{unimplementedMethod}}", Respond("Method is unimplemented."))
                .WithDisplayName($"gRPC - Unimplemented method for {service}").Add(Last);
            if (catalogue.TakeFallback())
            {
                builder.Map("{unimplementedService}/{unimplementedMethod}", Respond("Service is unimplemented."))
                    .WithDisplayName("gRPC - Unimplemented service").Add(Last);
            }

            static void Last(EndpointBuilder endpoint) => ((RouteEndpointBuilder)endpoint).Order = int.MaxValue;

            static RequestDelegate Respond(string detail) => context => ServerCall.IsGrpc(context.Request)
                ? ServerCall.RefuseAsync(context, new Status(StatusCode.Unimplemented, detail))
                : NotGrpc(context);

            static Task NotGrpc(HttpContext context)
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            }
        }
    }
}

namespace Grpc.Server
{
    /// <summary>The services that are mapped, for reflection.</summary>
    internal sealed class ServiceCatalogue
    {
        private readonly List<(string Name, Type Binding)> _services = [];
        private bool _hasFallback;

        public IReadOnlyList<(string Name, Type Binding)> Services => _services;

        public void Add(string name, Type binding) => _services.Add((name, binding));

        public bool TakeFallback()
        {
            var isFirst = !_hasFallback;
            _hasFallback = true;
            return isFirst;
        }
    }
}
