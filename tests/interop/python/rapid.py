"""Rapid as a user of gRPC for Python sees it: messages, channels and calls. Debian's package brings no compiler for .proto files, so
classes are made at run time out of descriptors: those that the test writes, or those that a service tells about itself."""
import array
import os
import queue
import time

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

UNLIMITED = [('grpc.max_receive_message_length', -1), ('grpc.max_send_message_length', -1)]


def kind(method):
    """As gRPC for Python names it: "unary_stream"."""
    return '_'.join('stream' if streams else 'unary' for streams in (method.client_streaming, method.server_streaming))


class Protos:
    """Message classes and clients of a set of .proto files."""

    def __init__(self, files):
        self.files = {file.name: file for file in files}
        self._pool = descriptor_pool.DescriptorPool()
        added = set()

        def add(name):
            if name not in added:
                added.add(name)
                for dependency in self.files[name].dependency:
                    add(dependency)
                self._pool.Add(self.files[name])

        for name in self.files:
            add(name)
        # Its older versions, Debian's among them, have only the second.
        make = getattr(message_factory, 'GetMessageClass', None) or message_factory.MessageFactory(self._pool).GetPrototype
        names = [f'{file.package}.{message.name}' for file in self.files.values() for message in file.message_type]
        self.types = {name: make(self._pool.FindMessageTypeByName(name)) for name in names}
        self.services = {f'{file.package}.{service.name}': service for file in self.files.values() for service in file.service}

    def client(self, service, channel, token=None):
        """One callable a method; each takes a request, or an iterator of requests, and gRPC's own keyword arguments."""
        metadata = [('authorization', f'Bearer {token}')] if token else []

        def call(method):
            stub = getattr(channel, kind(method))(
                f'/{service}/{method.name}', request_serializer=lambda message: message.SerializeToString(),
                response_deserializer=self.types[method.output_type[1:]].FromString)
            return lambda request, **options: stub(request, metadata=metadata, **options)

        return type(service, (), {method.name: staticmethod(call(method)) for method in self.services[service].method})


def load():
    with open(os.environ['INTEROP_DESCRIPTORS'], 'rb') as file:
        return Protos(descriptor_pb2.FileDescriptorSet.FromString(file.read()).file)


protos = load()


def new(type_name, /, **fields):
    return protos.types[type_name if '.' in type_name else f'rapid.v1.{type_name}'](**fields)


def algorithm(name, **options):
    """An algorithm with some of its options, all of them numbers."""
    values = {option: new('google.protobuf.Value', number_value=value) for option, value in options.items()}
    return new('AlgorithmSpec', name=name, options=new('google.protobuf.Struct', fields=values))


def open_channel(config, compression=None, options=()):
    options = [*UNLIMITED, *options]
    if config.get('ca'):
        with open(config['ca'], 'rb') as file:
            return grpc.secure_channel(config['address'], grpc.ssl_channel_credentials(file.read()), options, compression)
    return grpc.insecure_channel(config['address'], options, compression)


def client(service, config, compression=None, options=()):
    name = service if '.' in service else f'rapid.v1.{service}'
    return protos.client(name, open_channel(config, compression, options), config.get('token'))


def failure(action):
    """The code and the details of a call that fails."""
    try:
        action()
    except grpc.RpcError as error:
        return error.code().name, error.details()
    raise AssertionError('the call succeeded')


def rich_status(action):
    """The google.rpc.Status of a call that fails, in bytes: a client that knows its proto files reads fields out of it."""
    try:
        action()
    except grpc.RpcError as error:
        return dict(error.trailing_metadata())['grpc-status-details-bin']
    raise AssertionError('the call succeeded')


def until(condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError('it did not happen')


class Requests:
    """The requests of a stream, written one at a time; `end` ends them."""

    def __init__(self):
        self._queue = queue.Queue()

    def write(self, request):
        self._queue.put(request)

    def end(self):
        self._queue.put(None)

    def __iter__(self):
        return iter(self._queue.get, None)


def column(name, element, shape, values):
    code = {'FLOAT32': 'f', 'INT64': 'q', 'UINT8': 'B'}[element]
    data = array.array(code, values).tobytes()
    return new('Column', name=name, tensor=new('Tensor', type=f'DATA_TYPE_{element}', shape=shape, data=data))


def block(producer, sequence, steps=4, environments=2, observation=3):
    """A block of T steps of N environments, without a truncation."""
    rows = steps * environments
    count = (rows + environments) * observation
    ramp = [i % 1000 + sequence for i in range(1000)]
    return new('Trajectory', experiment='interop', producer=producer, sequence=sequence, steps=steps, environments=environments,
               policy_version=sequence, columns=[
                   column('observations', 'FLOAT32', [steps + 1, environments, observation], (ramp * (count // 1000 + 1))[:count]),
                   column('actions', 'INT64', [steps, environments], [i % 2 for i in range(rows)]),
                   column('rewards', 'FLOAT32', [steps, environments], [sequence] * rows),
                   column('terminated', 'UINT8', [steps, environments], bytes(rows)),
                   column('truncated', 'UINT8', [steps, environments], bytes(rows)),
                   column('final_observations', 'FLOAT32', [0, observation], []),
               ])
