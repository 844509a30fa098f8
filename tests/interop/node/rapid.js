// Rapid as any user of gRPC for JavaScript sees it: its .proto files, channels, and calls as promises.
const fs = require('fs');
const path = require('path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const healthProto = require('grpc-health-check').protoPath;

const protos = path.join(__dirname, '..', '..', '..', 'protos');
const options = { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true, includeDirs: [protos] };
const files = ['replay', 'experiment', 'policy', 'evaluation'].map(name => `rapid/v1/${name}.proto`);
const rapid = grpc.loadPackageDefinition(loader.loadSync(files, options)).rapid.v1;
const health = grpc.loadPackageDefinition(loader.loadSync(healthProto, options)).grpc.health.v1;

const credentials = config => config.ca ? grpc.credentials.createSsl(fs.readFileSync(config.ca)) : grpc.credentials.createInsecure();
const unlimited = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };
const gzip = { ...unlimited, 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip };

function metadata(config) {
  const result = new grpc.Metadata();
  if (config.token) result.set('authorization', `Bearer ${config.token}`);
  return result;
}

// A client whose unary methods return promises and whose every call carries the token.
function open(Client, config, channelOptions = unlimited) {
  const client = new Client(config.address, credentials(config), channelOptions);
  const calls = { close: () => client.close() };
  for (const [name, method] of Object.entries(Client.service)) {
    if (method.requestStream) calls[name] = (callOptions = {}) => client[name](metadata(config), callOptions);
    else if (method.responseStream) calls[name] = (request, callOptions = {}) => client[name](request, metadata(config), callOptions);
    else calls[name] = (request, callOptions = {}) => new Promise((resolve, reject) =>
      client[name](request, metadata(config), callOptions, (error, reply) => error ? reject(error) : resolve(reply)));
  }
  return calls;
}

// The messages of a stream, one at a time; null at its end, and its status as an error.
function reader(call) {
  const messages = call[Symbol.asyncIterator]();
  let failed;
  call.on('error', error => { failed = error; });
  return async () => {
    const { done, value } = await messages.next();
    if (done && failed) throw failed;
    return done ? null : value;
  };
}

async function failure(action) {
  try {
    await action();
  } catch (error) {
    return { code: grpc.status[error.code] ?? `${error}`, details: error.details };
  }
  throw new Error('the call succeeded');
}

// The google.rpc.Status of a call that fails, in bytes: a client that knows its proto files reads fields out of it.
async function richStatus(action) {
  try {
    await action();
  } catch (error) {
    return error.metadata.get('grpc-status-details-bin')[0].toString('utf8');
  }
  throw new Error('the call succeeded');
}

async function until(condition) {
  for (let i = 0; i < 600; i++) {
    if (await condition()) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error(`it did not happen: ${condition}`);
}

function column(name, type, shape, values) {
  return { name, tensor: { type: `DATA_TYPE_${type}`, shape, data: Buffer.from(values.buffer, values.byteOffset, values.byteLength) } };
}

// A block of T steps of N environments, without a truncation.
function block(producer, sequence, { steps = 4, environments = 2, observation = 3 } = {}) {
  const rows = steps * environments;
  const observations = new Float32Array((rows + environments) * observation).map((_, i) => (i % 1000) + sequence);
  return {
    experiment: 'interop', producer, sequence, steps, environments, policy_version: sequence,
    columns: [
      column('observations', 'FLOAT32', [steps + 1, environments, observation], observations),
      column('actions', 'INT64', [steps, environments], new BigInt64Array(rows).map((_, i) => BigInt(i % 2))),
      column('rewards', 'FLOAT32', [steps, environments], new Float32Array(rows).fill(sequence)),
      column('terminated', 'UINT8', [steps, environments], new Uint8Array(rows)),
      column('truncated', 'UINT8', [steps, environments], new Uint8Array(rows)),
      column('final_observations', 'FLOAT32', [0, observation], new Float32Array(0)),
    ],
  };
}

// An algorithm with some of its options, all of them numbers.
const algorithm = (name, options) => ({
  name, options: { fields: Object.fromEntries(Object.entries(options).map(([option, numberValue]) => [option, { numberValue }])) },
});

module.exports = { grpc, rapid, algorithm, health, credentials, metadata, unlimited, gzip, open, reader, failure, richStatus, until, column, block };
