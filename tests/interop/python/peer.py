"""Stock gRPC for Python as a peer of the interoperability tests: `peer.py client PORT` runs the cases, `peer.py server` prints its port.
Debian's package brings no compiler for protocol buffers, so the few fields that the cases use are encoded by hand."""
import sys
import threading
from concurrent import futures

import grpc

SERVICE = '/grpc.testing.TestService/'
REQUEST_SIZES, RESPONSE_SIZES = [27182, 8, 1828, 45904], [31415, 9, 2653, 58979]
SPECIAL = '\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n'


def varint(value):
    out = b''
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    """One field: an int as a varint, bytes as a length-delimited value."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def parse(data):
    """All fields of a message: number to the list of its values."""
    fields, i = {}, 0

    def read():
        nonlocal i
        shift = value = 0
        while True:
            byte = data[i]
            i += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while i < len(data):
        key = read()
        if key & 7 == 0:
            value = read()
        else:
            size = read()
            value, i = data[i:i + size], i + size
        fields.setdefault(key >> 3, []).append(value)
    return fields


def payload(size):
    return field(2, bytes(size))


def body_length(payload_bytes):
    return len(parse(payload_bytes).get(2, [b''])[0])


def status(code, message):
    return field(7, field(1, code) + field(2, message.encode()))


def ask(response_size, request_size):
    return field(2, field(1, response_size)) + field(3, payload(request_size))


def run_client(port):
    channel = grpc.insecure_channel(f'127.0.0.1:{port}')
    unary = lambda name: channel.unary_unary(name if name.startswith('/') else SERVICE + name)
    duplex = channel.stream_stream(SERVICE + 'FullDuplexCall')

    def code_of(action):
        try:
            action()
        except grpc.RpcError as error:
            return error.code(), error.details()
        raise AssertionError('the call succeeded')

    def passed(name):
        print(name, flush=True)

    assert unary('EmptyCall')(b'') == b''
    passed('empty_unary')
    response = unary('UnaryCall')(field(2, 314159) + field(3, payload(271828)))
    assert body_length(parse(response)[1][0]) == 314159
    passed('large_unary')
    response = channel.stream_unary(SERVICE + 'StreamingInputCall')(iter([field(1, payload(size)) for size in REQUEST_SIZES]))
    assert parse(response)[1] == [74922]
    passed('client_streaming')
    request = b''.join(field(2, field(1, size)) for size in RESPONSE_SIZES)
    responses = channel.unary_stream(SERVICE + 'StreamingOutputCall')(request)
    assert [body_length(parse(r)[1][0]) for r in responses] == RESPONSE_SIZES
    passed('server_streaming')

    answered = threading.Semaphore()

    def pings():
        for response_size, request_size in zip(RESPONSE_SIZES, REQUEST_SIZES):
            answered.acquire()
            yield ask(response_size, request_size)

    sizes = []
    for response in duplex(pings()):
        sizes.append(body_length(parse(response)[1][0]))
        answered.release()
    assert sizes == RESPONSE_SIZES
    passed('ping_pong')
    assert list(duplex(iter([]))) == []
    passed('empty_stream')

    hold = threading.Event()

    def endless(first=None):
        if first is not None:
            yield first
        hold.wait(30)

    call = channel.stream_unary(SERVICE + 'StreamingInputCall').future(endless())
    call.cancel()
    assert call.cancelled()
    passed('cancel_after_begin')
    call = duplex(endless(ask(31415, 27182)))
    next(call)
    call.cancel()
    assert code_of(lambda: next(call))[0] == grpc.StatusCode.CANCELLED
    passed('cancel_after_first_response')
    call = duplex(endless(field(3, payload(27182))), timeout=0.05)
    assert code_of(lambda: next(call))[0] == grpc.StatusCode.DEADLINE_EXCEEDED
    passed('timeout_on_sleeping_server')
    hold.set()

    metadata = (('x-grpc-test-echo-initial', 'test_initial_metadata_value'), ('x-grpc-test-echo-trailing-bin', b'\xab\xab\xab'))
    _, call = unary('UnaryCall').with_call(field(2, 1), metadata=metadata)
    assert ('x-grpc-test-echo-initial', 'test_initial_metadata_value') in [tuple(pair) for pair in call.initial_metadata()]
    assert ('x-grpc-test-echo-trailing-bin', b'\xab\xab\xab') in [tuple(pair) for pair in call.trailing_metadata()]
    passed('custom_metadata')
    for message, name in (('test status message', 'status_code_and_message'), (SPECIAL, 'special_status_message')):
        assert code_of(lambda: unary('UnaryCall')(status(2, message))) == (grpc.StatusCode.UNKNOWN, message)
        assert code_of(lambda: list(duplex(iter([status(2, message)])))) == (grpc.StatusCode.UNKNOWN, message)
        passed(name)
    assert code_of(lambda: unary('UnimplementedCall')(b''))[0] == grpc.StatusCode.UNIMPLEMENTED
    passed('unimplemented_method')
    assert code_of(lambda: unary('/grpc.testing.UnimplementedService/UnimplementedCall')(b''))[0] == grpc.StatusCode.UNIMPLEMENTED
    passed('unimplemented_service')


def fail(context, fields):
    if 7 in fields:
        wanted = parse(fields[7][0])
        code = next(code for code in grpc.StatusCode if code.value[0] == wanted[1][0])
        context.abort(code, wanted.get(2, [b''])[0].decode())


def echo(context):
    metadata = dict(context.invocation_metadata())
    if 'x-grpc-test-echo-initial' in metadata:
        context.send_initial_metadata((('x-grpc-test-echo-initial', metadata['x-grpc-test-echo-initial']),))
    if 'x-grpc-test-echo-trailing-bin' in metadata:
        context.set_trailing_metadata((('x-grpc-test-echo-trailing-bin', metadata['x-grpc-test-echo-trailing-bin']),))


def unary_call(request, context):
    echo(context)
    fields = parse(request)
    fail(context, fields)
    return field(1, payload(fields.get(2, [0])[0]))


def outputs(fields):
    for parameters in fields.get(2, []):
        yield field(1, payload(parse(parameters).get(1, [0])[0]))


def full_duplex(requests, context):
    echo(context)
    for request in requests:
        fields = parse(request)
        fail(context, fields)
        yield from outputs(fields)


def run_server():
    server = grpc.server(futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler('grpc.testing.TestService', {
        'EmptyCall': grpc.unary_unary_rpc_method_handler(lambda request, context: b''),
        'UnaryCall': grpc.unary_unary_rpc_method_handler(unary_call),
        'StreamingOutputCall': grpc.unary_stream_rpc_method_handler(lambda request, context: outputs(parse(request))),
        'StreamingInputCall': grpc.stream_unary_rpc_method_handler(
            lambda requests, context: field(1, sum(body_length(parse(r)[1][0]) for r in requests))),
        'FullDuplexCall': grpc.stream_stream_rpc_method_handler(full_duplex),
    }),))
    port = server.add_insecure_port('127.0.0.1:0')
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


if sys.argv[1] == 'client':
    run_client(int(sys.argv[2]))
else:
    run_server()
