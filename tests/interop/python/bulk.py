"""Many and large messages."""
import grpc

from rapid import block, client, failure, new, until
from tables import append, create, info_of, sample, unique


def numbered(trajectory, sequence):
    trajectory.sequence = sequence
    return trajectory


def a_slow_reader_holds_the_service_back(config):
    replay, name, blocks = client('Replay', config), unique('slow'), 64
    create(replay, name, kind='TABLE_KIND_QUEUE')
    one = block('p', 1, steps=1, environments=1, observation=1 << 17)
    append(replay, name, (numbered(one, i + 1) for i in range(blocks)))
    _, call = sample(replay, table=name, credits=blocks)
    next(call)
    held = -1

    def is_still():
        nonlocal held
        before, held = held, info_of(replay, name).unacknowledged_blocks
        return 0 < held == before

    until(is_still)
    assert held < blocks / 2, f'{held} of {blocks} MiB went to a client that reads none'
    assert [next(call).item.trajectory.sequence for _ in range(blocks)] == list(range(1, blocks + 1))
    call.cancel()
    replay.DropTable(new('DropTableRequest', name=name))


def large_and_compressed_messages(config):
    replay, name = client('Replay', config, grpc.Compression.Gzip), unique('large')
    create(replay, name, kind='TABLE_KIND_UNIFORM', items='ITEM_KIND_BLOCK', capacity_steps=2)
    large = block('p', 1, steps=1, environments=1, observation=2500000)
    assert append(replay, name, [large])[0].code == 0
    assert [item.trajectory == large for item in replay.Export(new('ExportRequest', table=name))] == [True]
    over = block('p', 2, steps=1, environments=1, observation=config['maxMessage'] // 8)
    for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
        other = client('Replay', config, compression)
        assert failure(lambda: append(other, name, [over]))[0] == 'RESOURCE_EXHAUSTED'
    assert info_of(replay, name).blocks == 1
    replay.DropTable(new('DropTableRequest', name=name))


CASES = [a_slow_reader_holds_the_service_back, large_and_compressed_messages]
