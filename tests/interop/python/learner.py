"""Submitting, listing, watching and cancelling; leases of slots."""
from rapid import algorithm, client, failure, new, rich_status, until

RUNNING, CANCELLED = 2, 4


def spec(name, environment='CartPole-v1', **options):
    return new('ExperimentSpec', name=name, seed=1, total_steps=10 ** 6, environment=new('EnvironmentSpec', name=environment),
               algorithm=algorithm('ppo', **options), actors=new('ActorsSpec', count=2, environments=2))


def submit(experiments, experiment, submitter=''):
    return experiments.Submit(new('SubmitRequest', spec=experiment, submitter=submitter)).id


def bad_specs(config):
    experiments = client('Experiments', config)
    code, details = failure(lambda: submit(experiments, spec('bad', 'Wägelchen ☺', gamma=2)))
    assert code == 'INVALID_ARGUMENT'
    assert all(part in details for part in ('environment.name', 'Wägelchen ☺', 'algorithm.gamma')), details
    status = rich_status(lambda: submit(experiments, spec('bad', 'Wägelchen ☺', gamma=2)))
    assert all(part in status for part in (b'google.rpc.BadRequest', b'environment.name', b'algorithm.gamma')), status
    assert failure(lambda: experiments.Cancel(new('CancelRequest', id='nobody')))[0] == 'NOT_FOUND'
    assert failure(lambda: list(experiments.Watch(new('WatchRequest', id='nobody'))))[0] == 'NOT_FOUND'


def submit_list_watch_and_cancel(config):
    experiments = client('Experiments', config)
    run = submit(experiments, spec('watched'), 'bärbel')
    watch = experiments.Watch(new('WatchRequest', id=run))
    event = next(watch)
    assert event.experiment.spec.total_steps == 10 ** 6
    while event.experiment.state != RUNNING:
        event = next(watch)
    listed = {experiment.id: experiment for experiment in experiments.List(new('ListRequest')).experiments}
    assert (listed[run].name, listed[run].state, listed[run].submitter) == ('watched', RUNNING, 'bärbel')
    cancelled = experiments.Watch(new('WatchRequest', id=run))
    next(cancelled)
    cancelled.cancel()
    assert failure(lambda: next(cancelled))[0] == 'CANCELLED'
    assert failure(lambda: list(experiments.Watch(new('WatchRequest', id=run), timeout=0.3)))[0] == 'DEADLINE_EXCEEDED'
    assert experiments.Cancel(new('CancelRequest', id=run)).id == run
    assert list(watch)[-1].experiment.state == CANCELLED


def slots_of_a_worker_that_leaves_go_to_the_next(config):
    experiments, assignments = client('Experiments', config), client('Assignments', config)

    def enlist(worker):
        return assignments.Enlist(new('EnlistRequest', worker=worker, role='WORKER_ROLE_ACTOR', max_slots=2))

    def slots_of(call, run, count):
        return next(assignment for assignment in call if assignment.experiment == run and len(assignment.slots) == count)

    assert failure(lambda: list(enlist('')))[0] == 'INVALID_ARGUMENT'
    run = submit(experiments, spec('slots'))
    first = enlist('python first')
    assignment = slots_of(first, run, 2)
    assert list(assignment.slots) == [0, 1]
    assert list(assignment.replay_addresses) == [config['replay']]
    assert assignment.spec.algorithm.options.fields['rollout_steps'].number_value > 0
    second = enlist('python second')
    assert list(next(second).slots) == []
    first.cancel()
    assert list(slots_of(second, run, 2).slots) == [0, 1]
    experiments.Cancel(new('CancelRequest', id=run))
    assert slots_of(second, '', 0).experiment == ''
    second.cancel()
    until(lambda: all(experiment.state == CANCELLED for experiment in experiments.List(new('ListRequest')).experiments))


CASES = [bad_specs, submit_list_watch_and_cancel, slots_of_a_worker_that_leaves_go_to_the_next]
