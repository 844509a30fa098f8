using System.Reflection;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Server;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection
{
    public static class GrpcReflectionServiceExtensions
    {
        public static IServiceCollection AddGrpcReflection(this IServiceCollection services)
        {
            services.AddGrpc();
            services.TryAddSingleton<Grpc.Reflection.DescriptorCatalogue>();
            return services;
        }
    }
}

namespace Microsoft.AspNetCore.Builder
{
    public static class GrpcReflectionEndpointRouteBuilderExtensions
    {
        public static IEndpointConventionBuilder MapGrpcReflectionService(this IEndpointRouteBuilder builder)
        {
            builder.MapGrpcService<Grpc.Reflection.ReflectionServiceV1>();
            return builder.MapGrpcService<Grpc.Reflection.ReflectionServiceV1Alpha>();
        }
    }
}

namespace Grpc.Reflection
{
    /// <summary>Finds the descriptors of mapped services by file and by symbol.</summary>
    internal sealed class DescriptorCatalogue(ServiceCatalogue services)
    {
        public IEnumerable<string> ServiceNames => services.Services.Select(service => service.Name);

        public FileDescriptor? FindFile(string name) => Files().FirstOrDefault(file => file.Name == name);

        public FileDescriptor? FindSymbol(string symbol) => Files().FirstOrDefault(file =>
            file.Services.Any(service => service.FullName == symbol || service.Methods.Any(method => method.FullName == symbol))
            || file.MessageTypes.Any(message => Contains(message, symbol)) || file.EnumTypes.Any(choice => choice.FullName == symbol));

        /// <summary>A file and everything it imports, so that the client can build it.</summary>
        public static IEnumerable<ByteString> WithDependencies(FileDescriptor file) =>
            Closure([file]).Select(descriptor => descriptor.SerializedData);

        private IEnumerable<FileDescriptor> Files() => Closure(services.Services
            .Select(service => service.Binding.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null))
            .OfType<Google.Protobuf.Reflection.ServiceDescriptor>()
            .Select(service => service.File));

        private static IEnumerable<FileDescriptor> Closure(IEnumerable<FileDescriptor> roots)
        {
            var seen = new HashSet<string>();
            var waiting = new Queue<FileDescriptor>(roots);
            while (waiting.TryDequeue(out var file))
            {
                if (seen.Add(file.Name))
                {
                    yield return file;
                    foreach (var dependency in file.Dependencies)
                    {
                        waiting.Enqueue(dependency);
                    }
                }
            }
        }

        private static bool Contains(MessageDescriptor message, string symbol) =>
            message.FullName == symbol
            || message.NestedTypes.Any(nested => Contains(nested, symbol))
            || message.EnumTypes.Any(choice => choice.FullName == symbol);
    }

    internal sealed class ReflectionServiceV1(DescriptorCatalogue catalogue) : V1.ServerReflection.ServerReflectionBase
    {
        public override async Task ServerReflectionInfo(
            IAsyncStreamReader<V1.ServerReflectionRequest> requestStream,
            IServerStreamWriter<V1.ServerReflectionResponse> responseStream,
            ServerCallContext context)
        {
            await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken).ConfigureAwait(false))
            {
                await responseStream.WriteAsync(Answer(request)).ConfigureAwait(false);
            }
        }

        internal V1.ServerReflectionResponse Answer(V1.ServerReflectionRequest request)
        {
            var response = new V1.ServerReflectionResponse { ValidHost = request.Host, OriginalRequest = request };
            switch (request.MessageRequestCase)
            {
                case V1.ServerReflectionRequest.MessageRequestOneofCase.ListServices:
                    response.ListServicesResponse = new V1.ListServiceResponse();
                    response.ListServicesResponse.Service.AddRange(
                        catalogue.ServiceNames.Select(name => new V1.ServiceResponse { Name = name }));
                    break;
                case V1.ServerReflectionRequest.MessageRequestOneofCase.FileByFilename:
                    Fill(response, catalogue.FindFile(request.FileByFilename));
                    break;
                case V1.ServerReflectionRequest.MessageRequestOneofCase.FileContainingSymbol:
                    Fill(response, catalogue.FindSymbol(request.FileContainingSymbol));
                    break;
                case V1.ServerReflectionRequest.MessageRequestOneofCase.AllExtensionNumbersOfType:
                case V1.ServerReflectionRequest.MessageRequestOneofCase.FileContainingExtension:
                    Fill(response, null);
                    break;
                default:
                    response.ErrorResponse = new V1.ErrorResponse
                    {
                        ErrorCode = (int)StatusCode.InvalidArgument,
                        ErrorMessage = "the request asks for nothing",
                    };
                    break;
            }

            return response;
        }

        private static void Fill(V1.ServerReflectionResponse response, FileDescriptor? file)
        {
            if (file is null)
            {
                response.ErrorResponse = new V1.ErrorResponse { ErrorCode = (int)StatusCode.NotFound, ErrorMessage = "not found" };
                return;
            }

            response.FileDescriptorResponse = new V1.FileDescriptorResponse();
            response.FileDescriptorResponse.FileDescriptorProto.AddRange(DescriptorCatalogue.WithDependencies(file));
        }
    }

    /// <summary>The older version has the same messages under another package name.</summary>
    internal sealed class ReflectionServiceV1Alpha(DescriptorCatalogue catalogue) : V1Alpha.ServerReflection.ServerReflectionBase
    {
        private readonly ReflectionServiceV1 _newer = new(catalogue);

        public override async Task ServerReflectionInfo(
            IAsyncStreamReader<V1Alpha.ServerReflectionRequest> requestStream,
            IServerStreamWriter<V1Alpha.ServerReflectionResponse> responseStream,
            ServerCallContext context)
        {
            await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken).ConfigureAwait(false))
            {
                var answer = _newer.Answer(V1.ServerReflectionRequest.Parser.ParseFrom(request.ToByteString()));
                await responseStream.WriteAsync(
                    V1Alpha.ServerReflectionResponse.Parser.ParseFrom(answer.ToByteString())).ConfigureAwait(false);
            }
        }
    }
}
