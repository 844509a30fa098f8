"""An actor and an evaluator in Python: they fill the slot, follow the policy and report scores until the run is finished."""
import array
import math
from concurrent import futures

from rapid import Requests, algorithm, block, client, column, failure, new

STEPS, ENVIRONMENTS, BLOCKS, OBSERVATION = 16, 2, 3, 4
FINISHED, TANH, CATEGORICAL = 3, 2, 1


class Network:
    """The network of a snapshot, which is all that it knows: no spec says how many layers there are."""

    def __init__(self, snapshot):
        self._graph, self._parameters = snapshot.graph, array.array('f', snapshot.parameters)

    def evaluate(self, observation):
        """The logarithms of the probabilities of discrete actions, and the value."""
        towers = [observation] * (self._graph.layers[0].towers if self._graph.layers else 1)
        for layer in self._graph.layers:
            assert layer.kernel == 0 and layer.activation == TANH
            towers = [[math.tanh(x) for x in self._linear(layer, tower, inputs)] for tower, inputs in enumerate(towers)]
        logits = self._linear(self._graph.policy, 0, towers[0])
        total = math.log(sum(math.exp(x) for x in logits))
        return [x - total for x in logits], self._linear(self._graph.value, 0, towers[-1])[0]

    def _linear(self, layer, tower, inputs):
        assert len(inputs) == layer.inputs
        def output(row):
            first = layer.weight_offset + row * layer.inputs
            products = sum(weight * x for weight, x in zip(self._parameters[first:first + layer.inputs], inputs))
            return products + self._parameters[layer.bias_offset + row]
        return [output(row) for row in range(tower * layer.outputs, (tower + 1) * layer.outputs)]


def rollout(experiment, slot, sequence, snapshot):
    rows = STEPS * ENVIRONMENTS
    made = block('python actor/0', sequence, STEPS, ENVIRONMENTS, OBSERVATION)
    seen, actions = array.array('f', made.columns[0].tensor.data), array.array('q', made.columns[1].tensor.data)
    network = Network(snapshot)
    evaluated = [network.evaluate(seen[i * OBSERVATION:(i + 1) * OBSERVATION]) for i in range(rows + ENVIRONMENTS)]
    assert snapshot.graph.elements == OBSERVATION and snapshot.graph.distribution.kind == CATEGORICAL
    ended = bytearray(rows)
    ended[3 * ENVIRONMENTS] = 1
    made.columns[3].CopyFrom(column('terminated', 'UINT8', [STEPS, ENVIRONMENTS], ended))
    made.columns.extend([
        column('log_probabilities', 'FLOAT32', [STEPS, ENVIRONMENTS], [log_pi[action] for action, (log_pi, _) in zip(actions, evaluated)]),
        column('values', 'FLOAT32', [STEPS + 1, ENVIRONMENTS], [value for _, value in evaluated]),
    ])
    made.episodes.add(step=3, environment=0, length=4, **{'return': 4})
    # The game of the first environment began after the end, that of the second one with the run.
    made.games.add(environment=0, step=4, random=[1, 2, 3, 4, sequence], carried=b'\x09')
    if sequence == 1:
        made.games.add(environment=1, step=0, random=[5, 4, 3, 2, 1])
    made.noise.extend([1, 2, 3, 4, 5, 6, 7, 8, 9, sequence])
    made.experiment, made.slot, made.policy_version = experiment, slot, snapshot.version
    return made


def score(config, experiment):
    evaluations = client('Evaluations', config)
    snapshot = next(client('Policies', config).Subscribe(new('SubscribeRequest', experiment=experiment, evaluations_only=True)))
    assert snapshot.evaluation_episodes == 2
    report = new('EvaluationReport', experiment=experiment, policy_version=snapshot.version, step=snapshot.step, returns=[7, 9],
                 lengths=[7, 9])
    assert evaluations.Report(report).accepted
    assert not evaluations.Report(report).accepted


def take_over(assignments, assignment, experiment, version, epoch):
    """What an actor would be told that fills the slot from here on: all messages of the call."""
    return list(assignments.TakeOver(
        new('TakeOverRequest', experiment=experiment, epoch=epoch, slot=assignment.slots[0], version=version)))


def act(config, experiment):
    assignments = client('Assignments', config)
    lease = assignments.Enlist(
        new('EnlistRequest', worker='python actor', role='WORKER_ROLE_ACTOR', max_slots=1))
    assignment = next(assignment for assignment in lease if len(assignment.slots) > 0)
    replay = client('Replay', {**config, 'address': assignment.replay_addresses[0].replace('http://', '')})
    policies = client('Policies', config).Subscribe(new('SubscribeRequest', experiment=experiment))
    requests = Requests()
    call = replay.Append(iter(requests))
    late = failure(lambda: take_over(assignments, assignment, experiment, 1, assignment.epoch + 1))
    assert late[0] == 'FAILED_PRECONDITION'
    version = 0
    for sequence in range(1, BLOCKS + 1):
        snapshot = next(snapshot for snapshot in policies if snapshot.version > version)
        version = snapshot.version
        assert len(snapshot.parameters) > 0 and len(snapshot.parameters) % 4 == 0
        opening, *games = take_over(assignments, assignment, experiment, version, assignment.epoch)
        assert (opening.version, opening.environments) == (version, 0 if sequence == 1 else ENVIRONMENTS)
        if sequence == 3:
            first, actions, second = (message.game for message in games[:3])
            assert (list(first.random), list(first.noise), first.carried) == ([1, 2, 3, 4, 2], [1, 2, 3, 4, 5], b'\x09')
            assert len(actions.actions) == 4 * (STEPS - 4)
            assert (list(second.random), list(second.noise)) == ([5, 4, 3, 2, 1], [6, 7, 8, 9, 2])
        trajectory = rollout(experiment, assignment.slots[0], sequence, snapshot)
        requests.write(new('AppendRequest', table=assignment.table, trajectory=trajectory))
        assert next(call).code == 0
    # A call that nobody refers to is cancelled.
    return lease, call


def a_run_whose_actor_and_evaluator_are_not_dotnet(config):
    experiments = client('Experiments', config)
    evaluator = client('Assignments', config).Enlist(new('EnlistRequest', worker='python evaluator', role='WORKER_ROLE_EVALUATOR'))
    spec = new('ExperimentSpec', name='foreign', seed=1, total_steps=STEPS * ENVIRONMENTS * BLOCKS, lockstep=True,
               environment=new('EnvironmentSpec', name='CartPole-v1'), actors=new('ActorsSpec', count=1, environments=ENVIRONMENTS),
               algorithm=algorithm('ppo', rollout_steps=STEPS, epochs=1, minibatches=1),
               evaluation=new('EvaluationSpec', final_episodes=2),
               normalization=new('NormalizationSpec', observations=False, rewards=False))
    run = experiments.Submit(new('SubmitRequest', spec=spec)).id
    watch = experiments.Watch(new('WatchRequest', id=run))
    with futures.ThreadPoolExecutor() as pool:
        acting, scoring = pool.submit(act, config, run), pool.submit(score, config, run)
        events = list(watch)
        calls = acting.result()
        scoring.result()
    last = [event.experiment for event in events if event.HasField('experiment')][-1]
    assert (last.state, last.step, last.evaluation_return) == (FINISHED, 96, 8), last
    metrics = [event.metrics for event in events if event.HasField('metrics') and event.metrics.kind == 'train']
    assert [line.step for line in metrics] == [32, 64, 96]
    assert metrics[0].values['episode_return_mean'] == 4
    # The learner gives the actions the probabilities that this program gave them.
    assert all(line.values['approximate_kl'] < 1e-9 for line in metrics), [line.values['approximate_kl'] for line in metrics]
    for call in (evaluator, *calls):
        call.cancel()


CASES = [a_run_whose_actor_and_evaluator_are_not_dotnet]
