// The gateway beside a real identity provider: tokens as oidc-provider makes them, for machines and for users who log in.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixture, freePort, mcpConfig, start, workFolder } from './lib/gateway.mjs';
import { callText, connect, toolNames } from './lib/mcp.mjs';
import { ask, challenge, methods, openSession, versions, withToken } from './lib/protected.mjs';
import { OidcProvider } from './lib/oidc.mjs';

const rules = `
mcpAuthorization:
  rules:
  - '"tools:read" in jwt.scope.split(" ") && mcp.tool.name == "echo"'
  - '"tools:write" in jwt.scope.split(" ") && mcp.tool.name == "add"'
  - 'jwt.sub == "alice" && mcp.tool.name == "process"'`;

describe('tokens of a real identity provider, its keys in a file', () => {
  let provider, gateway, resource;
  before(async () => {
    provider = await OidcProvider.start();
    const folder = workFolder();
    writeFileSync(join(folder, 'keys.json'), await (await fetch(provider.jwksUrl)).text());
    const port = await freePort();
    resource = `http://127.0.0.1:${port}/mcp`;
    gateway = await start(mcpConfig(port, { args: [fixture], policies: `
jwtAuth:
  mode: strict
  issuer: ${provider.url}
  audiences: ["${resource}"]
  jwks: { file: ./keys.json }${rules}` }), { folder, port });
  });
  after(async () => { await gateway?.stop(); await provider?.stop(); });

  test('a machine with its client id and secret: the tools of the scopes it was granted', async () => {
    const reader = await connect(gateway.url(), { token: await provider.token(resource, 'tools:read') });
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
});
