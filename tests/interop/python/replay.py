"""Every call of the replay service."""
import array
import os

from rapid import Requests, block, client, failure, new, open_channel, protos, until
from tables import append, create, info_of, sample, unique


def tables(config):
    replay, name = client('Replay', config), unique('tables')
    made = create(replay, name, kind='TABLE_KIND_QUEUE')
    assert made.definition.capacity_steps == 10 ** 6
    assert create(replay, name, kind='TABLE_KIND_QUEUE').incarnation == made.incarnation
    assert failure(lambda: create(replay, name, kind='TABLE_KIND_QUEUE', capacity_steps=5))[0] == 'ALREADY_EXISTS'
    bad = failure(lambda: create(replay, '☺{\U0001f608}', kind='TABLE_KIND_QUEUE'))
    assert bad == ('INVALID_ARGUMENT', "definition.name: '☺{\U0001f608}' must have no braces"), bad
    unknown = failure(lambda: create(replay, name, selector='newset'))
    assert unknown == (
        'INVALID_ARGUMENT',
        "definition.selector: 'newset' is not known to this replay service; known: newest, prioritised, uniform; did you mean 'newest'?"), unknown
    ring = unique('selector')
    assert create(replay, ring, selector='newest').definition.selector == 'newest'
    assert replay.DropTable(new('DropTableRequest', name=ring)).existed
    assert replay.DropTable(new('DropTableRequest', name=name)).existed
    assert not replay.DropTable(new('DropTableRequest', name=name)).existed


def append_and_sample_a_queue(config):
    replay, name = client('Replay', config), unique('queue')
    create(replay, name, kind='TABLE_KIND_QUEUE')
    bad = block('p☺', 4)
    bad.columns[2].name, bad.columns[2].tensor.shape[0] = '☺', 5
    replies = append(replay, name, [block('p☺', 1), block('p☺', 2), block('p☺', 2), bad, block('p☺', 3)])
    assert [reply.code for reply in replies] == [0, 0, 0, 3, 0]
    assert '☺' in replies[3].message, replies[3]
    assert [reply.duplicate for reply in replies] == [False, False, True, False, False]
    assert [reply.sequence for reply in replies] == [1, 2, 2, 4, 3]
    assert replies[0].producer == 'p☺'

    requests, call = sample(replay, table=name)
    assert next(call).opened.blocks == 3
    requests.write(new('SampleRequest', credits=2))
    items = [next(call).item, next(call).item]
    assert [item.trajectory for item in items] == [block('p☺', 1), block('p☺', 2)]
    assert info_of(replay, name).unacknowledged_blocks == 2
    requests.write(new('SampleRequest', acknowledged=[item.id for item in items], credits=1))
    requests.write(new('SampleRequest', acknowledged=[next(call).item.id]))
    requests.end()
    assert list(call) == []
    info = info_of(replay, name)
    assert (info.blocks, info.unacknowledged_blocks, info.appended_blocks) == (0, 0, 3)


def appends_that_say_all_at_once_hear_the_answer_and_the_end(config):
    shared, name, sequences = client('Replay', config), unique('at once'), iter(range(1, 1000))
    create(shared, name, kind='TABLE_KIND_QUEUE')

    def append_once(replay, table, code):
        sequence = next(sequences)
        call = replay.Append(iter([new('AppendRequest', table=table, trajectory=block('p', sequence))]))
        assert [(reply.sequence, reply.code) for reply in call] == [(sequence, code)]
        assert (call.code().name, call.details()) == ('OK', ''), (call.code(), call.details())

    for table, code in ((name, 0), ('unknown', 5)):
        for _ in range(100):
            append_once(shared, table, code)
            with open_channel(config, options=[('grpc.use_local_subchannel_pool', 1)]) as channel:
                append_once(protos.client('rapid.v1.Replay', channel, config['token']), table, code)
    assert info_of(shared, name).blocks == 200


def a_cancelled_sample_gives_its_blocks_back(config):
    replay, name = client('Replay', config), unique('cancelled')
    create(replay, name, kind='TABLE_KIND_QUEUE')
    append(replay, name, [block('p', 1)])
    _, call = sample(replay, table=name, credits=2)
    next(call)
    assert next(call).item.trajectory.sequence == 1
    call.cancel()
    assert failure(lambda: next(call))[0] == 'CANCELLED'
    until(lambda: info_of(replay, name).unacknowledged_blocks == 0)
    assert info_of(replay, name).blocks == 1


def a_sample_past_its_deadline_gives_its_blocks_back(config):
    replay, name = client('Replay', config), unique('deadline')
    create(replay, name, kind='TABLE_KIND_QUEUE')
    append(replay, name, [block('p', 1)])
    _, call = sample(replay, table=name, credits=2, timeout=0.5)
    assert failure(lambda: list(call))[0] == 'DEADLINE_EXCEEDED'
    until(lambda: info_of(replay, name).unacknowledged_blocks == 0)
    assert info_of(replay, name).blocks == 1


def draw_batches(config):
    replay, name = client('Replay', config), unique('ring')
    create(replay, name, kind='TABLE_KIND_UNIFORM', items='ITEM_KIND_TRANSITION', seed=7)
    append(replay, name, [block('p', 1), block('p', 2)])
    requests, call = sample(replay, table=name, credits=1, batch_size=32)
    assert next(call).opened.steps == 16
    batch = next(call).batch
    columns = {column.name: column.tensor for column in batch.columns}
    assert list(columns['next_observations'].shape) == [32, 3] and list(columns['actions'].shape) == [32]
    assert len(batch.ids) == 32
    assert set(array.array('f', columns['rewards'].data)) <= {1, 2}
    requests.write(new('SampleRequest', priorities=[new('PriorityUpdate', id=batch.ids[0], priority=1)]))
    assert next(call).refused.code == 3
    requests.end()
    assert list(call) == []


def export_save_and_restore(config):
    replay, name, copy = client('Replay', config), unique('export'), unique('copy')
    blocks = [block('p', sequence) for sequence in (1, 2, 3)]
    create(replay, name, kind='TABLE_KIND_UNIFORM')
    append(replay, name, blocks)

    def exported(table):
        return [item.trajectory for item in replay.Export(new('ExportRequest', table=table))]

    assert exported(name) == blocks
    checkpoint = f'python-{os.getpid()}'
    assert replay.SaveTable(new('SaveTableRequest', table=name, checkpoint=checkpoint)).blocks == 3
    assert replay.RestoreTable(new('RestoreTableRequest', checkpoint=checkpoint, table=copy)).blocks == 3
    assert exported(copy) == blocks
    code, details = failure(lambda: exported('naïve \U0001f608'))
    assert code == 'NOT_FOUND' and 'naïve \U0001f608' in details, (code, details)


def which_shard_it_is(config):
    replay = client('Replay', config)
    shard = replay.Identify(new('IdentifyRequest')).shard
    assert shard and replay.Identify(new('IdentifyRequest')).shard == shard


def the_token(config):
    for token in (None, 'wrong'):
        replay = client('Replay', {**config, 'token': token})
        code, details = failure(lambda: replay.Stats(new('StatsRequest')))
        assert code == 'UNAUTHENTICATED' and 'RAPID_TOKEN' in details, (code, details)
        assert failure(lambda: list(replay.Export(new('ExportRequest', table='any'))))[0] == 'UNAUTHENTICATED'
        assert failure(lambda: list(replay.Sample(iter(Requests()))))[0] == 'UNAUTHENTICATED'


CASES = [
    tables, append_and_sample_a_queue, appends_that_say_all_at_once_hear_the_answer_and_the_end,
    a_cancelled_sample_gives_its_blocks_back, a_sample_past_its_deadline_gives_its_blocks_back, draw_batches,
    export_save_and_restore, which_shard_it_is, the_token,
]
