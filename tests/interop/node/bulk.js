// Many and large messages.
const assert = require('assert');
const { gzip, reader, failure, until, block } = require('./rapid');
const { unique, queue, ring, client, infoOf, append } = require('./tables');

module.exports = {
  async a_slow_reader_holds_the_service_back(config) {
    const replay = client(config);
    const name = unique('slow');
    const [blocks, observation] = [64, 1 << 17];
    await replay.CreateTable({ definition: queue(name) });
    const one = block('p', 1, { steps: 1, environments: 1, observation });
    await append(replay, name, Array.from({ length: blocks }, (_, i) => ({ ...one, sequence: i + 1 })));
    const sample = replay.Sample();
    const next = reader(sample);
    sample.write({ table: name, credits: blocks });
    await next();
    let held = -1;
    await until(async () => {
      const before = held;
      held = (await infoOf(replay, name)).unacknowledged_blocks;
      return held > 0 && held === before;
    });
    assert.ok(held < blocks / 2, `${held} of ${blocks} MiB went to a client that reads none`);
    for (let i = 1; i <= blocks; i++) assert.strictEqual((await next()).item.trajectory.sequence, i);
    sample.cancel();
    await replay.DropTable({ name });
  },

  async large_and_compressed_messages(config) {
    const replay = client(config, gzip);
    const name = unique('large');
    await replay.CreateTable({ definition: ring(name, { items: 'ITEM_KIND_BLOCK', capacity_steps: 2 }) });
    const large = block('p', 1, { steps: 1, environments: 1, observation: 2.5e6 });
    assert.strictEqual((await append(replay, name, [large]))[0].code, 0);
    for await (const item of replay.Export({ table: name })) {
      assert.ok(item.trajectory.columns[0].tensor.data.equals(large.columns[0].tensor.data));
    }
    for (const options of [undefined, gzip]) {
      const over = block('p', 2, { steps: 1, environments: 1, observation: config.maxMessage / 8 });
      const refused = await failure(() => append(client(config, options), name, [over]));
      assert.strictEqual(refused.code, 'RESOURCE_EXHAUSTED');
    }
    assert.strictEqual((await infoOf(replay, name)).blocks, 1);
    await replay.DropTable({ name });
  },
};
