// Opaque tokens: the issuer is asked what they are (RFC 7662), once for each, and nobody passes whom it does not know.
import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { freePort, hostConfig, secret, start, until } from './lib/gateway.mjs';
import { ask, challenge, withToken } from './lib/protected.mjs';
import { RecordingUpstream } from './lib/wire.mjs';

const seconds = () => Math.floor(Date.now() / 1000);
const clientSecret = secret('introspection-client-secret-7f3a');

/** An authorization server that knows the tokens it is told; it counts and keeps what it was asked. */
class AuthorizationServer {
  static async start() {
    const server = new AuthorizationServer();
    Object.assign(server, { port: await freePort(), known: new Map(), asked: [], delay: 0, status: 200, sockets: new Set() });
    await server.comeUp();
    return server;
  }
  get url() { return `http://127.0.0.1:${this.port}/introspect`; }
  /** A new token with these claims; it is active until it is revoked. */
  token(name, claims = {}) {
    const token = secret(`opaque-${name}-0123456789abcdef`);
    this.known.set(token, { active: true, sub: name, scope: 'read', exp: seconds() + 600, ...claims });
    return token;
  }
  asks(token) { return this.asked.filter((one) => one.form.get('token') === token).length; }
  async comeUp() {
    this.server = createServer((request, response) => {
      let body = '';
      request.on('data', (part) => { body += part; }).on('end', () => {
        const form = new URLSearchParams(body);
        this.asked.push({ form, headers: request.headers, method: request.method });
        const answer = () => response.writeHead(this.status, { 'content-type': 'application/json' })
          .end(this.body ?? JSON.stringify(this.known.get(form.get('token')) ?? { active: false }));
        setTimeout(answer, this.delay);
      });
    });
    this.server.on('connection', (socket) => { this.sockets.add(socket); socket.on('close', () => this.sockets.delete(socket)); });
    await new Promise((done, fail) => this.server.once('error', fail).listen(this.port, '127.0.0.1', done));
  }
  async stop() {
    const closed = new Promise((done) => this.server.close(done));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

async function withGateway(settings, use) {
  const issuer = await AuthorizationServer.start();
  const upstream = await new RecordingUpstream().start();
  let gateway;
  try {
    const port = await freePort();
    const policies = `
tokenIntrospection:
  url: "${issuer.url}"
  clientId: gateway
  clientSecret: ${clientSecret}${settings}
requestHeaderModifier:
  set: { x-seen: "yes" }`;
    gateway = await start(hostConfig(port, upstream.port, policies), { port });
    const send = (token) => ask(port, 'GET', { path: '/x', fields: token === undefined ? [] : withToken(token) });
    await use({ issuer, upstream, gateway, port, send, status: async (token) => (await send(token)).status });
    await gateway.stop();
    gateway = undefined;
  } finally {
    gateway?.process.kill('SIGKILL');
    upstream.stop();
    await issuer.stop();
  }
}

describe('token introspection', { concurrency: 3 }, () => {
  test('an active token is served, asked about once, and not passed on', async () => {
    await withGateway('', async ({ issuer, upstream, status }) => {
      const token = issuer.token('alice');
      for (let i = 0; i < 20; i++) assert.equal(await status(token), 200);
      // Each of the gateway's threads remembers for itself.
      assert.ok(issuer.asks(token) >= 1 && issuer.asks(token) <= 8, `${issuer.asks(token)}`);
      const [{ method, headers, form }] = issuer.asked;
      assert.equal(method, 'POST');
      assert.equal(headers.authorization, `Basic ${Buffer.from(`gateway:${clientSecret}`).toString('base64')}`);
      assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
      assert.deepEqual([...form.keys()], ['token', 'token_type_hint']);
      const reached = JSON.stringify(upstream.take().map((one) => one.toString()));
      assert.ok(!reached.includes(token));
    });
  });

  test('the secret goes in the form where that is configured', async () => {
    await withGateway('\n  clientAuth: post', async ({ issuer, status }) => {
      assert.equal(await status(issuer.token('alice')), 200);
      const [{ headers, form }] = issuer.asked;
      assert.equal(headers.authorization, undefined);
      assert.equal(form.get('client_id'), 'gateway');
      assert.equal(form.get('client_secret'), clientSecret);
    });
  });

  test('what the issuer does not know, or no longer, is 401', async () => {
    await withGateway('\n  audiences: [gateway]\n  cache: { ttl: 1s }', async ({ issuer, upstream, send, status }) => {
      const answer = await send(secret('opaque-nobody-knows-this-one'));
      assert.equal(answer.status, 401);
      assert.equal(challenge(answer).error, 'invalid_token');
      assert.equal(await status(undefined), 401);
      assert.equal(await status(issuer.token('late', { aud: 'gateway', exp: seconds() - 1 })), 401);
      assert.equal(await status(issuer.token('elsewhere', { aud: 'another' })), 401);
      assert.equal(await status(issuer.token('bound', { aud: 'gateway', cnf: { jkt: 'x' } })), 401);
      assert.deepEqual(upstream.take(), []);
      const token = issuer.token('alice', { aud: ['gateway'] });
      assert.equal(await status(token), 200);
      issuer.known.delete(token);
      await until(async () => (await status(token)) === 401, 'a revoked token counts no longer than it is remembered');
    });
  });

  test('a token is not remembered beyond its expiry', async () => {
    await withGateway('', async ({ issuer, status }) => {
      const token = issuer.token('alice', { exp: seconds() + 3 });
      assert.equal(await status(token), 200);
      await until(async () => (await status(token)) === 401, 'it expires');
    });
  });

  test('a scope that is missing is 403, and says which', async () => {
    await withGateway('\n  requiredScopes: [read, write]', async ({ issuer, send, status }) => {
      assert.equal(await status(issuer.token('writer', { scope: 'write read' })), 200);
      const answer = await send(issuer.token('reader'));
      assert.equal(answer.status, 403);
      assert.equal(challenge(answer).error, 'insufficient_scope');
      assert.equal(challenge(answer).scope, 'read write');
    });
  });

  test('many at once with one token are one question for each thread', async () => {
    await withGateway('', async ({ issuer, status }) => {
      issuer.delay = 300;
      const token = issuer.token('alice');
      const all = await Promise.all(Array.from({ length: 40 }, () => status(token)));
      assert.deepEqual([...new Set(all)], [200]);
      assert.ok(issuer.asks(token) <= 8, `${issuer.asks(token)} questions`);
    });
  });

  test('an issuer that is down, wrong or refuses the gateway: 503, nothing passes, and nothing of it is remembered', async () => {
    await withGateway('', async ({ issuer, upstream, send, status }) => {
      const token = issuer.token('alice');
      for (const trouble of [{ status: 500 }, { status: 401 }, { body: '<html>' }, { body: '{"active":"true"}' }, { body: '[]' }]) {
        Object.assign(issuer, { status: 200, body: undefined }, trouble);
        const answer = await send(token);
        assert.equal(answer.status, 503, JSON.stringify(trouble));
        assert.equal(answer.headers['retry-after'], '5');
      }
      Object.assign(issuer, { status: 200, body: undefined });
      await issuer.stop();
      assert.equal(await status(token), 503);
      assert.deepEqual(upstream.take(), []);
      await issuer.comeUp();
      assert.equal(await status(token), 200);
    });
  });

  test('the modes: without a token in optional mode, with a bad one in permissive mode', async () => {
    await withGateway('\n  mode: optional', async ({ issuer, status }) => {
      assert.equal(await status(undefined), 200);
      assert.equal(await status(secret('opaque-unknown-in-optional')), 401);
      assert.equal(await status(issuer.token('alice')), 200);
    });
    await withGateway('\n  mode: permissive', async ({ issuer, upstream, status }) => {
      const bad = secret('opaque-unknown-in-permissive');
      assert.equal(await status(bad), 200);
      assert.ok(!JSON.stringify(upstream.take().map((one) => one.toString())).includes(bad));
      issuer.status = 500;
      assert.equal(await status(issuer.token('alice')), 503, 'nobody knows whether it is bad');
    });
  });

  test('rules see what the issuer says', async () => {
    await withGateway('\nauthorization:\n  rules:\n  - \'jwt.sub == "alice" && jwt.department == "it"\'', async ({ issuer, status }) => {
      assert.equal(await status(issuer.token('alice', { department: 'it' })), 200);
      assert.equal(await status(issuer.token('bob', { department: 'it' })), 403);
    });
  });
});
