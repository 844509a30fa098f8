"""Tables of the replay service, for the cases."""
import os

from rapid import Requests, new


def unique(name):
    return f'interop/{name} ☺ {os.getpid()}'


def table(name, **fields):
    return new('TableDefinition', name=name, store='STORE_KIND_MEMORY', **{'capacity_steps': 10 ** 6, **fields})


def create(replay, name, **fields):
    return replay.CreateTable(new('CreateTableRequest', definition=table(name, **fields)))


def info_of(replay, name):
    return replay.Stats(new('StatsRequest', prefix=name)).tables[0]


def append(replay, name, blocks):
    requests, replies = Requests(), []
    call = replay.Append(iter(requests))
    for trajectory in blocks:
        requests.write(new('AppendRequest', table=name, trajectory=trajectory))
        replies.append(next(call))
    requests.end()
    assert list(call) == []
    return replies


def sample(replay, timeout=None, **fields):
    requests = Requests()
    call = replay.Sample(iter(requests), timeout=timeout)
    requests.write(new('SampleRequest', **fields))
    return requests, call
