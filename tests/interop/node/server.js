// The server side of the interoperability cases. Prints its port.
const { grpc, testing } = require('./service');

const zeros = size => ({ body: Buffer.alloc(size) });

function echoMetadata(call) {
  const initial = call.metadata.get('x-grpc-test-echo-initial');
  if (initial.length > 0) {
    const headers = new grpc.Metadata();
    headers.set('x-grpc-test-echo-initial', initial[0]);
    call.sendMetadata(headers);
  }
  const trailers = new grpc.Metadata();
  for (const value of call.metadata.get('x-grpc-test-echo-trailing-bin')) trailers.add('x-grpc-test-echo-trailing-bin', value);
  return trailers;
}

const failure = status => status && status.code !== 0 ? { code: status.code, details: status.message } : null;

const server = new grpc.Server();
server.addService(testing.TestService.service, {
  EmptyCall: (call, answer) => answer(null, {}),
  UnaryCall: (call, answer) => {
    const trailers = echoMetadata(call);
    const failed = failure(call.request.response_status);
    if (failed) answer(failed);
    else answer(null, { payload: zeros(call.request.response_size) }, trailers);
  },
  StreamingOutputCall: call => {
    for (const parameters of call.request.response_parameters) call.write({ payload: zeros(parameters.size) });
    call.end();
  },
  StreamingInputCall: (call, answer) => {
    let sum = 0;
    call.on('data', request => { sum += request.payload.body.length; });
    call.on('end', () => answer(null, { aggregated_payload_size: sum }));
  },
  FullDuplexCall: call => {
    const trailers = echoMetadata(call);
    call.on('data', request => {
      const failed = failure(request.response_status);
      if (failed) call.emit('error', failed);
      else for (const parameters of request.response_parameters) call.write({ payload: zeros(parameters.size) });
    });
    call.on('end', () => call.end(trailers));
  },
});
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
});
