// Loads the service of the interoperability tests.
const path = require('path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const definition = loader.loadSync(path.join(__dirname, '..', 'interop.proto'), { keepCase: true, defaults: true });
module.exports = { grpc, testing: grpc.loadPackageDefinition(definition).grpc.testing };
