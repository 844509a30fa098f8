// Every call of the replay service.
const assert = require('assert');
const { reader, failure, unlimited, until, block } = require('./rapid');
const { unique, queue, ring, client, infoOf, append } = require('./tables');

module.exports = {
  async tables(config) {
    const replay = client(config);
    const definition = queue(unique('tables'));
    const made = await replay.CreateTable({ definition });
    assert.strictEqual(made.definition.capacity_steps, 1e6);
    assert.strictEqual((await replay.CreateTable({ definition })).incarnation, made.incarnation);
    const other = await failure(() => replay.CreateTable({ definition: { ...definition, capacity_steps: 5 } }));
    assert.strictEqual(other.code, 'ALREADY_EXISTS');
    const bad = await failure(() => replay.CreateTable({ definition: { ...definition, name: '☺{\u{1f608}}' } }));
    assert.deepStrictEqual(bad, { code: 'INVALID_ARGUMENT', details: "definition.name: '☺{\u{1f608}}' must have no braces" });
    const unknown = await failure(() => replay.CreateTable({ definition: { ...definition, kind: undefined, selector: 'newset' } }));
    assert.deepStrictEqual(unknown, {
      code: 'INVALID_ARGUMENT',
      details: "definition.selector: 'newset' is not known to this replay service; known: newest, prioritised, uniform; did you mean 'newest'?",
    });
    const ring = { ...definition, name: unique('selector'), kind: undefined, selector: 'newest' };
    assert.strictEqual((await replay.CreateTable({ definition: ring })).definition.selector, 'newest');
    assert.deepStrictEqual(await replay.DropTable({ name: ring.name }), { existed: true });
    assert.deepStrictEqual(await replay.DropTable({ name: definition.name }), { existed: true });
    assert.deepStrictEqual(await replay.DropTable({ name: definition.name }), { existed: false });
  },

  async append_and_sample_a_queue(config) {
    const replay = client(config);
    const name = unique('queue');
    await replay.CreateTable({ definition: queue(name) });
    const bad = block('p☺', 4);
    bad.columns[2].name = '☺';
    bad.columns[2].tensor.shape[0] = 5;
    const replies = await append(replay, name, [block('p☺', 1), block('p☺', 2), block('p☺', 2), bad, block('p☺', 3)]);
    assert.deepStrictEqual(replies.map(reply => reply.code), [0, 0, 0, 3, 0]);
    assert.ok(replies[3].message.includes('☺'), replies[3].message);
    assert.deepStrictEqual(replies.map(reply => reply.duplicate), [false, false, true, false, false]);
    assert.deepStrictEqual(replies.map(reply => reply.sequence), [1, 2, 2, 4, 3]);
    assert.strictEqual(replies[0].producer, 'p☺');

    const sample = replay.Sample();
    const next = reader(sample);
    sample.write({ table: name });
    assert.strictEqual((await next()).opened.blocks, 3);
    sample.write({ credits: 2 });
    const items = [(await next()).item, (await next()).item];
    assert.deepStrictEqual(items.map(item => item.trajectory.sequence), [1, 2]);
    const sent = block('p☺', 1).columns;
    items[0].trajectory.columns.forEach((column, i) => assert.ok(column.tensor.data.equals(sent[i].tensor.data), column.name));
    assert.strictEqual((await infoOf(replay, name)).unacknowledged_blocks, 2);
    sample.write({ acknowledged: items.map(item => item.id), credits: 1 });
    const last = (await next()).item;
    sample.write({ acknowledged: [last.id] });
    sample.end();
    assert.strictEqual(await next(), null);
    const info = await infoOf(replay, name);
    assert.deepStrictEqual([info.blocks, info.unacknowledged_blocks, info.appended_blocks], [0, 0, 3]);
  },

  async appends_that_say_all_at_once_hear_the_answer_and_the_end(config) {
    const shared = client(config);
    const name = unique('at once');
    await shared.CreateTable({ definition: queue(name) });
    let sequence = 0;
    const appendOnce = async (replay, table, code) => {
      const call = replay.Append();
      const ended = new Promise(resolve => call.on('status', resolve));
      const next = reader(call);
      call.write({ table, trajectory: block('p', ++sequence) });
      call.end();
      const reply = await next();
      assert.deepStrictEqual([reply.sequence, reply.code], [sequence, code]);
      assert.strictEqual(await next(), null);
      const status = await ended;
      assert.deepStrictEqual([status.code, status.details], [0, '']);
    };
    for (const [table, code] of [[name, 0], ['unknown', 5]]) {
      for (let i = 0; i < 100; i++) {
        await appendOnce(shared, table, code);
        const alone = client(config, { ...unlimited, 'grpc.use_local_subchannel_pool': 1 });
        await appendOnce(alone, table, code);
        alone.close();
      }
    }
    assert.strictEqual((await infoOf(shared, name)).blocks, 200);
  },

  async a_cancelled_sample_gives_its_blocks_back(config) {
    const replay = client(config);
    const name = unique('cancelled');
    await replay.CreateTable({ definition: queue(name) });
    await append(replay, name, [block('p', 1)]);
    const sample = replay.Sample();
    const next = reader(sample);
    sample.write({ table: name, credits: 2 });
    await next();
    assert.strictEqual((await next()).item.trajectory.sequence, 1);
    sample.cancel();
    assert.strictEqual((await failure(next)).code, 'CANCELLED');
    await until(async () => (await infoOf(replay, name)).unacknowledged_blocks === 0);
    assert.strictEqual((await infoOf(replay, name)).blocks, 1);
  },

  async a_sample_past_its_deadline_gives_its_blocks_back(config) {
    const replay = client(config);
    const name = unique('deadline');
    await replay.CreateTable({ definition: queue(name) });
    await append(replay, name, [block('p', 1)]);
    const sample = replay.Sample({ deadline: Date.now() + 500 });
    const next = reader(sample);
    sample.write({ table: name, credits: 2 });
    assert.strictEqual((await failure(async () => { while (await next()); })).code, 'DEADLINE_EXCEEDED');
    await until(async () => (await infoOf(replay, name)).unacknowledged_blocks === 0);
    assert.strictEqual((await infoOf(replay, name)).blocks, 1);
  },

  async draw_batches(config) {
    const replay = client(config);
    const name = unique('ring');
    await replay.CreateTable({ definition: ring(name) });
    await append(replay, name, [block('p', 1), block('p', 2)]);
    const sample = replay.Sample();
    const next = reader(sample);
    sample.write({ table: name, credits: 1, batch_size: 32 });
    assert.strictEqual((await next()).opened.steps, 16);
    const batch = (await next()).batch;
    const shapes = Object.fromEntries(batch.columns.map(column => [column.name, column.tensor.shape]));
    assert.deepStrictEqual(shapes.next_observations, [32, 3]);
    assert.deepStrictEqual(shapes.actions, [32]);
    assert.strictEqual(batch.ids.length, 32);
    const rewards = batch.columns.find(column => column.name === 'rewards').tensor.data;
    for (let i = 0; i < 32; i++) assert.ok([1, 2].includes(rewards.readFloatLE(4 * i)));
    sample.write({ priorities: [{ id: batch.ids[0], priority: 1 }] });
    assert.strictEqual((await next()).refused.code, 3);
    sample.end();
    assert.strictEqual(await next(), null);
  },

  async export_save_and_restore(config) {
    const replay = client(config);
    const [name, copy] = [unique('export'), unique('copy')];
    await replay.CreateTable({ definition: ring(name) });
    await append(replay, name, [1, 2, 3].map(sequence => block('p', sequence)));
    const exported = async table => {
      const sequences = [];
      for await (const item of replay.Export({ table })) sequences.push(item.trajectory.sequence);
      return sequences;
    };
    assert.deepStrictEqual(await exported(name), [1, 2, 3]);
    const checkpoint = `node-${process.pid}`;
    assert.strictEqual((await replay.SaveTable({ table: name, checkpoint })).blocks, 3);
    assert.strictEqual((await replay.RestoreTable({ checkpoint, table: copy })).blocks, 3);
    assert.deepStrictEqual(await exported(copy), [1, 2, 3]);
    const missing = await failure(() => exported('naïve \u{1f608}'));
    assert.strictEqual(missing.code, 'NOT_FOUND');
    assert.ok(missing.details.includes('naïve \u{1f608}'), missing.details);
  },

  async which_shard_it_is(config) {
    const replay = client(config);
    const { shard } = await replay.Identify({});
    assert.ok(shard.length > 0);
    assert.deepStrictEqual(await replay.Identify({}), { shard });
  },

  async the_token(config) {
    for (const token of [undefined, 'wrong']) {
      const replay = client({ ...config, token });
      const refused = await failure(() => replay.Stats({}));
      assert.strictEqual(refused.code, 'UNAUTHENTICATED');
      assert.ok(refused.details.includes('RAPID_TOKEN'), refused.details);
      assert.strictEqual((await failure(() => reader(replay.Export({ table: 'any' }))())).code, 'UNAUTHENTICATED');
      const sample = replay.Sample();
      assert.strictEqual((await failure(() => reader(sample)())).code, 'UNAUTHENTICATED');
    }
  },
};
