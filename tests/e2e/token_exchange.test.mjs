// What a backend gets for a caller's token: another one, from an authorization server (RFC 8693, RFC 7523). One question for
// many calls, no token for the wrong caller, and never the caller's own.
import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { freePort, hostConfig, patience, secret, start, until } from './lib/gateway.mjs';
import { connect, callText, failure } from './lib/mcp.mjs';
import { ask, withToken } from './lib/protected.mjs';
import { Issuer } from './lib/issuer.mjs';
import { machine, OidcProvider } from './lib/oidc.mjs';
import { remoteConfig, serveFixture } from './lib/remote.mjs';
import { RecordingUpstream } from './lib/wire.mjs';

const accessToken = 'urn:ietf:params:oauth:token-type:access_token';
const clientSecret = secret('exchange-client-secret-91c3');

/** A token endpoint: it gives `new-<digest of the subject's token>-<count>`, and keeps what it was asked. */
class TokenEndpoint {
  static async start() {
    const self = Object.assign(new TokenEndpoint(), { port: await freePort(), asked: [], sockets: new Set() });
    self.behave();
    await self.comeUp();
    return self;
  }
  /** What it says from now on: { status, body, text, delay, lifetime, redirect, hang }. */
  behave(behaviour = {}) { this.behaviour = behaviour; }
  static given(subject, count) { return secret(`new-${createHash('sha256').update(subject).digest('hex').slice(0, 12)}-${count}`); }
  async comeUp() {
    this.server = createServer((request, response) => {
      let body = '';
      request.on('data', (part) => { body += part; }).on('end', () => {
        const form = new URLSearchParams(body);
        const subject = form.get('subject_token') ?? form.get('assertion') ?? form.get('token');
        this.asked.push({ form, subject, headers: request.headers, method: request.method, url: request.url });
        const { status = 200, body: fields = {}, text, delay = 0, lifetime = 600, redirect, hang } = this.behaviour;
        if (hang) return;
        if (redirect) { response.writeHead(307, { location: redirect }).end(); return; }
        const good = { access_token: TokenEndpoint.given(subject, this.asked.length), token_type: 'Bearer', expires_in: lifetime, issued_token_type: accessToken };
        setTimeout(() => response.writeHead(status, { 'content-type': 'application/json' }).end(text ?? JSON.stringify({ ...good, ...fields })), delay);
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

const policies = (issuer, server, more = '') => `
jwtAuth:
  issuer: ${issuer.name}
  audiences: [test.agentgateway.dev]
  jwks: '${issuer.jwks}'
backendAuth:
  oauthTokenExchange:
    host: 127.0.0.1:${server.port}
    path: /token
    clientAuth: { clientId: gateway, clientSecret: ${clientSecret} }${more}`;

async function withGateway(more, use, text = policies) {
  const [issuer, server, upstream] = [await Issuer.start(), await TokenEndpoint.start(), await new RecordingUpstream().start()];
  let gateway;
  try {
    const port = await freePort();
    gateway = await start(hostConfig(port, upstream.port, text(issuer, server, more)), { port });
    const send = (token, fields = []) => ask(port, 'GET', { path: '/x', fields: [...(token ? withToken(token) : []), ...fields], ms: 15000 });
    /** The credentials that the backend got since the last call. */
    const got = () => upstream.take().map((one) => one.toString().match(/^authorization: (.*?)\r?$/im)?.[1]);
    await use({ issuer, server, upstream, gateway, send, got, status: async (token, fields) => (await send(token, fields)).status });
    await gateway.stop();
    gateway = undefined;
  } finally {
    gateway?.process.kill('SIGKILL');
    upstream.stop();
    await server.stop();
    await issuer.stop();
  }
}

describe('tokens that are exchanged', { concurrency: 2 }, () => {
  test('a backend gets the new token, the caller\'s is not passed on, and one question serves many requests', async () => {
    await withGateway(`
    audiences: [backend]
    resources: ["https://backend.test/"]
    scopes: [read, write]
    requestedTokenType: ${accessToken}
    additionalParams: { tenant: 'jwt.iss', kind: '"a&b"' }`, async ({ issuer, server, send, got }) => {
      const token = secret(issuer.token());
      for (let i = 0; i < 20; i++) assert.equal((await send(token)).status, 200);
      const [{ form, headers, method, url }] = server.asked;
      assert.deepEqual([method, url], ['POST', '/token']);
      assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
      assert.equal(headers.authorization, `Basic ${Buffer.from(`gateway:${clientSecret}`).toString('base64')}`);
      assert.deepEqual(Object.fromEntries(form), {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: token, subject_token_type: accessToken, requested_token_type: accessToken,
        audience: 'backend', scope: 'read write', resource: 'https://backend.test/', kind: 'a&b', tenant: issuer.name });
      assert.equal(server.asked.length, 1, 'asked once, whatever thread serves');
      assert.deepEqual(new Set(got()), new Set([`Bearer ${TokenEndpoint.given(token, 1)}`]));
    });
  });

  test('two callers never get each other\'s token, also at the same time', async () => {
    await withGateway('', async ({ issuer, server, upstream, status }) => {
      server.behave({ delay: 50 * patience });
      const tokens = Array.from({ length: 8 }, (_, i) => secret(issuer.token({ sub: `user-${i}` })));
      const requests = tokens.flatMap((token, i) => Array.from({ length: 5 }, () => status(token, [['x-mark', String(i)]])));
      assert.deepEqual(new Set(await Promise.all(requests)), new Set([200]));
      const reached = upstream.take().map((one) => one.toString());
      assert.equal(reached.length, 40);
      for (const text of reached) {
        const user = tokens[Number(text.match(/x-mark: (\d)/i)?.[1] ?? assert.fail(text))];
        assert.match(text, new RegExp(`authorization: Bearer ${TokenEndpoint.given(user, 0).slice(0, -1)}\\d+\r?\n`, 'i'));
        for (const token of tokens) assert.ok(!text.includes(token));
      }
    });
  });

  test('a new token is asked for before the old one is over', async () => {
    await withGateway('', async ({ issuer, server, send, got }) => {
      server.behave({ lifetime: 3 });
      const token = secret(issuer.token());
      await send(token);
      await until(async () => { await send(token); return server.asked.length >= 2; }, 'it is asked for again', 10000);
      const seen = got();
      assert.equal(seen[0], `Bearer ${TokenEndpoint.given(token, 1)}`);
      assert.equal(seen.at(-1), `Bearer ${TokenEndpoint.given(token, 2)}`);
    });
  });

  test('no answer, a bad one, a late one: the backend hears nothing', async () => {
    await withGateway('', async ({ issuer, server, upstream, gateway, send }) => {
      let number = 0;
      const refused = async (status, behaviour, what) => {
        server.behave(behaviour);
        const answer = await send(secret(issuer.token({ sub: `caller-${++number}` })));
        assert.equal(answer.status, status, what);
        for (const word of ['invalid_', 'issuer', 'token_type', String(server.port)]) assert.ok(!answer.body.includes(word), answer.body);
      };
      await refused(403, { status: 400, text: '{"error":"invalid_grant","error_description":"detail-of-the-server"}' }, 'invalid_grant');
      await refused(403, { status: 400, text: '{"error":"invalid_target"}' }, 'invalid_target');
      await refused(502, { status: 401, text: '{"error":"invalid_client"}' }, 'invalid_client');
      await refused(502, { status: 500 }, '500');
      await refused(503, { status: 503 }, '503');
      await refused(502, { text: '<html>' }, 'no JSON');
      await refused(502, { body: { token_type: 'DPoP' } }, 'not a bearer token');
      await refused(502, { body: { token_type: undefined } }, 'no type');
      await refused(502, { body: { issued_token_type: undefined } }, 'no issued type');
      await refused(502, { body: { issued_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' } }, 'another type');
      await refused(502, { body: { expires_in: 'soon' } }, 'no time');
      await refused(502, { body: { expires_in: 0 } }, 'over');
      await refused(502, { body: { access_token: 'a\r\nb: c' } }, 'a header of its own');
      await refused(502, { body: { padding: 'x'.repeat(100000) } }, 'too large');
      await refused(502, { redirect: `http://127.0.0.1:${upstream.port}/` }, 'a redirect');
      await refused(504, { hang: true }, 'silence');
      await server.stop();
      await refused(503, {}, 'nobody there');
      assert.deepEqual(upstream.take(), []);
      await server.comeUp();
      server.behave();
      assert.equal((await send(secret(issuer.token({ sub: 'later' })))).status, 200, 'it comes back');
      await until(() => gateway.hasLine(/400 invalid_grant/), 'the log knows why');
      assert.ok(!gateway.output.includes('detail-of-the-server'));
    });
  });

  test('a refusal is not asked about again at once, and is forgotten', async () => {
    await withGateway('', async ({ issuer, server, status }) => {
      server.behave({ status: 500 });
      const token = secret(issuer.token());
      const times = [];
      for (let i = 0; i < 5; i++) assert.equal(await status(token), 502);
      times.push(server.asked.length);
      assert.ok(times[0] <= 2, `${times[0]}`);
      server.behave();
      await until(async () => await status(token) === 200, 'it is asked again', 8000);
    });
  });

  test('who has no token, or a bad one, has none to exchange', async () => {
    const optional = (...rest) => policies(...rest).replace('jwtAuth:', 'jwtAuth:\n  mode: permissive');
    await withGateway('', async ({ server, upstream, status, issuer }) => {
      assert.equal(await status(), 403);
      assert.equal(await status(issuer.token({ exp: 1 })), 403);
      assert.equal(await status(undefined, [['authorization', 'Basic YTpi']]), 403);
      assert.deepEqual([server.asked, upstream.take()], [[], []]);
    }, optional);
  });

  test('a token and an actor\'s from elsewhere in the request: exchanged, and kept from the backend', async () => {
    await withGateway(`
    subjectToken: { source: { header: { name: x-user-token } }, tokenType: "urn:ietf:params:oauth:token-type:id_token" }
    actorToken: { source: { expression: 'request.headers["x-actor"]' }, tokenType: "urn:ietf:params:oauth:token-type:jwt" }
    authorizationLocation: { header: { name: X-Backend-Token } }`, async ({ issuer, server, upstream, status }) => {
      const [token, subject, actor] = [secret(issuer.token()), secret('id-token-of-a-user'), secret('token-of-an-actor')];
      assert.equal(await status(token, [['x-user-token', subject], ['x-actor', actor]]), 200);
      const [{ form }] = server.asked;
      assert.deepEqual(['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type'].map((name) => form.get(name)),
        [subject, 'urn:ietf:params:oauth:token-type:id_token', actor, 'urn:ietf:params:oauth:token-type:jwt']);
      const [reached] = upstream.take().map((one) => one.toString());
      assert.match(reached, new RegExp(`x-backend-token: ${TokenEndpoint.given(subject, 1)}`, 'i'));
      for (const text of [token, subject, actor]) assert.ok(!reached.includes(text));
      assert.equal(await status(token), 403, 'neither');
      assert.equal(await status(token, [['x-user-token', subject]]), 403, 'no actor');
      assert.equal(await status(token, [['x-user-token', subject], ['x-user-token', 'b'], ['x-actor', actor]]), 403, 'two');
      assert.deepEqual(upstream.take(), []);
    });
  });

  test('a token that its issuer was asked about is exchanged like any other', async () => {
    const text = (issuer, server) => policies(issuer, server).replace(/jwtAuth:[^]*?backendAuth:/, `tokenIntrospection: { url: "http://127.0.0.1:${server.port}/introspect" }\nbackendAuth:`);
    await withGateway('', async ({ server, upstream, status }) => {
      server.behave({ body: { active: true, sub: 'alice' } });
      const token = secret('opaque-token-of-alice-5f1c');
      for (let i = 0; i < 3; i++) assert.equal(await status(token), 200);
      const exchanged = server.asked.filter(({ url }) => url === '/token');
      assert.deepEqual(exchanged.map(({ form }) => form.get('subject_token')), [token]);
      const [first] = upstream.take().map((one) => one.toString());
      assert.ok(first.includes(`Bearer ${TokenEndpoint.given(token, 0).slice(0, -1)}`) && !first.includes(token));
    }, text);
  });

  test('the JWT bearer grant, with an assertion by which the gateway says who it is', async () => {
    const client = await Issuer.start({ name: 'gateway', audience: 'https://idp.test' });
    const { kid, privateKey } = client.key;
    const text = (issuer, server) => policies(issuer, server).replace(/clientAuth: .*/, `grantType: jwtBearer
    clientAuth:
      clientId: gateway
      method: privateKeyJwt
      kid: ${kid}
      assertionAudience: https://idp.test
      signingKey: ${JSON.stringify(privateKey.export({ type: 'pkcs8', format: 'pem' }))}
    scopes: [api]`);
    await withGateway('', async ({ issuer, server, status, got }) => {
      server.behave({ body: { issued_token_type: undefined } });
      const token = secret(issuer.token());
      assert.equal(await status(token), 200);
      const [{ form, headers }] = server.asked;
      assert.equal(headers.authorization, undefined);
      assert.deepEqual([...form.keys()], ['grant_type', 'assertion', 'scope', 'client_id', 'client_assertion_type', 'client_assertion']);
      assert.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer');
      assert.equal(form.get('assertion'), token);
      const [, payload] = form.get('client_assertion').split('.').map((part) => Buffer.from(part, 'base64url'));
      const claims = JSON.parse(payload);
      assert.deepEqual([claims.iss, claims.sub, claims.aud], ['gateway', 'gateway', 'https://idp.test']);
      assert.ok(claims.exp - claims.iat <= 120 && claims.jti.length >= 16);
      assert.deepEqual(got(), [`Bearer ${TokenEndpoint.given(token, 1)}`]);
    }, text);
    await client.stop();
  });

  /** An MCP server over HTTP behind the exchange: `{ port, gateway, issuer, server }`. */
  const withServer = (work) => async () => {
    const [issuer, server, remote] = [await Issuer.start(), await TokenEndpoint.start(), await serveFixture()];
    let gateway;
    try {
      const port = await freePort();
      gateway = await start(remoteConfig(port, remote.url, policies(issuer, server)), { port });
      await work({ port, gateway, issuer, server });
      await gateway.stop();
      gateway = undefined;
    } finally {
      gateway?.process.kill('SIGKILL');
      await remote.kill();
      await server.stop();
      await issuer.stop();
    }
  };

  test('an MCP server: one question for a session with many calls, a new one when the token is nearly over', withServer(async ({ gateway, issuer, server }) => {
    const token = secret(issuer.token());
    const client = await connect(gateway.url(), { token });
    const shown = async () => JSON.parse(await callText(client, 'headers')).authorization;
    for (let i = 0; i < 5; i++) assert.equal(await shown(), `Bearer ${TokenEndpoint.given(token, 1)}`);
    assert.equal(server.asked.length, 1);
    const other = secret(issuer.token({ sub: 'bob' }));
    const bob = await connect(gateway.url(), { token: other });
    assert.equal(JSON.parse(await callText(bob, 'headers')).authorization, `Bearer ${TokenEndpoint.given(other, 2)}`);
    assert.equal(await shown(), `Bearer ${TokenEndpoint.given(token, 1)}`);
    server.behave({ status: 400, text: '{"error":"invalid_grant"}' });
    const error = await failure(connect(gateway.url(), { token: secret(issuer.token({ sub: 'eve' })) }));
    assert.match(String(error), /not allowed/);
    await client.close();
    await bob.close();
  }));

  test('a session ends also while no token can be had for its server', withServer(async ({ port, gateway, issuer, server }) => {
    server.behave({ lifetime: 1 });
    const token = secret(issuer.token());
    const client = await connect(gateway.url(), { token });
    const fields = [...withToken(token), ['mcp-session-id', client.transport.sessionId], ['accept', 'application/json, text/event-stream']];
    const ping = async () => (await ask(port, 'POST', { path: '/mcp', fields: [...fields, ['content-type', 'application/json']],
      body: JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'ping' }) }));
    server.behave({ status: 500 });
    await until(async () => JSON.parse((await ping()).body).error, 'the token that was exchanged is over');
    assert.equal((await ask(port, 'DELETE', { path: '/mcp', fields })).status, 202);
    assert.equal((await ping()).status, 404);
    await client.close();
  }));

  test('a real identity provider: its token for the backend, signed by it, on behalf of the caller', async () => {
    const provider = await OidcProvider.start();
    const upstream = await new RecordingUpstream().start();
    let gateway;
    try {
      const port = await freePort();
      const [resource, backend] = [`http://127.0.0.1:${port}/mcp`, `http://127.0.0.1:${upstream.port}/`];
      gateway = await start(hostConfig(port, upstream.port, `
jwtAuth:
  issuer: ${provider.url}
  audiences: ["${resource}"]
  jwks: '${await (await fetch(provider.jwksUrl)).text()}'
backendAuth:
  oauthTokenExchange:
    host: ${provider.url}
    path: /token
    resources: ["${backend}"]
    scopes: ["tools:read"]
    clientAuth: { clientId: ${machine.clientId}, clientSecret: ${machine.clientSecret} }`), { port });
      const token = await provider.token(resource);
      const asked = provider.count('/token');
      for (let i = 0; i < 5; i++) assert.equal((await ask(port, 'GET', { path: '/x', fields: withToken(token), ms: 15000 })).status, 200);
      assert.equal(provider.count('/token'), asked + 1);
      const reached = upstream.take().map((one) => one.toString());
      const given = reached[0].match(/authorization: Bearer (\S+)/i)[1];
      const claims = JSON.parse(Buffer.from(given.split('.')[1], 'base64url'));
      assert.deepEqual([claims.iss, claims.aud, claims.scope, claims.on_behalf_of], [provider.url, backend, 'tools:read', machine.clientId]);
      for (const text of reached) assert.ok(text.includes(given) && !text.includes(token));
      await gateway.stop();
      gateway = undefined;
    } finally {
      gateway?.process.kill('SIGKILL');
      upstream.stop();
      await provider.stop();
    }
  });
});
