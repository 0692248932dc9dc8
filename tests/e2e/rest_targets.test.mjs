// REST services that answer what is no answer: what their callers and what their operators learn.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { start, until } from './lib/gateway.mjs';
import { RawClient } from './lib/mcp.mjs';

const answers = {
  broken: [{ status: 200, body: 'NaN' }, "the service's answer is no JSON"],
  deep: [{ status: 200, body: '['.repeat(5000) + ']'.repeat(5000) }, "the service's answer has too many values, or too deep"],
  endless: [{ status: 200 }, /the service's answer is longer than \d+ bytes/],
  down: [{ status: 500, body: 'details' }, 'the service answered HTTP 500'],
};

/** Pieces without end, as long as they are taken. */
function pour(response) {
  const more = () => { while (!response.destroyed && response.write('['.repeat(65536))); };
  response.on('drain', more);
  more();
}

test('why a service failed is in the log and nowhere else', async () => {
  const service = createServer((incoming, outgoing) => {
    const [{ status, body }] = answers[incoming.url.slice(1)];
    outgoing.writeHead(status, { 'content-type': 'application/json' });
    if (body === undefined) pour(outgoing); else outgoing.end(body);
  });
  await new Promise((done) => service.listen(0, '127.0.0.1', done));
  const schema = JSON.stringify({ openapi: '3.0.3', info: { title: 's', version: '1' }, paths: Object.fromEntries(Object.keys(answers).map((name) => [`/${name}`, { get: { operationId: name } }])) });
  const gateway = await start((port) => `
config: { limits: { answer: 262144 } }
binds:
- port: ${port}
  listeners:
  - routes:
    - backends:
      - mcp: { targets: [ { name: rest, openapi: { host: "127.0.0.1:${service.address().port}", path: /, schema: ${JSON.stringify(schema)} } } ] }
`);
  try {
    const client = new RawClient(gateway.port);
    await client.initialize();
    for (const [name, [, why]] of Object.entries(answers)) {
      const { message } = await client.tool(name, {}, { ms: 20000 });
      assert.deepEqual(message.error, { code: -32603, message: 'the target failed to answer' }, name);
      const line = await until(() => gateway.output.split('\n').find((one) => new RegExp(`gen_ai\\.tool\\.name="?${name}\\b`).test(one)), `the line of ${name}`);
      assert.match(line, why instanceof RegExp ? why : new RegExp(why.replace(/[.()]/g, '\\$&')), line);
    }
    await client.remove();
  } finally {
    await gateway.stop();
    service.closeAllConnections();
    service.close();
  }
});
