// The health of a service that is told to stop while it is watched: the test sends the signal when it reads "watching".
const assert = require('assert');
const { health, open, reader } = require('./rapid');

module.exports = {
  async health_of_a_service_that_stops(config) {
    const next = reader(open(health.Health, config).Watch({}));
    assert.strictEqual((await next()).status, 'SERVING');
    console.log('watching');
    assert.strictEqual((await next()).status, 'NOT_SERVING');
    assert.strictEqual(await next(), null);
  },
};
