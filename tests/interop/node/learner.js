// Submitting, listing, watching and cancelling; leases of slots.
const assert = require('assert');
const { rapid, algorithm, open, reader, failure, richStatus, until } = require('./rapid');

const spec = name => ({
  name, seed: 1, total_steps: 1e6,
  environment: { name: 'CartPole-v1' }, algorithm: { name: 'ppo' }, actors: { count: 2, environments: 2 },
});

module.exports = {
  async bad_specs(config) {
    const experiments = open(rapid.Experiments, config);
    const bad = { ...spec('bad'), environment: { name: 'Wägelchen ☺' }, algorithm: algorithm('ppo', { gamma: 2 }) };
    const refused = await failure(() => experiments.Submit({ spec: bad }));
    assert.strictEqual(refused.code, 'INVALID_ARGUMENT');
    for (const part of ['environment.name', 'Wägelchen ☺', 'algorithm.gamma']) assert.ok(refused.details.includes(part), refused.details);
    const status = await richStatus(() => experiments.Submit({ spec: bad }));
    for (const part of ['google.rpc.BadRequest', 'environment.name', 'algorithm.gamma']) assert.ok(status.includes(part), status);
    assert.strictEqual((await failure(() => experiments.Cancel({ id: 'nobody' }))).code, 'NOT_FOUND');
    assert.strictEqual((await failure(reader(experiments.Watch({ id: 'nobody' })))).code, 'NOT_FOUND');
  },

  async submit_list_watch_and_cancel(config) {
    const experiments = open(rapid.Experiments, config);
    const { id } = await experiments.Submit({ spec: spec('watched'), submitter: 'bärbel' });
    const watch = experiments.Watch({ id });
    const next = reader(watch);
    let event = await next();
    assert.strictEqual(event.experiment.spec.total_steps, 1e6);
    while (event.experiment.state !== 'EXPERIMENT_STATE_RUNNING') event = await next();
    const listed = (await experiments.List({})).experiments.find(experiment => experiment.id === id);
    assert.deepStrictEqual([listed.name, listed.state, listed.submitter], ['watched', 'EXPERIMENT_STATE_RUNNING', 'bärbel']);
    const cancelled = experiments.Watch({ id });
    const nextOfCancelled = reader(cancelled);
    await nextOfCancelled();
    cancelled.cancel();
    assert.strictEqual((await failure(nextOfCancelled)).code, 'CANCELLED');
    const nextOfLate = reader(experiments.Watch({ id }, { deadline: Date.now() + 300 }));
    assert.strictEqual((await failure(async () => { while (await nextOfLate()); })).code, 'DEADLINE_EXCEEDED');
    assert.strictEqual((await experiments.Cancel({ id })).id, id);
    let last;
    while ((event = await next()) !== null) last = event;
    assert.strictEqual(last.experiment.state, 'EXPERIMENT_STATE_CANCELLED');
  },

  async slots_of_a_worker_that_leaves_go_to_the_next(config) {
    const experiments = open(rapid.Experiments, config);
    const assignments = open(rapid.Assignments, config);
    const enlist = worker => assignments.Enlist({ worker, role: 'WORKER_ROLE_ACTOR', max_slots: 2 });
    const slotsOf = async (next, id, count) => {
      let assignment;
      do assignment = await next(); while (assignment.experiment !== id || assignment.slots.length !== count);
      return assignment;
    };
    assert.strictEqual((await failure(reader(enlist('')))).code, 'INVALID_ARGUMENT');
    const { id } = await experiments.Submit({ spec: spec('slots') });
    const first = enlist('node first');
    const assignment = await slotsOf(reader(first), id, 2);
    assert.deepStrictEqual(assignment.slots, [0, 1]);
    assert.deepStrictEqual(assignment.replay_addresses, [config.replay]);
    assert.ok(assignment.spec.algorithm.options.fields.rollout_steps.numberValue > 0);
    const second = enlist('node second');
    const next = reader(second);
    assert.deepStrictEqual((await next()).slots, []);
    first.on('error', () => {});
    first.cancel();
    assert.deepStrictEqual((await slotsOf(next, id, 2)).slots, [0, 1]);
    await experiments.Cancel({ id });
    assert.strictEqual((await slotsOf(next, '', 0)).experiment, '');
    second.on('error', () => {});
    second.cancel();
    await until(async () => (await experiments.List({})).experiments.every(e => e.state === 'EXPERIMENT_STATE_CANCELLED'));
  },
};
