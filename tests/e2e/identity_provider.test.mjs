// The gateway beside a real identity provider: tokens as oidc-provider makes them, for machines and for users who log in.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { ClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { fixture, freePort, mcpConfig, start, until, workFolder } from './lib/gateway.mjs';
import { callText, connect, failure, toolNames } from './lib/mcp.mjs';
import { ask, challenge, methods, openSession, versions, withToken } from './lib/protected.mjs';
import { makeKey } from './lib/issuer.mjs';
import { desktop, machine, OidcProvider, proof, UserAgent } from './lib/oidc.mjs';

const rules = `
mcpAuthorization:
  rules:
  - '"tools:read" in jwt.scope.split(" ") && mcp.tool.name == "echo"'
  - '"tools:write" in jwt.scope.split(" ") && mcp.tool.name == "add"'
  - 'jwt.sub == "alice" && mcp.tool.name == "process"'`;

/** A gateway that takes the provider's tokens, by its keys in a file or where `jwks` says; `settings(resource)` are more of the policy. */
async function protectedBy(provider, { policy = 'mcpAuthentication', jwks = '{ file: ./keys.json }', settings }) {
  const folder = workFolder();
  writeFileSync(join(folder, 'keys.json'), await (await fetch(provider.jwksUrl)).text());
  const port = await freePort();
  const resource = `http://127.0.0.1:${port}/mcp`;
  const gateway = await start(mcpConfig(port, { args: [fixture], policies: `
${policy}:
  issuer: ${provider.url}
  audiences: ["${resource}"]
  jwks: ${jwks}
  ${settings(resource)}` }), { folder, port });
  return { gateway, resource };
}
/** For clients that ask the gateway where to get a token. */
const announced = (resource) => `resourceMetadata: { resource: "${resource}" }
  requiredScopes: ["tools:read"]`;

describe('tokens of a real identity provider, its keys in a file', () => {
  let provider, gateway, resource;
  before(async () => {
    provider = await OidcProvider.start();
    ({ gateway, resource } = await protectedBy(provider, { policy: 'jwtAuth', settings: () => `mode: strict${rules}` }));
  });
  after(async () => { await gateway?.stop(); await provider?.stop(); });

  test('a machine with its client id and secret: the tools of the scopes it was granted', async () => {
    const reader = await connect(gateway.url(), { token: await provider.token(resource, { scope: 'tools:read' }) });
    assert.deepEqual(await toolNames(reader), ['echo']);
    await reader.close();
    const both = await connect(gateway.url(), { token: await provider.token(resource) });
    assert.deepEqual((await toolNames(both)).sort(), ['add', 'echo']);
    assert.match(await callText(both, 'add', { a: 2, b: 3 }), /5/);
    await both.close();
  });

  test('a token for another resource is refused, with each method', async () => {
    const client = await openSession(gateway.port, await provider.token(resource));
    const elsewhere = await provider.token('http://127.0.0.1:1/mcp');
    for (const version of versions) {
      for (const method of methods) {
        const answer = await ask(gateway.port, method, { session: client.session, version, fields: withToken(elsewhere) });
        assert.equal(answer.status, 401);
        assert.equal(challenge(answer).error, 'invalid_token');
      }
    }
    assert.equal((await client.call('tools/list')).status, 200);
  });

  test('a token that is bound to a key of its holder: good with its proofs, useless without', async () => {
    const holder = makeKey(undefined), thief = makeKey(undefined);
    const token = await provider.token(resource, { holder });
    const bound = (by, method) => [['authorization', `DPoP ${token}`], ['dpop', proof(by, method, resource, token)]];
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: versions[1], capabilities: {}, clientInfo: { name: 'c', version: '1' } } });
    const opened = await ask(gateway.port, 'POST', { fields: bound(holder, 'POST'), body });
    assert.equal(opened.status, 200);
    const session = opened.headers['mcp-session-id'];
    const used = bound(holder, 'POST');
    const unbound = await provider.token(resource);
    for (const method of methods) {
      const stolen = { 'as a bearer token': withToken(token), 'without a proof': [['authorization', `DPoP ${token}`]], 'with the proof of another key': bound(thief, method),
        'with a proof for another method': bound(holder, 'PUT'), 'with a proof for another token': [['authorization', `DPoP ${token}`], ['dpop', proof(holder, method, resource, unbound)]],
        'with two proofs': [...bound(holder, method), ['dpop', proof(holder, method, resource, token)]] };
      for (const [how, fields] of Object.entries(stolen)) assert.equal((await ask(gateway.port, method, { session, version: versions[1], fields })).status, 401, `${method} ${how}`);
    }
    assert.equal((await ask(gateway.port, 'POST', { session, version: versions[1], fields: used })).status, 200);
    assert.equal((await ask(gateway.port, 'POST', { session, version: versions[1], fields: used })).status, 401, 'a proof counts once');
    for (const method of ['GET', 'DELETE']) {
      const { status } = await ask(gateway.port, method, { session, version: versions[1], fields: bound(holder, method) });
      assert.ok(status >= 200 && status < 300, `${method}: ${status}`);
    }
  });
});

const open = async (resource, authProvider) => {
  const client = new Client({ name: 'e2e', version: '1' }, { capabilities: {} });
  const transport = new StreamableHTTPClientTransport(new URL(resource), { authProvider });
  await client.connect(transport);
  return client;
};
/** What an application does: it is refused, the user logs in, it connects again. */
async function logInAndOpen(resource, agent) {
  const first = new StreamableHTTPClientTransport(new URL(resource), { authProvider: agent });
  const error = await failure(new Client({ name: 'e2e', version: '1' }).connect(first));
  assert.ok(error instanceof UnauthorizedError, String(error));
  await first.finishAuth(agent.code);
  return open(resource, agent);
}

describe('the official client finds everything by itself: 401, metadata, issuer, token, call', () => {
  let provider, gateway, resource;
  before(async () => {
    provider = await OidcProvider.start({ scopes: 'tools:read tools:write' });
    ({ gateway, resource } = await protectedBy(provider, { settings: (resource) => `${announced(resource)}
  toolScopes: { add: ["tools:write"] }
mcpAuthorization:
  rules: ['mcp.tool.name in ["echo", "add"] || jwt.sub == "alice" && mcp.tool.name == "process"']` }));
  });
  after(async () => { await gateway?.stop(); await provider?.stop(); });

  test('a user logs in; the token is for this gateway and for the scope that the challenge named', async () => {
    const agent = new UserAgent({ login: 'alice' });
    const client = await logInAndOpen(resource, agent);
    assert.deepEqual((await toolNames(client)).sort(), ['add', 'echo', 'process']);
    assert.equal(await callText(client, 'echo', { message: 'hello' }), 'Echo: hello');
    const [asked] = agent.asked;
    assert.equal(asked.searchParams.get('resource'), resource);
    assert.equal(asked.searchParams.get('scope'), 'tools:read');
    assert.equal(asked.searchParams.get('code_challenge_method'), 'S256');
    const claims = JSON.parse(Buffer.from(agent.saved.access_token.split('.')[1], 'base64url'));
    assert.deepEqual([claims.iss, claims.aud, claims.sub, claims.scope], [provider.url, resource, 'alice', 'tools:read']);
    await client.close();
  });

  test('another user sees other tools', async () => {
    const client = await logInAndOpen(resource, new UserAgent({ login: 'bob' }));
    assert.deepEqual((await toolNames(client)).sort(), ['add', 'echo']);
    await client.close();
  });

  test('a tool that needs more: 403 names all scopes, the client asks the user again, the call is done', async () => {
    const agent = new UserAgent({ login: 'alice', client: { ...desktop, issuer: provider.url } });
    const client = await logInAndOpen(resource, agent);
    const error = await failure(client.callTool({ name: 'add', arguments: { a: 2, b: 3 } }));
    assert.ok(error instanceof UnauthorizedError, String(error));
    assert.equal(agent.asked.length, 2);
    assert.deepEqual(agent.asked[1].searchParams.get('scope').split(' ').sort(), ['tools:read', 'tools:write']);
    await client.transport.finishAuth(agent.code);
    assert.match(await callText(client, 'add', { a: 2, b: 3 }), /5/);
    await client.close();
  });

  test('a machine with its secret: the same without a user', async () => {
    const client = await open(resource, new ClientCredentialsProvider({ ...machine, scope: 'tools:read tools:write', expectedIssuer: provider.url }));
    assert.deepEqual((await toolNames(client)).sort(), ['add', 'echo']);
    await client.close();
  });
});

describe('its keys by address, which change, and an outage', () => {
  let provider, gateway, resource;
  before(async () => {
    provider = await OidcProvider.start();
    ({ gateway, resource } = await protectedBy(provider, { jwks: `{ url: "${provider.jwksUrl}" }`, settings: announced }));
    await until(async () => (await ask(gateway.port, 'POST', { fields: withToken('none') })).status === 401, 'the keys are there', 20000);
  });
  after(async () => { await gateway?.stop(); await provider?.stop(); });

  test('a user keeps working while the provider changes its key, is away, and comes back', async () => {
    const client = await logInAndOpen(resource, new UserAgent({ login: 'alice' }));
    const before = await provider.token(resource);
    const machines = await openSession(gateway.port, before, versions[1]);
    assert.equal(await callText(client, 'echo', { message: 'one' }), 'Echo: one');

    await provider.goDown();
    assert.equal(await callText(client, 'echo', { message: 'two' }), 'Echo: two');
    assert.equal((await ask(gateway.port, 'POST', { session: machines.session, version: versions[1], fields: withToken(before) })).status, 200);
    await provider.comeUp();

    provider.rotate();
    const after = await provider.token(resource);
    await until(async () => (await ask(gateway.port, 'POST', { session: machines.session, version: versions[1], fields: withToken(after) })).status === 200, 'the new key is found', 20000);
    for (const method of methods) {
      const answer = await ask(gateway.port, method, { session: machines.session, version: versions[1], fields: withToken(before) });
      assert.equal(answer.status, 401, method);
      assert.equal(challenge(answer).error, 'invalid_token');
    }
    assert.ok(provider.count('/jwks') <= 4, `${provider.count('/jwks')} fetches`);
    await client.close();
  });
});

// What stands between a client and an authorization server that does not do all that clients expect.
const adapters = {
  'keycloak, clients register through the gateway': { settings: 'provider: { keycloak: {} }', registers: true },
  'authentik, all clients are one that was registered before': { settings: `provider: { authentik: {} }\n  clientId: ${desktop.client_id}`, registers: false },
};
for (const [name, { settings, registers }] of Object.entries(adapters)) {
  describe(`an adapter: ${name}`, () => {
    let provider, gateway, resource;
    before(async () => {
      provider = await OidcProvider.start({ scopes: 'tools:read', registration: '/clients-registrations/openid-connect' }); // where Keycloak has it
      ({ gateway, resource } = await protectedBy(provider, { settings: (resource) => `${announced(resource)}
  ${settings}` }));
    });
    after(async () => { await gateway?.stop(); await provider?.stop(); });

    test('the metadata is the gateway\'s, its endpoints lead to the server', async () => {
      const { origin } = new URL(resource);
      const { authorization_servers: servers } = await (await fetch(`${origin}/.well-known/oauth-protected-resource/mcp`)).json();
      assert.deepEqual(servers, [resource]);
      const answer = await fetch(`${origin}/.well-known/oauth-authorization-server/mcp`);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('access-control-allow-origin'), '*');
      const metadata = await answer.json();
      assert.equal(metadata.issuer, resource);
      assert.equal(new URL(metadata.registration_endpoint).origin, origin);
      assert.equal(new URL(metadata.token_endpoint).origin, provider.url);
      assert.deepEqual(metadata.code_challenge_methods_supported, ['S256']);
    });

    test('a user logs in and calls a tool', async () => {
      const agent = new UserAgent({ login: 'alice' });
      const client = await logInAndOpen(resource, agent);
      assert.equal(await callText(client, 'echo', { message: 'hello' }), 'Echo: hello');
      assert.equal(agent.asked[0].origin, provider.url);
      assert.equal(provider.count(provider.registration), registers ? 1 : 0);
      if (!registers) assert.equal(agent.client.client_id, desktop.client_id);
      await client.close();
    });
  });
}
