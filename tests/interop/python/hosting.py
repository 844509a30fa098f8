"""Health and reflection of a service."""
from google.protobuf import descriptor_pb2

from rapid import Protos, client, failure, new, open_channel

REFLECTION = 'grpc.reflection.v1alpha.ServerReflection'
SERVING = 1


def health(config):
    service = client('grpc.health.v1.Health', config)
    assert service.Check(new('grpc.health.v1.HealthCheckRequest')).status == SERVING
    assert failure(lambda: service.Check(new('grpc.health.v1.HealthCheckRequest', service='nobody')))[0] == 'NOT_FOUND'
    watch = service.Watch(new('grpc.health.v1.HealthCheckRequest'))
    assert next(watch).status == SERVING
    watch.cancel()
    assert failure(lambda: next(watch))[0] == 'CANCELLED'


def ask(config, **question):
    request = new('grpc.reflection.v1alpha.ServerReflectionRequest', **question)
    return next(client(REFLECTION, config).ServerReflectionInfo(iter([request])))


def reflection(config):
    listed = [service.name for service in ask(config, list_services='').list_services_response.service]
    names = sorted(name for name in listed if name.startswith('rapid.'))
    assert names == config['services'], names
    for name in names:
        answer = ask(config, file_containing_symbol=name).file_descriptor_response
        described = Protos([descriptor_pb2.FileDescriptorProto.FromString(file) for file in answer.file_descriptor_proto])
        methods = {method.name: method for method in described.services[name].method}
        assert methods
        if name in config['calls']:
            method = methods[config['calls'][name]]
            service = described.client(name, open_channel(config), config['token'])
            reply = getattr(service, method.name)(described.types[method.input_type[1:]]())
            assert reply.DESCRIPTOR.full_name == method.output_type[1:]
    assert ask(config, file_containing_symbol='rapid.v1.Nobody').error_response.error_code == 5


CASES = [health, reflection]
