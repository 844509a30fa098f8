using System.Collections.ObjectModel;
using System.IO.Compression;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server;

public class GrpcServiceOptions
{
    public int? MaxSendMessageSize { get; set; }

    public int? MaxReceiveMessageSize { get; set; } = 4 * 1024 * 1024;

    public bool? EnableDetailedErrors { get; set; }

    public string? ResponseCompressionAlgorithm { get; set; }

    public CompressionLevel? ResponseCompressionLevel { get; set; }

    public bool? IgnoreUnknownServices { get; set; }

    public InterceptorCollection Interceptors { get; } = [];
}

public class InterceptorCollection : Collection<InterceptorRegistration>
{
    public void Add<TInterceptor>(params object[] args)
        where TInterceptor : Interceptor => Add(new InterceptorRegistration(typeof(TInterceptor), args));

    public void Add(Type interceptorType, params object[] args) => Add(new InterceptorRegistration(interceptorType, args));
}

public class InterceptorRegistration
{
    private readonly object[] _arguments;

    internal InterceptorRegistration(Type type, object[] arguments)
    {
        Type = type;
        _arguments = arguments;
    }

    public Type Type { get; }

    public IReadOnlyList<object> Arguments => _arguments;

    internal Interceptor Create(IServiceProvider services) => _arguments.Length == 0 && services.GetService(Type) is Interceptor registered
        ? registered
        : (Interceptor)ActivatorUtilities.CreateInstance(services, Type, _arguments);
}

public interface IGrpcServerBuilder
{
    IServiceCollection Services { get; }
}
