// Tables of the replay service, for the cases.
const assert = require('assert');
const { rapid, open, reader } = require('./rapid');

const unique = name => `interop/${name} ☺ ${process.pid}`;
const queue = name => ({ name, kind: 'TABLE_KIND_QUEUE', store: 'STORE_KIND_MEMORY', capacity_steps: 1e6 });
const ring = (name, fields = {}) => ({
  name, kind: 'TABLE_KIND_UNIFORM', store: 'STORE_KIND_MEMORY', capacity_steps: 1000, items: 'ITEM_KIND_TRANSITION', seed: 7, ...fields,
});

const client = (config, options) => open(rapid.Replay, config, options);
const infoOf = async (replay, name) => (await replay.Stats({ prefix: name })).tables[0];

async function append(replay, table, blocks) {
  const call = replay.Append();
  const next = reader(call);
  const replies = [];
  for (const trajectory of blocks) {
    call.write({ table, trajectory });
    replies.push(await next());
  }
  call.end();
  assert.strictEqual(await next(), null);
  return replies;
}

module.exports = { unique, queue, ring, client, infoOf, append };
