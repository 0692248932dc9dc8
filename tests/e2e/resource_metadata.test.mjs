// How a client that was refused finds out by itself where to get a token, and for what: protected resource metadata
// (RFC 9728), challenges (RFC 6750), and 403 with the scopes that are missing.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixture, freePort, indent, mcpConfig, start, workFolder } from './lib/gateway.mjs';
import { Issuer } from './lib/issuer.mjs';
import { messages } from './lib/mcp.mjs';
import { raw, request } from './lib/http.mjs';
import { ask, challenge, eras, methods, openSession, stateless, withToken } from './lib/protected.mjs';

const wellKnown = '/.well-known/oauth-protected-resource';
const getJson = async (port, path, headers = {}) => {
  const answer = await request(port, 'GET', path, { headers });
  assert.equal(answer.status, 200, `${path}: ${answer.status} ${answer.body}`);
  assert.match(answer.headers['content-type'], /^application\/json/);
  return JSON.parse(answer.body);
};

/** A gateway with mcpAuthentication, and the issuer that it trusts. */
class Stage {
  async start({ settings = () => '', config = mcpConfig, policies = '', audience } = {}) {
    this.port = await freePort();
    this.url = `http://127.0.0.1:${this.port}/mcp`;
    this.issuer = await Issuer.start({ name: 'https://issuer.test', audience: audience ?? this.url });
    const folder = workFolder();
    writeFileSync(join(folder, 'keys.json'), this.issuer.jwks);
    this.gateway = await start(config(this.port, { args: [fixture], policies: this.policy(settings(this)) + policies }), { folder, port: this.port });
    return this;
  }
  policy(settings) {
    return `
mcpAuthentication:
  issuer: ${this.issuer.name}
  audiences: ["${this.issuer.audience}"]
  jwks: { file: ./keys.json }
${indent(settings, 2)}`;
  }
  async stop() { try { await this.gateway?.stop(); } finally { await this.issuer?.stop(); } }
}

describe('metadata and challenges, the address configured', () => {
  let stage, port, url;
  before(async () => {
    stage = await new Stage().start({ settings: ({ url: resource }) => `
resourceMetadata:
  resource: ${resource}
  scopesSupported: [tools:read, tools:write, offline_access]
  resourceName: A server of tools
  bearerMethodsSupported: [header, body, query]
requiredScopes: [tools:read]`, policies: `
authorization:
  rules: ['jwt.sub == "alice"']` });
    ({ port, url } = stage);
  });
  after(() => stage.stop());

  for (const path of [`${wellKnown}/mcp`, wellKnown]) {
    test(`${path}: open to all, JSON, names the resource, its issuer and its scopes`, async () => {
      const document = await getJson(port, path);
      assert.equal(document.resource, url);
      assert.deepEqual(document.authorization_servers, [stage.issuer.name]);
      assert.deepEqual(document.bearer_methods_supported, ['header']);
      assert.deepEqual(document.scopes_supported, ['tools:read', 'tools:write']);
      assert.equal(document.resource_name, 'A server of tools');
      assert.ok(!JSON.stringify(document).includes('offline_access'));
    });
    test(`${path}: a page of any origin may read it, before and without a token`, async () => {
      const page = { origin: 'https://app.test' };
      assert.equal((await request(port, 'GET', path, { headers: page })).headers['access-control-allow-origin'], '*');
      const preflight = await request(port, 'OPTIONS', path, { headers: { ...page, 'access-control-request-method': 'GET', 'access-control-request-headers': 'mcp-protocol-version' } });
      assert.ok([200, 204].includes(preflight.status));
      assert.equal(preflight.headers['access-control-allow-origin'], '*');
      assert.match(preflight.headers['access-control-allow-headers'], /mcp-protocol-version/i);
    });
    test(`${path}: no token is looked at there, not even a bad one; other methods are 405`, async () => {
      assert.equal((await getJson(port, path, { authorization: 'Bearer garbage' })).resource, url);
      assert.equal((await request(port, 'POST', path, { body: '{}' })).status, 405);
      assert.equal((await request(port, 'DELETE', path)).status, 405);
    });
  }

  test('the resource is what is configured, whatever Host and X-Forwarded fields say', async () => {
    for (const headers of [{ host: 'evil.test' }, { 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'https' }, { forwarded: 'host=evil.test;proto=https' }]) {
      const answer = await request(port, 'GET', `${wellKnown}/mcp`, { headers });
      assert.ok(!JSON.stringify(answer).includes('evil.test'));
      if (answer.status === 200) assert.equal(JSON.parse(answer.body).resource, url);
      const refused = await ask(port, 'POST', { fields: Object.entries(headers) });
      assert.ok(!JSON.stringify(refused).includes('evil.test'));
    }
  });

  test('no token: 401 with the address of the metadata and the scopes, and no error', async () => {
    for (const version of eras) {
      for (const method of methods) {
        const answer = await ask(port, method, { session: version === stateless ? undefined : 'none', version });
        assert.equal(answer.status, 401);
        const said = challenge(answer);
        assert.equal(said.resource_metadata, `http://127.0.0.1:${port}${wellKnown}/mcp`);
        assert.equal(said.scope, 'tools:read');
        assert.equal(said.error, undefined);
        assert.equal((await getJson(port, new URL(said.resource_metadata).pathname)).resource, url);
      }
    }
  });

  test('a bad token: the same, and error="invalid_token"', async () => {
    for (const method of methods) {
      const said = challenge(await ask(port, method, { fields: withToken(stage.issuer.token({ aud: 'https://other.test' })) }));
      assert.equal(said.error, 'invalid_token');
      assert.equal(said.resource_metadata, `http://127.0.0.1:${port}${wellKnown}/mcp`);
    }
  });

  test('a good token without the scope: 403 insufficient_scope, with each method; with it: served', async () => {
    const good = stage.issuer.token({ scope: 'openid tools:read' });
    for (const version of eras) {
      const client = await openSession(port, good, version);
      for (const scope of [undefined, '', 'tools:write', 'tools:reader', 'TOOLS:READ', 'tools:read2 xtools:read', ['tools']]) {
        for (const method of methods) {
          const answer = await ask(port, method, { session: client.session, version, fields: withToken(stage.issuer.token({ scope })) });
          assert.equal(answer.status, 403, `${method} with scope ${scope}`);
          const said = challenge(answer);
          assert.equal(said.error, 'insufficient_scope');
          assert.equal(said.scope, 'tools:read');
          assert.equal(said.resource_metadata, `http://127.0.0.1:${port}${wellKnown}/mcp`);
        }
      }
      assert.equal((await client.call('tools/list')).status, 200, 'the session is unharmed');
      if (version !== stateless) assert.equal((await client.remove()).status < 300, true);
    }
  });

  test('an expired token without the scope is expired first: 401', async () => {
    const token = stage.issuer.token({ exp: Math.floor(Date.now() / 1000) - 300, scope: 'tools:write' });
    assert.equal((await ask(port, 'POST', { fields: withToken(token) })).status, 401);
  });

  test('an evil Origin with a good token: 403, but the metadata can be read', async () => {
    for (const method of methods)
      assert.equal((await ask(port, method, { fields: [...withToken(stage.issuer.token({ scope: 'tools:read' })), ['origin', 'https://evil.test']] })).status, 403);
    await getJson(port, `${wellKnown}/mcp`, { origin: 'https://evil.test' });
  });
});

describe('tools that need scopes', () => {
  let stage, port;
  before(async () => {
    stage = await new Stage().start({ settings: ({ url }) => `
resourceMetadata: { resource: ${url} }
requiredScopes: [mcp]
toolScopes:
  add: [tools:write, tools:math]
  echo: [mcp]`, policies: `
mcpAuthorization:
  rules:
  - 'mcp.tool.name in ["echo", "add", "raw"]'` });
    ({ port } = stage);
  });
  after(() => stage.stop());
  const add = { name: 'add', arguments: { a: 1, b: 2 } };

  test('the metadata says all of them, once', async () => {
    assert.deepEqual((await getJson(port, wellKnown)).scopes_supported.sort(), ['mcp', 'tools:math', 'tools:write']);
  });

  for (const version of eras) {
    test(`a call without them: 403 with all that are needed at once, ${version}`, async () => {
      const { issuer } = stage;
      const client = await openSession(port, issuer.token({ scope: 'mcp' }), version);
      for (const scope of ['mcp', 'mcp tools:write', 'mcp tools:math']) {
        const answer = await ask(port, 'POST', { session: client.session, version, fields: withToken(issuer.token({ scope })), body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: add }) });
        assert.equal(answer.status, 403, scope);
        const said = challenge(answer);
        assert.equal(said.error, 'insufficient_scope');
        assert.deepEqual(said.scope.split(' ').sort(), ['mcp', 'tools:math', 'tools:write']);
        assert.equal(said.resource_metadata, `http://127.0.0.1:${port}${wellKnown}/mcp`);
      }
      assert.match((await client.tool('echo', { message: 'm' })).message.result.content[0].text, /m/);
      const enough = await ask(port, 'POST', { session: client.session, version, fields: withToken(issuer.token({ scope: 'tools:math mcp tools:write' })), body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: add }) });
      assert.equal(enough.status, 200);
      assert.match(messages(enough).at(-1).result.content[0].text, /3/);
    });

    test(`a tool that the rules deny is unknown, scopes or not, ${version}`, async () => {
      const client = await openSession(port, stage.issuer.token({ scope: 'mcp' }), version);
      const { status, message } = await client.tool('printEnv');
      assert.equal(status, 200);
      assert.deepEqual(message.error, { code: -32602, message: 'Unknown tool: printEnv' });
    });
  }

  test('scopes as some issuers write them: a list in scp', async () => {
    const client = await openSession(port, stage.issuer.token({ scp: ['mcp', 'tools:math', 'tools:write'] }));
    assert.match((await client.tool('add', add.arguments)).message.result.content[0].text, /3/);
  });
});

describe('the address not configured', () => {
  let stage, port;
  before(async () => {
    stage = await new Stage().start({ settings: () => 'allowedHosts: ["mcp.example.test"]' });
    ({ port } = stage);
  });
  after(() => stage.stop());

  test('it is what a client of this machine used, with each of its paths', async () => {
    for (const path of ['/mcp', '/other/path', '']) {
      const document = await getJson(port, wellKnown + path);
      assert.equal(document.resource, `http://127.0.0.1:${port}${path}`);
      assert.deepEqual(document.authorization_servers, [stage.issuer.name]);
    }
    assert.equal((await getJson(port, `${wellKnown}/mcp`, { host: `localhost:${port}` })).resource, `http://localhost:${port}/mcp`);
    assert.equal(challenge(await ask(port, 'POST')).resource_metadata, `http://127.0.0.1:${port}${wellKnown}/mcp`);
  });

  test('or a host of the allow list', async () => {
    assert.equal((await getJson(port, `${wellKnown}/mcp`, { host: 'mcp.example.test' })).resource, 'http://mcp.example.test/mcp');
  });

  test('and never any other name that somebody sends', async () => {
    for (const host of ['evil.test', 'mcp.example.test.evil.test', 'evil.test:80', 'MCP.example.test.', `127.0.0.1.evil.test:${port}`]) {
      const answer = await request(port, 'GET', `${wellKnown}/mcp`, { headers: { host } });
      assert.ok(!JSON.stringify(answer).toLowerCase().includes('evil'), answer.body);
      assert.ok([400, 403, 404, 421].includes(answer.status), `${host}: ${answer.status}`);
      const refused = await ask(port, 'POST', { fields: [['host', host]] });
      assert.ok([401, 403, 404, 421].includes(refused.status));
      assert.ok(!JSON.stringify(refused).toLowerCase().includes('evil'));
    }
    for (const field of [['x-forwarded-host', 'evil.test'], ['x-forwarded-proto', 'https'], ['forwarded', 'host=evil.test;proto=https']]) {
      const document = await getJson(port, `${wellKnown}/mcp`, Object.fromEntries([field]));
      assert.equal(document.resource, `http://127.0.0.1:${port}/mcp`);
    }
    const absolute = await raw(port, `GET http://evil.test${wellKnown}/mcp HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
    assert.ok(!absolute.includes('evil'), absolute);
  });

  test('paths that are none stay harmless', async () => {
    for (const path of ['/mcp%22,%22x', '/%0d%0aX-Injected:%201', '/mcp?x="y"', '/a%2f..%2fb', '/' + 'x'.repeat(5000)]) {
      const answer = await request(port, 'GET', wellKnown + path);
      assert.equal(answer.headers['x-injected'], undefined);
      if (answer.status === 200) assert.equal(typeof JSON.parse(answer.body).resource, 'string');
      else assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`);
      challenge(await ask(port, 'POST', { path: path.slice(0, 200) }).then((one) => (one.status === 401 ? one : { headers: { 'www-authenticate': 'Bearer' } })));
    }
  });
});
