// Health and reflection of a service.
const assert = require('assert');
const { GrpcReflection } = require('grpc-js-reflection-client');
const { health, credentials, metadata, open, reader, failure } = require('./rapid');

module.exports = {
  async health(config) {
    const client = open(health.Health, config);
    assert.strictEqual((await client.Check({})).status, 'SERVING');
    assert.strictEqual((await failure(() => client.Check({ service: 'nobody' }))).code, 'NOT_FOUND');
    const watch = client.Watch({});
    const next = reader(watch);
    assert.strictEqual((await next()).status, 'SERVING');
    watch.cancel();
    assert.strictEqual((await failure(next)).code, 'CANCELLED');
  },

  async reflection(config) {
    for (const version of ['v1alpha', 'v1']) {
      const client = new GrpcReflection(config.address, credentials(config), {}, version);
      const names = (await client.listServices('*', metadata(config))).filter(name => name.startsWith('rapid.'));
      assert.deepStrictEqual(names.sort(), config.services);
      for (const name of names) {
        const descriptor = await client.getDescriptorBySymbol(name, metadata(config));
        const described = descriptor.getPackageObject({ keepCase: true, enums: String, longs: Number });
        const Client = described.rapid.v1[name.split('.').pop()];
        assert.ok(Object.keys(Client.service).length > 0, name);
        const call = config.calls[name];
        if (call) {
          const reply = await new Promise((resolve, reject) => new Client(config.address, credentials(config))[call](
            {}, metadata(config), (error, answer) => error ? reject(error) : resolve(answer)));
          assert.strictEqual(typeof reply, 'object');
        }
      }
    }
    const client = new GrpcReflection(config.address, credentials(config));
    await assert.rejects(client.getDescriptorBySymbol('rapid.v1.Nobody', metadata(config)));
  },
};
