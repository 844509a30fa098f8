// The client side of the interoperability cases against 127.0.0.1:PORT. Prints the name of each case that passed.
const assert = require('assert');
const { grpc, testing } = require('./service');

const address = `127.0.0.1:${process.argv[2]}`;
const client = new testing.TestService(address, grpc.credentials.createInsecure());
const zeros = size => ({ body: Buffer.alloc(size) });
const requestSizes = [27182, 8, 1828, 45904];
const responseSizes = [31415, 9, 2653, 58979];
const special = '\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \u{1f608}\t\n';

const unary = (method, request, metadata = new grpc.Metadata()) => new Promise((resolve, reject) => {
  const result = {};
  const call = client[method](request, metadata, (error, response) => { result.error = error; result.response = response; });
  call.on('metadata', headers => { result.headers = headers; });
  call.on('status', status => { result.status = status; resolve(result); });
});

const finished = call => new Promise(resolve => {
  const received = [];
  call.on('data', response => received.push(response));
  call.on('error', () => {});
  call.on('status', status => resolve({ status, received }));
});

const cases = {
  async empty_unary() { assert.deepStrictEqual((await unary('EmptyCall', {})).response, {}); },
  async large_unary() {
    const { response } = await unary('UnaryCall', { response_size: 314159, payload: zeros(271828) });
    assert.strictEqual(response.payload.body.length, 314159);
  },
  async client_streaming() {
    const sum = await new Promise((resolve, reject) => {
      const call = client.StreamingInputCall((error, response) => error ? reject(error) : resolve(response.aggregated_payload_size));
      for (const size of requestSizes) call.write({ payload: zeros(size) });
      call.end();
    });
    assert.strictEqual(sum, 74922);
  },
  async server_streaming() {
    const { received } = await finished(client.StreamingOutputCall({ response_parameters: responseSizes.map(size => ({ size })) }));
    assert.deepStrictEqual(received.map(response => response.payload.body.length), responseSizes);
  },
  async ping_pong() {
    const call = client.FullDuplexCall();
    const end = finished(call);
    for (let i = 0; i < 4; i++) {
      const answered = new Promise(resolve => call.once('data', resolve));
      call.write({ response_parameters: [{ size: responseSizes[i] }], payload: zeros(requestSizes[i]) });
      assert.strictEqual((await answered).payload.body.length, responseSizes[i]);
    }
    call.end();
    assert.strictEqual((await end).status.code, grpc.status.OK);
  },
  async empty_stream() {
    const call = client.FullDuplexCall();
    const end = finished(call);
    call.end();
    const { status, received } = await end;
    assert.strictEqual(status.code, grpc.status.OK);
    assert.strictEqual(received.length, 0);
  },
  async cancel_after_begin() {
    const code = await new Promise(resolve => {
      const call = client.StreamingInputCall(error => resolve(error.code));
      call.cancel();
    });
    assert.strictEqual(code, grpc.status.CANCELLED);
  },
  async cancel_after_first_response() {
    const call = client.FullDuplexCall();
    const end = finished(call);
    call.once('data', () => call.cancel());
    call.write({ response_parameters: [{ size: 31415 }], payload: zeros(27182) });
    assert.strictEqual((await end).status.code, grpc.status.CANCELLED);
  },
  async timeout_on_sleeping_server() {
    const call = client.FullDuplexCall({ deadline: Date.now() + 50 });
    const end = finished(call);
    call.write({ payload: zeros(27182) });
    assert.strictEqual((await end).status.code, grpc.status.DEADLINE_EXCEEDED);
  },
  async custom_metadata() {
    const metadata = new grpc.Metadata();
    metadata.set('x-grpc-test-echo-initial', 'test_initial_metadata_value');
    metadata.set('x-grpc-test-echo-trailing-bin', Buffer.from([0xab, 0xab, 0xab]));
    const { headers, status } = await unary('UnaryCall', { response_size: 1 }, metadata);
    assert.deepStrictEqual(headers.get('x-grpc-test-echo-initial'), ['test_initial_metadata_value']);
    assert.deepStrictEqual(status.metadata.get('x-grpc-test-echo-trailing-bin'), [Buffer.from([0xab, 0xab, 0xab])]);
  },
  async status_code_and_message() {
    const { error } = await unary('UnaryCall', { response_status: { code: 2, message: 'test status message' } });
    assert.deepStrictEqual([error.code, error.details], [2, 'test status message']);
    const call = client.FullDuplexCall();
    const end = finished(call);
    call.write({ response_status: { code: 2, message: 'test status message' } });
    const { status } = await end;
    assert.deepStrictEqual([status.code, status.details], [2, 'test status message']);
  },
  async special_status_message() {
    const { error } = await unary('UnaryCall', { response_status: { code: 2, message: special } });
    assert.deepStrictEqual([error.code, error.details], [2, special]);
  },
  async unimplemented_method() { assert.strictEqual((await unary('UnimplementedCall', {})).error.code, grpc.status.UNIMPLEMENTED); },
  async unimplemented_service() {
    const other = new testing.UnimplementedService(address, grpc.credentials.createInsecure());
    const code = await new Promise(resolve => other.UnimplementedCall({}, error => resolve(error.code)));
    assert.strictEqual(code, grpc.status.UNIMPLEMENTED);
    other.close();
  },
};

(async () => {
  for (const [name, run] of Object.entries(cases)) {
    await run();
    console.log(name);
  }
  client.close();
  // A stream that a peer left half open would keep the process; the cases are over.
  process.exit(0);
})().catch(error => {
  console.error(error);
  process.exit(1);
});
