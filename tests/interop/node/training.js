// An actor and an evaluator in JavaScript: they fill the slot, follow the policy and report scores until the run is finished.
const assert = require('assert');
const { rapid, algorithm, open, reader, failure, column, block } = require('./rapid');

const [steps, environments, blocks, observation] = [16, 2, 3, 4];

function rollout(producer, sequence, version) {
  const rows = steps * environments;
  const made = block(producer, sequence, { steps, environments, observation });
  made.columns.push(column('log_probabilities', 'FLOAT32', [steps, environments], new Float32Array(rows).fill(Math.log(0.5))));
  made.columns.push(column('values', 'FLOAT32', [steps + 1, environments], new Float32Array(rows + environments)));
  const episodes = [{ step: 3, environment: 0, return: 4, length: 4, truncated: false }];
  made.columns[3].tensor.data[3 * environments] = 1;
  // The game of the first environment began after the end, that of the second one with the run.
  const games = [{ environment: 0, step: 4, random: [1, 2, 3, 4, sequence], carried: Buffer.from([9]) }];
  if (sequence === 1) games.push({ environment: 1, step: 0, random: [5, 4, 3, 2, 1] });
  return { ...made, policy_version: version, episodes, games, noise: [1, 2, 3, 4, 5, 6, 7, 8, 9, sequence] };
}

async function score(config, experiment) {
  const evaluations = open(rapid.Evaluations, config);
  const next = reader(open(rapid.Policies, config).Subscribe({ experiment, evaluations_only: true }));
  const snapshot = await next();
  assert.strictEqual(snapshot.evaluation_episodes, 2);
  const report = { experiment, policy_version: snapshot.version, step: snapshot.step, returns: [7, 9], lengths: [7, 9] };
  assert.deepStrictEqual(await evaluations.Report(report), { accepted: true });
  assert.deepStrictEqual(await evaluations.Report(report), { accepted: false });
}

// What an actor would be told that fills the slot from here on: all messages of the call.
async function takeOver(assignments, assignment, experiment, version) {
  const next = reader(assignments.TakeOver({ experiment, epoch: assignment.epoch, slot: assignment.slots[0], version }));
  const messages = [];
  let message;
  while ((message = await next()) !== null) messages.push(message);
  return messages;
}

async function act(config, experiment) {
  const assignments = open(rapid.Assignments, config);
  const lease = assignments.Enlist({ worker: 'node actor', role: 'WORKER_ROLE_ACTOR', max_slots: 1 });
  lease.on('error', () => {});
  const nextAssignment = reader(lease);
  let assignment;
  do assignment = await nextAssignment(); while (assignment.slots.length === 0);
  const call = open(rapid.Replay, { ...config, address: assignment.replay_addresses[0].replace('http://', '') }).Append();
  const nextReply = reader(call);
  const nextPolicy = reader(open(rapid.Policies, config).Subscribe({ experiment }));
  const late = { ...assignment, epoch: assignment.epoch + 1 };
  assert.strictEqual((await failure(() => takeOver(assignments, late, experiment, 1))).code, 'FAILED_PRECONDITION');
  let version = 0;
  for (let sequence = 1; sequence <= blocks; sequence++) {
    let snapshot;
    do snapshot = await nextPolicy(); while (snapshot.version <= version);
    version = snapshot.version;
    assert.ok(snapshot.parameters.length > 0 && snapshot.parameters.length % 4 === 0);
    const [opening, first, actions, second] = await takeOver(assignments, assignment, experiment, version);
    assert.deepStrictEqual([opening.version, opening.environments], [version, sequence === 1 ? 0 : environments]);
    if (sequence === 3) {
      assert.deepStrictEqual([first.game.random, first.game.noise, [...first.game.carried]], [[1, 2, 3, 4, 2], [1, 2, 3, 4, 5], [9]]);
      assert.strictEqual(actions.game.actions.length, 4 * (steps - 4));
      assert.deepStrictEqual([second.game.random, second.game.noise], [[5, 4, 3, 2, 1], [6, 7, 8, 9, 2]]);
    }
    const trajectory = { ...rollout('node actor/0', sequence, version), experiment, slot: assignment.slots[0] };
    call.write({ table: assignment.table, trajectory });
    assert.strictEqual((await nextReply()).code, 0);
  }
}

module.exports = {
  async a_run_whose_actor_and_evaluator_are_not_dotnet(config) {
    const experiments = open(rapid.Experiments, config);
    const evaluator = open(rapid.Assignments, config).Enlist({ worker: 'node evaluator', role: 'WORKER_ROLE_EVALUATOR' });
    evaluator.on('error', () => {});
    evaluator.resume();
    const { id } = await experiments.Submit({
      spec: {
        name: 'foreign', seed: 1, total_steps: steps * environments * blocks, lockstep: true, environment: { name: 'CartPole-v1' },
        actors: { count: 1, environments }, algorithm: algorithm('ppo', { rollout_steps: steps, epochs: 1, minibatches: 1 }),
        evaluation: { final_episodes: 2 }, normalization: { observations: false, rewards: false },
      },
    });
    const next = reader(experiments.Watch({ id }));
    const acting = act(config, id);
    const scoring = score(config, id);
    const metrics = [];
    let event, last;
    while ((event = await next()) !== null) {
      if (event.metrics) metrics.push(event.metrics);
      else last = event.experiment;
    }
    await Promise.all([acting, scoring]);
    assert.deepStrictEqual([last.state, last.step, last.evaluation_return], ['EXPERIMENT_STATE_FINISHED', 96, 8], last.error);
    assert.deepStrictEqual(metrics.filter(line => line.kind === 'train').map(line => line.step), [32, 64, 96]);
    assert.strictEqual(metrics.find(line => line.kind === 'train').values.episode_return_mean, 4);
  },
};
