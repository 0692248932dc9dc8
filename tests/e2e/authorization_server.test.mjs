// The gateway in the stead of an authorization server that does not do all that MCP clients expect: `provider` of
// mcpAuthentication, before a server that answers as Keycloak and Entra do.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, runToEnd, start, until, workFolder } from './lib/gateway.mjs';
import { makeKey, sign } from './lib/issuer.mjs';

const json = { 'content-type': 'application/json' };

/** An authorization server that notes what it is asked, and answers what it is told to. */
class Server {
  static async start() {
    const self = Object.assign(new Server(), { asked: [], answers: {} });
    self.server = createServer(async (request, response) => {
      let body = '';
      for await (const piece of request) body += piece;
      const path = request.url.split('?')[0];
      self.asked.push({ method: request.method, url: request.url, headers: request.headers, body });
      const { status = 404, headers = json, text = '{}', delay = 0 } = self.answers[path] ?? {};
      setTimeout(() => response.writeHead(status, { 'set-cookie': 'real=1', ...headers }).end(text), delay);
    });
    self.server.listen(0, '127.0.0.1');
    await once(self.server, 'listening');
    self.url = `http://127.0.0.1:${self.server.address().port}`;
    return self;
  }
  count(path) { return this.asked.filter(({ url }) => url.split('?')[0] === path).length; }
  answer(path, value, more = {}) { this.answers[path] = { status: 200, text: JSON.stringify(value), ...more }; }
  stop() { this.server.closeAllConnections(); this.server.close(); }
}

const route = (path, issuer, provider, more = '') => `
    - matches: [{ path: { exact: ${path} } }]
      policies:
        mcpAuthentication:
          issuer: ${issuer}
          audiences: [the-audience]
          jwks: '{"keys":[]}'
          provider: { ${provider}: {} }${more}
      backends: [{ host: "127.0.0.1:1" }]`;

describe('an adapted authorization server', () => {
  let server, gateway, at;
  const wellKnown = (path) => `${at}/.well-known/oauth-authorization-server${path}`;
  before(async () => {
    server = await Server.start();
    const realm = `${server.url}/realms/mcp`;
    const endpoints = (issuer) => ({ issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`,
      registration_endpoint: `${issuer}/clients-registrations/openid-connect`, authorization_response_iss_parameter_supported: true });
    server.answer('/realms/mcp/.well-known/openid-configuration', endpoints(realm), { delay: 200 });
    server.answer('/realms/broken/.well-known/openid-configuration', ['no object']);
    server.answer('/tenant/v2.0/.well-known/openid-configuration', endpoints(`${server.url}/tenant`));
    server.answer('/realms/mcp/clients-registrations/openid-connect', { client_id: 'new' }, { status: 201 });
    server.answer('/tenant/oauth2/v2.0/token', { access_token: 't' });
    const port = await freePort();
    gateway = await start(`config: { workerThreads: 1 }  # each core fetches for itself
binds:
- port: ${port}
  listeners:
  - routes:${route('/kc/mcp', realm, 'keycloak')}${route('/broken', `${server.url}/realms/broken`, 'keycloak')}${
  route('/gone', `${server.url}/realms/gone`, 'keycloak')}${
  route('/entra/mcp', `${server.url}/tenant/v2.0`, 'entra', '\n          clientId: app\n          clientSecret: the-secret')}
`, { port });
    at = `http://127.0.0.1:${gateway.port}`;
  });
  after(async () => { await gateway?.stop(); server?.stop(); });

  test('the protected resource names the gateway as its authorization server', async () => {
    const document = await (await fetch(`${at}/.well-known/oauth-protected-resource/kc/mcp`)).json();
    assert.equal(document.resource, `${at}/kc/mcp`);
    assert.deepEqual(document.authorization_servers, [`${at}/kc/mcp`]);
  });

  test('whose metadata is fetched once for all who ask, and adapted', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(wellKnown('/kc/mcp'))));
    for (const answer of answers) {
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('access-control-allow-origin'), '*');
      assert.equal(answer.headers.get('set-cookie'), null);
      assert.deepEqual(await answer.json(), {
        issuer: `${at}/kc/mcp`,
        authorization_endpoint: `${server.url}/realms/mcp/auth`,
        token_endpoint: `${server.url}/realms/mcp/token`,
        registration_endpoint: `${wellKnown('/kc/mcp')}/client-registration`,
      });
    }
    assert.equal(server.count('/realms/mcp/.well-known/openid-configuration'), 1);
  });

  test('registrations are passed on, with nothing of the caller but the registration', async () => {
    const body = JSON.stringify({ redirect_uris: ['http://127.0.0.1/cb'], client_name: 'x' });
    const answer = await fetch(`${wellKnown('/kc/mcp')}/client-registration`,
      { method: 'POST', headers: { ...json, authorization: 'Bearer canary', cookie: 'canary=1' }, body });
    assert.equal(answer.status, 201);
    assert.deepEqual(await answer.json(), { client_id: 'new' });
    assert.equal(answer.headers.get('set-cookie'), null);
    const asked = server.asked.find(({ method }) => method === 'POST');
    assert.equal(asked.body, body);
    assert.ok(!JSON.stringify(asked.headers).includes('canary'), JSON.stringify(asked.headers));
  });

  test('what is no registration is refused here', async () => {
    const before = server.asked.length;
    const post = async (body, headers = json) => (await fetch(`${wellKnown('/kc/mcp')}/client-registration`, { method: 'POST', headers, body })).status;
    assert.equal(await post('[]'), 400);
    assert.equal(await post('{"a":1,"a":2}'), 400);
    assert.equal(await post('{}', { 'content-type': 'text/plain' }), 415);
    assert.equal(await post(JSON.stringify({ a: 'x'.repeat(70_000) })), 413);
    assert.equal((await fetch(`${wellKnown('/kc/mcp')}/client-registration`)).status, 405);
    assert.equal((await fetch(`${wellKnown('/kc/mcp')}/token`, { method: 'POST' })).status, 404, 'is Entra\'s only');
    assert.equal(server.asked.length, before);
  });

  test('a server that says nonsense or nothing is a bad gateway, and not asked again at once', async () => {
    for (const path of ['/broken', '/gone']) {
      for (let i = 0; i < 5; ++i) assert.equal((await fetch(wellKnown(path))).status, 502);
    }
    assert.equal(server.count('/realms/gone/.well-known/openid-configuration'), 1);
  });

  test('Entra: the user is sent on without `resource`', async () => {
    const answer = await fetch(`${wellKnown('/entra/mcp')}/authorize?client_id=app&resource=${encodeURIComponent(at)}&state=s`, { redirect: 'manual' });
    assert.equal(answer.status, 302);
    assert.equal(answer.headers.get('location'), `${server.url}/tenant/oauth2/v2.0/authorize?client_id=app&state=s`);
  });

  test('Entra: the secret is added for its own client on behalf of a user only', async () => {
    const post = async (form, headers = {}) => {
      const answer = await fetch(`${wellKnown('/entra/mcp')}/token`, { method: 'POST', body: new URLSearchParams(form), headers });
      assert.equal(answer.status, 200);
      assert.deepEqual(await answer.json(), { access_token: 't' });
      return server.asked.at(-1);
    };
    const code = { grant_type: 'authorization_code', client_id: 'app', code: 'c' };
    assert.equal((await post({ ...code, resource: at })).body, 'grant_type=authorization_code&client_id=app&code=c&client_secret=the-secret');
    assert.doesNotMatch((await post({ ...code, grant_type: 'client_credentials' })).body, /the-secret/);
    assert.doesNotMatch((await post({ ...code, client_id: 'other' })).body, /the-secret/);
    const own = await post(code, { authorization: 'Basic YXBwOm1pbmU=' });
    assert.equal(own.headers.authorization, 'Basic YXBwOm1pbmU=');
    assert.doesNotMatch(own.body, /the-secret/);
  });

  test('Entra: registrations get the one client', async () => {
    const answer = await fetch(`${wellKnown('/entra/mcp')}/client-registration`, { method: 'POST', headers: json, body: '{"redirect_uris":["http://127.0.0.1/cb"]}' });
    assert.equal(answer.status, 201);
    const registered = await answer.json();
    assert.equal(registered.client_id, 'app');
    assert.deepEqual(registered.redirect_uris, ['http://127.0.0.1/cb']);
  });

  test('a page may ask for each of them first', async () => {
    for (const part of ['', '/client-registration', '/token']) {
      const answer = await fetch(wellKnown('/entra/mcp') + part, { method: 'OPTIONS', headers: { origin: 'https://page.example', 'access-control-request-method': 'POST' } });
      assert.equal(answer.status, 204);
      assert.equal(answer.headers.get('access-control-allow-origin'), '*');
      assert.match(answer.headers.get('access-control-allow-headers'), /content-type/);
    }
  });
});

test('keys that are not given are fetched from where the provider has them, also by `token verify`', async () => {
  const server = await Server.start();
  let gateway;
  try {
    const key = makeKey('kc-1');
    const issuer = `${server.url}/realms/mcp`;
    server.answer('/realms/mcp/protocol/openid-connect/certs', { keys: [key.jwk] });
    const folder = workFolder();
    const port = await freePort();
    gateway = await start(`binds:
- port: ${port}
  listeners:
  - routes:
    - policies:
        mcpAuthentication:
          issuer: ${issuer}
          audiences: [the-audience]
          provider: { keycloak: {} }
        directResponse: { status: 200, body: in }
`, { folder, port });
    const now = Math.floor(Date.now() / 1000);
    const token = (changes) => sign({ alg: 'ES256', kid: 'kc-1' }, { iss: issuer, aud: 'the-audience', sub: 'alice', exp: now + 600, ...changes }, key.privateKey);
    const status = async (bearer) => (await fetch(`http://127.0.0.1:${port}/mcp`, { headers: { authorization: `Bearer ${bearer}` } })).status;
    await until(async () => await status(token()) === 200, 'the keys are there');
    assert.equal(await status(token({ aud: 'another' })), 401);

    for (const [bearer, code, said] of [[token(), 0, /: accepted\n[^]*alice/], [token({ exp: now - 600 }), 1, /refused, expired/]]) {
      writeFileSync(join(folder, 'token.txt'), bearer);
      const judged = await runToEnd(['token', 'verify', '-f', 'config.yaml', '--token', 'token.txt'], { folder });
      assert.equal(judged.code, code, judged.output);
      assert.match(judged.stdout, said);
    }
    server.stop();
    const alone = await runToEnd(['token', 'verify', '-f', 'config.yaml', '--token', 'token.txt'], { folder, ms: 20000 });
    assert.equal(alone.code, 1, alone.output);
    assert.match(alone.output, /protocol\/openid-connect\/certs/);
  } finally {
    await gateway?.stop();
    server.stop();
  }
});
