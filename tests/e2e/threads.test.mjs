// Two workers: sessions, key sets and children used from connections that land on either.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { jwtAuth, mcpConfig, start, token, walkthroughRules } from './lib/gateway.mjs';
import { RawClient } from './lib/mcp.mjs';

test('one session over many connections, on any worker', async () => {
  const gateway = await start((port) => mcpConfig(port, { policies: jwtAuth + walkthroughRules }));
  try {
    const clients = await Promise.all(Array.from({ length: 6 }, async (_, at) => {
      const client = new RawClient(gateway.port, { token: token(at % 2 ? 'example1' : 'example2') });
      assert.equal((await client.initialize()).status, 200);
      return client;
    }));
    const rounds = Array.from({ length: 120 }, (_, at) => at);
    const one = async (at) => {
      const client = clients[at % clients.length];
      const answer = at % 3 === 0 ? await client.call('tools/list') : await client.tool('add', { a: at, b: 1 }); // each on a new connection
      assert.equal(answer.status, 200);
      if (at % 3) assert.equal(answer.message.result.content[0].text, `The sum of ${at} and 1 is ${at + 1}.`);
      else assert.equal(answer.message.result.tools.length, clients.indexOf(client) % 2 ? 3 : 2);
    };
    for (let begin = 0; begin < rounds.length; begin += 12) await Promise.all(rounds.slice(begin, begin + 12).map(one));
    await Promise.all(clients.map((client) => client.remove()));
    for (const client of clients) assert.equal((await client.call('tools/list')).status, 404);
  } finally { await gateway.stop(); }
});

test('sessions are made and ended side by side', async () => {
  const gateway = await start((port) => mcpConfig(port));
  try {
    await Promise.all(Array.from({ length: 4 }, async () => {
      for (let round = 0; round < 4; round++) {
        const client = new RawClient(gateway.port);
        await client.initialize();
        const [, ended] = await Promise.all([client.tool('echo', { message: 'm' }).catch(() => {}), client.remove()]);
        assert.ok(ended.status < 300, `status ${ended.status}`);
      }
    }));
  } finally { await gateway.stop(); }
});
