"""`server.py CONFIG`: a stock server in the place of Rapid's learner and replay service. It does what the config says and prints one line
of JSON for everything that it receives, and when its client gives up a call that it holds. It compresses what it sends."""
import base64
import json
import sys
import threading
from concurrent import futures

import grpc

from rapid import UNLIMITED, block, kind, new, protos

config = json.loads(sys.argv[1])
printing = threading.Lock()
PENDING, RUNNING, FINISHED, CANCELLED = 1, 2, 3, 4


def tell(line):
    with printing:
        print(json.dumps(line), flush=True)


def received(call, context, /, **fields):
    tell({'call': call, 'authorization': dict(context.invocation_metadata()).get('authorization'), **fields})


def hold(call, context):
    """The call stays open until its client gives it up."""
    ended = threading.Event()
    # False when that has happened already.
    if context.add_callback(ended.set):
        ended.wait()
    tell({'cancelled': call})


def name_of(message, field):
    """The name of an enumeration's value."""
    return message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number[getattr(message, field)].name


def experiment(run, state, step=0):
    return new('Experiment', id=run, name='Träger ☺', state=state, step=step, total_steps=1000)


def enlist(request, context):
    received('Enlist', context, worker=request.worker, role=name_of(request, 'role'), max_slots=request.max_slots)
    assignment = protos.types['rapid.v1.Assignment'].FromString(base64.b64decode(config['assignment']))
    assignment.replay_addresses[:] = [address]
    yield assignment
    hold('Enlist', context)


def subscribe(request, context):
    received('Subscribe', context, experiment=request.experiment, newer_than=request.newer_than)
    yield protos.types['rapid.v1.PolicySnapshot'].FromString(base64.b64decode(config['snapshot']))
    hold('Subscribe', context)


def shape_of(column):
    return {'type': name_of(column.tensor, 'type'), 'shape': list(column.tensor.shape), 'bytes': len(column.tensor.data)}


def append(requests, context):
    received('Append', context)
    for request in requests:
        made = request.trajectory
        tell({'block': {
            'table': request.table, 'sequence': made.sequence, 'slot': made.slot, 'steps': made.steps, 'environments': made.environments,
            'policy_version': made.policy_version, 'columns': {column.name: shape_of(column) for column in made.columns}}})
        yield new('AppendReply', producer=made.producer, sequence=made.sequence)


def stats(request, context):
    received('Stats', context, prefix=request.prefix)
    if request.prefix == 'never':
        hold('Stats', context)
    definition = new('TableDefinition', name='träger/☺', kind='TABLE_KIND_UNIFORM', store='STORE_KIND_MEMORY', items='ITEM_KIND_BLOCK',
                     capacity_steps=100)
    return new('StatsReply', tables=[new('TableInfo', definition=definition, blocks=3, steps=24)])


def export(request, context):
    received('Export', context, table=request.table)
    for sequence in (1, 2, 3):
        yield new('SampledItem', id=sequence, trajectory=block('p', sequence))


def submit(request, context):
    spec = request.spec
    received('Submit', context, name=spec.name, total_steps=spec.total_steps, environment=spec.environment.name,
             submitter=request.submitter)
    if spec.name == 'refused':
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, 'name: „refused“ gefällt nicht \U0001f608')
    return experiment(f'{spec.name}-1', PENDING)


def listing(request, context):
    received('List', context)
    return new('ListReply', experiments=[experiment('träger-1', RUNNING, 500), experiment('träger-2', PENDING)])


def watch(request, context):
    received('Watch', context, id=request.id)
    yield new('ExperimentEvent', experiment=experiment(request.id, RUNNING))
    yield new('ExperimentEvent', metrics=new('Metrics', step=500, kind='train', values={'episode_return_mean': 42}))
    if request.id == 'endless':
        hold('Watch', context)
        return
    yield new('ExperimentEvent', experiment=experiment(request.id, FINISHED, 1000))


def cancel(request, context):
    received('Cancel', context, id=request.id)
    return experiment(request.id, CANCELLED, 500)


def handlers(service, **behaviours):
    made = {}
    for method in protos.services[service].method:
        if method.name in behaviours:
            made[method.name] = getattr(grpc, f'{kind(method)}_rpc_method_handler')(
                behaviours[method.name], request_deserializer=protos.types[method.input_type[1:]].FromString,
                response_serializer=lambda message: message.SerializeToString())
    return grpc.method_handlers_generic_handler(service, made)


def read(path):
    with open(path, 'rb') as file:
        return file.read()


server = grpc.server(futures.ThreadPoolExecutor(32), options=UNLIMITED, compression=grpc.Compression.Gzip)
server.add_generic_rpc_handlers([
    handlers('rapid.v1.Assignments', Enlist=enlist),
    handlers('rapid.v1.Policies', Subscribe=subscribe),
    handlers('rapid.v1.Replay', Append=append, Stats=stats, Export=export),
    handlers('rapid.v1.Experiments', Submit=submit, List=listing, Watch=watch, Cancel=cancel),
])
port = server.add_insecure_port(f"127.0.0.1:{config['port']}")
address = f'http://127.0.0.1:{port}'
server.add_insecure_port(f"unix:{config['socket']}")
credentials = grpc.ssl_server_credentials([(read(config['key']), read(config['certificate']))])
secure_port = server.add_secure_port('127.0.0.1:0', credentials)
server.start()
tell({'addresses': {'http': address, 'unix': f"unix:{config['socket']}", 'https': f'https://127.0.0.1:{secure_port}'}})
server.wait_for_termination()
