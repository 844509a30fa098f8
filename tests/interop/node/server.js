// `node server.js CONFIG`: a stock server in the place of Rapid's learner and replay service. It does what the config says and prints one
// line of JSON for everything that it receives, and when its client gives up a call that it holds.
const fs = require('fs');
const { grpc, rapid, unlimited, block } = require('./rapid');

const config = JSON.parse(process.argv[2]);
const tell = line => console.log(JSON.stringify(line));
let address;

const nameOf = call => call.getPath().split('/').pop();

function received(call, fields = {}) {
  tell({ call: nameOf(call), authorization: call.metadata.get('authorization')[0], ...fields });
}

// The call stays open until its client gives it up.
function hold(call) {
  call.on('cancelled', () => tell({ cancelled: nameOf(call) }));
}

const parse = (method, text) => method.responseDeserialize(Buffer.from(text, 'base64'));
const experiment = (id, state, step = 0) => ({ id, name: 'Träger ☺', state: `EXPERIMENT_STATE_${state}`, step, total_steps: 1000 });

const assignments = {
  Enlist(call) {
    received(call, call.request);
    hold(call);
    const assignment = parse(rapid.Assignments.service.Enlist, config.assignment);
    call.write({ ...assignment, replay_addresses: [address] });
  },
};

const policies = {
  Subscribe(call) {
    received(call, call.request);
    hold(call);
    call.write(parse(rapid.Policies.service.Subscribe, config.snapshot));
  },
};

const shapeOf = ({ name, tensor }) => [name, { type: tensor.type, shape: tensor.shape, bytes: tensor.data.length }];

const replay = {
  Append(call) {
    received(call);
    call.on('data', ({ table, trajectory }) => {
      const { producer, sequence, slot, steps, environments, policy_version, columns } = trajectory;
      tell({ block: { table, sequence, slot, steps, environments, policy_version, columns: Object.fromEntries(columns.map(shapeOf)) } });
      call.write({ producer, sequence });
    });
    call.on('end', () => call.end());
  },
  Stats(call, answer) {
    received(call, call.request);
    if (call.request.prefix === 'never') return hold(call);
    const [kind, store, items] = ['TABLE_KIND_UNIFORM', 'STORE_KIND_MEMORY', 'ITEM_KIND_BLOCK'];
    answer(null, { tables: [{ definition: { name: 'träger/☺', kind, store, items, capacity_steps: 100 }, blocks: 3, steps: 24 }] });
  },
  Export(call) {
    received(call, call.request);
    for (const sequence of [1, 2, 3]) call.write({ id: sequence, trajectory: block('p', sequence) });
    call.end();
  },
};

const experiments = {
  Submit(call, answer) {
    const { name, total_steps, environment } = call.request.spec;
    received(call, { name, total_steps, environment: environment.name, submitter: call.request.submitter });
    if (name === 'refused') answer({ code: grpc.status.INVALID_ARGUMENT, details: 'name: „refused“ gefällt nicht \u{1f608}' });
    else answer(null, experiment(`${name}-1`, 'PENDING'));
  },
  List(call, answer) {
    received(call);
    answer(null, { experiments: [experiment('träger-1', 'RUNNING', 500), experiment('träger-2', 'PENDING')] });
  },
  Watch(call) {
    received(call, call.request);
    call.write({ experiment: experiment(call.request.id, 'RUNNING') });
    call.write({ metrics: { step: 500, kind: 'train', values: { episode_return_mean: 42 } } });
    if (call.request.id === 'endless') return hold(call);
    call.write({ experiment: experiment(call.request.id, 'FINISHED', 1000) });
    call.end();
  },
  Cancel(call, answer) {
    received(call, call.request);
    answer(null, experiment(call.request.id, 'CANCELLED', 500));
  },
};

const server = new grpc.Server(unlimited);
server.addService(rapid.Assignments.service, assignments);
server.addService(rapid.Policies.service, policies);
server.addService(rapid.Replay.service, replay);
server.addService(rapid.Experiments.service, experiments);
const bind = (where, credentials) => new Promise((resolve, reject) =>
  server.bindAsync(where, credentials, (error, port) => error ? reject(error) : resolve(port)));
const pair = () => ({ cert_chain: fs.readFileSync(config.certificate), private_key: fs.readFileSync(config.key) });

(async () => {
  const port = await bind(`127.0.0.1:${config.port}`, grpc.ServerCredentials.createInsecure());
  address = `http://127.0.0.1:${port}`;
  await bind(`unix:${config.socket}`, grpc.ServerCredentials.createInsecure());
  const securePort = await bind('127.0.0.1:0', grpc.ServerCredentials.createSsl(null, [pair()]));
  tell({ addresses: { http: address, unix: `unix:${config.socket}`, https: `https://127.0.0.1:${securePort}` } });
})();
