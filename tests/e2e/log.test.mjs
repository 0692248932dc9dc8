// The access log: one line per request, with agentgateway's keys, and never a secret.
import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { jwtAuth, mcpConfig, secret, start, token, until, walkthroughRules } from './lib/gateway.mjs';
import { RawClient } from './lib/mcp.mjs';
import { request } from './lib/http.mjs';

async function traffic(gateway) {
  const client = new RawClient(gateway.port, { token: token('example2'), headers: { cookie: secret('id=canary-cookie-77aa') } });
  await client.initialize();
  await client.call('tools/list');
  await client.tool('add', { a: 2, b: 3 });
  await client.tool('printEnv', { password: secret('canary-argument-19c3') });
  secret(client.session);
  const bad = new RawClient(gateway.port, { token: secret('canary.garbage-token.4481') });
  await bad.initialize();
  await request(gateway.port, 'GET', `/mcp?access_token=${secret('canary-query-7788')}`, { headers: { 'x-api-key': secret('canary-api-key-9f') } });
}

for (const format of ['text', 'json']) {
  describe(`as ${format}`, () => {
    test('each request has one line that says what was done, by whom, and which rule decided', async () => {
      const gateway = await start((port) => `config:\n  logging: { format: ${format} }\n${mcpConfig(port, { policies: jwtAuth + walkthroughRules })}`);
      try {
        await traffic(gateway);
        const lines = () => gateway.output.split('\n').filter((line) => /http\.status/.test(line));
        await until(() => lines().length >= 7, 'a line per request');
        if (format === 'json') lines().forEach((line) => JSON.parse(line));
        const of = (pattern) => lines().filter((line) => pattern.test(line));
        const calls = of(/tools\/call/);
        assert.equal(calls.length, 2, lines().join('\n'));
        const key = (name, value) => (format === 'json' ? new RegExp(`"${name.replaceAll('.', '\\.')}":"?${value}`) : new RegExp(`\\b${name.replaceAll('.', '\\.')}="?${value}`));
        const [add, env] = calls;
        assert.match(add, key('mcp.method.name', 'tools/call'));
        assert.match(add, key('gen_ai.tool.name', 'add'));
        assert.match(add, key('mcp.target', 'everything'));
        assert.match(add, key('jwt.sub', 'test-user'));
        assert.match(add, key('authz.decision', 'allow'));
        assert.match(add, /authz\.rule/);
        assert.match(add, key('http.status', '200'));
        assert.match(env, key('authz.decision', 'deny'));
        assert.equal(of(key('http.status', '401')).length, 1);
      } finally { await gateway.stop(); } // stop() looks for the secrets
    });
  });
}

test('what a client sends cannot forge a line of the log', async () => {
  const gateway = await start((port) => mcpConfig(port));
  try {
    const client = new RawClient(gateway.port);
    await client.initialize();
    await client.tool('x\nlevel=error forged=line \u001b[31m', {});
    await request(gateway.port, 'GET', '/a%0Aforged%0A');
    await until(() => /tools\/call/.test(gateway.output), 'the line');
    assert.ok(!gateway.output.split('\n').some((line) => line.startsWith('level=error forged')));
    assert.ok(!gateway.output.includes('\u001b[31m'));
  } finally { await gateway.stop(); }
});
