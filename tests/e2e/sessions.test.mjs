// A session belongs to the principal, route and backend it began with. For anyone else it does not exist.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { fixture, jwtAuth, secret, start, token, workFolder } from './lib/gateway.mjs';
import { accept, messages, RawClient } from './lib/mcp.mjs';
import { request } from './lib/http.mjs';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as jose from 'jose';

const twoRoutes = (port) => `
binds:
- port: ${port}
  listeners:
  - routes:
${['one', 'two'].map((name) => `    - name: ${name}
      matches:
      - path: { pathPrefix: /${name} }
      policies:
        jwtAuth:
          issuer: agentgateway.dev
          audiences: [test.agentgateway.dev]
          jwks: { file: ./manifests/jwt/pub-key }
      backends:
      - mcp:
          targets:
          - name: ${name}
            stdio: { cmd: python3, args: ["${fixture}"] }
`).join('')}`;

describe('two callers and their sessions', () => {
  let gateway, alice, bob, carol;
  before(async () => {
    const keys = await jose.generateKeyPair('ES256', { extractable: true });
    const folder = workFolder();
    writeFileSync(join(folder, 'manifests/jwt/pub-key'), JSON.stringify({ keys: [{ ...(await jose.exportJWK(keys.publicKey)), kid: 'k', alg: 'ES256' }] }));
    const mint = async (sub) => secret(await new jose.SignJWT({ sub }).setProtectedHeader({ alg: 'ES256', kid: 'k' }).setIssuer('agentgateway.dev')
      .setAudience('test.agentgateway.dev').setExpirationTime('10m').sign(keys.privateKey));
    gateway = await start(twoRoutes, { folder });
    alice = new RawClient(gateway.port, { path: '/one', token: await mint('alice') });
    bob = new RawClient(gateway.port, { path: '/one', token: await mint('bob') });
    carol = new RawClient(gateway.port, { path: '/one' });
    for (const client of [alice, bob, carol]) assert.equal((await client.initialize()).status, 200);
  });
  after(() => gateway?.stop());

  const use = (client, session, { method = 'POST', path = client.path } = {}) => request(gateway.port, method, path, {
    headers: { ...(method === 'POST' ? accept : { accept: 'text/event-stream' }), ...client.headers, 'mcp-session-id': session, 'mcp-protocol-version': '2025-06-18' },
    body: method === 'POST' ? JSON.stringify({ jsonrpc: '2.0', id: 9, method: 'tools/list' }) : '',
  });
  const shape = ({ status, headers, body }) => ({ status, headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'date')), body });

  test('session ids are visible ASCII, long, and say nothing', () => {
    assert.notEqual(alice.session, bob.session);
    for (const { session } of [alice, bob, carol]) {
      assert.match(session, /^[\x21-\x7e]{32,}$/);
      const decoded = Buffer.from(session, 'base64').toString('latin1');
      for (const word of ['alice', 'bob', 'one', 'everything']) assert.ok(!decoded.includes(word));
    }
  });

  test('each uses its own', async () => {
    for (const client of [alice, bob, carol]) assert.equal((await use(client, client.session)).status, 200);
  });

  test("another caller's session is a 404 that looks like an unknown one, with each method", async () => {
    const unknown = 'A'.repeat(alice.session.length);
    for (const method of ['POST', 'GET', 'DELETE']) {
      const nobody = shape(await use(bob, unknown, { method }));
      assert.equal(nobody.status, 404, `${method} with an unknown session`);
      for (const [thief, owner] of [[bob, alice], [alice, bob], [carol, alice], [alice, carol]])
        assert.deepEqual(shape(await use(thief, owner.session, { method })), nobody, method);
    }
  });

  test('a session of another route is unknown too', async () => {
    assert.equal((await use(alice, alice.session, { path: '/two' })).status, 404);
    assert.equal((await use(alice, alice.session)).status, 200);
  });

  test('a changed id is unknown: each character counts', async () => {
    const { session } = alice;
    for (const at of [0, 5, Math.floor(session.length / 2), session.length - 2]) {
      const other = session[at] === 'x' ? 'y' : 'x';
      assert.equal((await use(alice, session.slice(0, at) + other + session.slice(at + 1))).status, 404, `changed at ${at}`);
    }
    for (const bad of [session + 'A', session.slice(1), 'x', '%00', '../../etc'])
      assert.equal((await use(alice, bad)).status, 404, bad);
  });

  test('what was tried did no harm to the owners', async () => {
    for (const client of [alice, bob, carol]) assert.equal((await client.call('tools/list')).message.result.tools.length > 5, true);
  });

  test('without a session id: 400; initialize with one is a new session', async () => {
    const without = new RawClient(gateway.port, { path: '/one' });
    assert.equal((await without.call('tools/list')).status, 400);
  });

  test('DELETE ends a session for good, and twice is a 404', async () => {
    const client = new RawClient(gateway.port, { path: '/one' });
    await client.initialize();
    const ended = await client.remove();
    assert.ok([200, 202, 204].includes(ended.status), `status ${ended.status}`);
    assert.equal((await client.call('tools/list')).status, 404);
    assert.equal((await client.remove()).status, 404);
  });

  test('a session ends with its child processes', async () => {
    const before = gateway.children().length;
    const client = new RawClient(gateway.port, { path: '/two' });
    await client.initialize();
    await client.call('tools/list');
    await client.remove();
    const { until } = await import('./lib/gateway.mjs');
    await until(() => gateway.children().length <= before, 'the child of an ended session ends', 8000);
  });
});
