// The walkthrough, step by step, as its user lives it: the configuration, the real MCP server from
// npm as a child process, and the official client.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as jose from 'jose';
import { everything2025, fixture, freePort, isAlive, mcpConfig, offerEverything, received, runToEnd, secret, start, token, until, walkthroughRules, workFolder, jwtAuth } from './lib/gateway.mjs';
import { callText, connect, failure, toolNames, RawClient } from './lib/mcp.mjs';
import { request } from './lib/http.mjs';

const config = (port) => `
binds:
- port: ${port}
  listeners:
  - routes:
    - policies:
        jwtAuth:
          issuer: agentgateway.dev
          audiences: [test.agentgateway.dev]
          jwks:
            # Relative to the folder the binary runs from, not the config file
            file: ./manifests/jwt/pub-key
        mcpAuthorization:
          rules:
          # Allow anyone to call 'echo'
          - 'mcp.tool.name == "echo"'
          # Only the test-user can call 'add'
          - 'jwt.sub == "test-user" && mcp.tool.name == "add"'
          # Any authenticated user with the claim \`nested.key == value\` can access 'printEnv'
          - 'mcp.tool.name == "printEnv" && jwt.nested.key == "value"'
      backends:
      - mcp:
          name: default
          targets:
          - name: everything
            stdio:
              cmd: npx
              args: ["@modelcontextprotocol/server-everything"]
`;

const withCors = (port) => config(port).replace('    - policies:\n', `    - policies:
        cors:
          allowOrigins: ["*"]
          allowHeaders: ["*"]
`);

describe('the walkthrough', () => {
  let gateway;
  before(async () => {
    const folder = workFolder(); // step 1: the key set below the folder where the binary starts
    offerEverything(folder);
    gateway = await start(config, { folder });
  });
  after(() => gateway?.stop());

  test('2: it says what it serves and where, and warns that jwtAuth lets anonymous callers in', async () => {
    await until(() => gateway.output.includes(`localhost:${gateway.port}`) || gateway.output.includes(`:${gateway.port}`), 'names the port');
    await until(() => /optional/i.test(gateway.output), 'warns about the mode optional');
    assert.match(gateway.output, new RegExp(`http://localhost:${gateway.port}`));
  });

  for (const path of ['/mcp', '/']) {
    test(`3: without a token, at ${path}: only echo, and it works`, async () => {
      const client = await connect(gateway.url(path));
      assert.deepEqual(await toolNames(client), ['echo']);
      assert.equal(await callText(client, 'echo', { message: 'hello' }), 'Echo: hello');
      await client.close();
    });
  }

  test('3: a refused tool answers exactly as one that does not exist', async () => {
    const client = await connect(gateway.url());
    for (const name of ['add', 'printEnv', 'noSuchTool']) {
      const error = await failure(client.callTool({ name, arguments: { a: 2, b: 3 } }));
      assert.equal(error.code, -32602);
      assert.equal(error.message, `MCP error -32602: Unknown tool: ${name}`);
      assert.equal(error.data, undefined);
    }
    await client.close();
  });

  test('3: also byte by byte: status, headers and body differ in nothing but the name', async () => {
    const raw = new RawClient(gateway.port);
    await raw.initialize();
    const [denied, unknown] = [await raw.tool('add', { a: 2, b: 3 }), await raw.tool('xyz', { a: 2, b: 3 })];
    assert.equal(denied.status, 200);
    assert.equal(denied.body.replace('add', 'xyz').replace(/"id":\d+/, ''), unknown.body.replace(/"id":\d+/, ''));
    assert.deepEqual(Object.keys(denied.headers), Object.keys(unknown.headers));
  });

  test('4: example2 is test-user: echo and add', async () => {
    const client = await connect(gateway.url(), { token: token('example2') });
    assert.deepEqual((await toolNames(client)).sort(), ['add', 'echo']);
    assert.equal(await callText(client, 'echo', { message: 'hi' }), 'Echo: hi');
    assert.match(await callText(client, 'add', { a: 2, b: 3 }), /\b5\b/);
    assert.equal((await failure(client.callTool({ name: 'printEnv', arguments: {} }))).message, 'MCP error -32602: Unknown tool: printEnv');
    await client.close();
  });

  test('5: example1 has the claim as well: echo, add and printEnv', async () => {
    const client = await connect(gateway.url(), { token: token('example1') });
    assert.deepEqual((await toolNames(client)).sort(), ['add', 'echo', 'printEnv']);
    assert.match(await callText(client, 'add', { a: 2, b: 3 }), /\b5\b/);
    assert.match(await callText(client, 'printEnv'), /PATH/);
    await client.close();
  });

  test('7: a cors policy is in force within a second of saving; running sessions go on', async () => {
    const client = await connect(gateway.url(), { token: token('example2') });
    const preflight = () => request(gateway.port, 'OPTIONS', '/mcp', { headers: { origin: 'http://app.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' } });
    assert.equal((await preflight()).headers['access-control-allow-origin'], undefined);

    gateway.write(withCors(gateway.port));
    await until(async () => (await preflight()).headers['access-control-allow-origin'], 'the preflight is answered', 1000);

    const answer = await preflight();
    assert.ok(answer.status === 200 || answer.status === 204, `status ${answer.status}`);
    assert.ok(['*', 'http://app.example'].includes(answer.headers['access-control-allow-origin']));
    assert.equal(await callText(client, 'echo', { message: 'still here' }), 'Echo: still here');
    await client.close();
  });

  test('8: a broken file changes nothing and says where and what was meant', async () => {
    const client = await connect(gateway.url());
    gateway.write(config(gateway.port).replace('- port:', '- post:'));
    await until(() => /config\.yaml:3:3/.test(gateway.output) && /post/.test(gateway.output) && /did you mean .port.\?/.test(gateway.output), 'says what is wrong', 2000);
    assert.deepEqual(await toolNames(client), ['echo']);
    assert.equal(await callText(client, 'echo', { message: 'as before' }), 'Echo: as before');
    await client.close();

    gateway.write(withCors(gateway.port));
    const again = await connect(gateway.url());
    assert.deepEqual(await toolNames(again), ['echo']);
    await again.close();
  });

  test('8: starting with the broken file prints the same and exits with 3', async () => {
    const folder = workFolder();
    writeFileSync(join(folder, 'config.yaml'), config(await freePort()).replace('- port:', '- post:'));
    const ended = await runToEnd(['-f', 'config.yaml'], { folder });
    assert.equal(ended.code, 3, ended.output);
    assert.match(ended.output, /config\.yaml:3:3/);
    assert.match(ended.output, /did you mean .port.\?/);
  });
});

describe('6: a bad token is a 401 and nothing reaches the target', () => {
  let gateway, log, own, otherKey;
  const now = Math.floor(Date.now() / 1000);
  const kid = 'own-key';
  const mint = (key, { header = {}, ...claims } = {}) => {
    const { iss = 'agentgateway.dev', aud = 'test.agentgateway.dev', exp = now + 600, ...rest } = claims;
    return new jose.SignJWT({ sub: 'test-user', iss, aud, exp, ...rest }).setProtectedHeader({ alg: 'ES256', kid, ...header }).sign(key);
  };

  before(async () => {
    own = await jose.generateKeyPair('ES256', { extractable: true });
    otherKey = await jose.generateKeyPair('ES256');
    const folder = workFolder();
    log = join(folder, 'received.jsonl');
    writeFileSync(join(folder, 'manifests/jwt/pub-key'), JSON.stringify({ keys: [{ ...(await jose.exportJWK(own.publicKey)), kid, alg: 'ES256', use: 'sig' }] }));
    gateway = await start((port) => mcpConfig(port, { policies: jwtAuth + walkthroughRules, args: [fixture, '--log', log] }), { folder });
  });
  after(() => gateway?.stop());

  const b64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const publicPem = async () => new TextEncoder().encode(await jose.exportSPKI(own.publicKey));
  const bad = {
    garbage: async () => 'garbage',
    'three dots of garbage': async () => 'aaaa.bbbb.cccc',
    expired: async () => mint(own.privateKey, { exp: now - 3600 }),
    'not yet valid': async () => mint(own.privateKey, { nbf: now + 3600 }),
    'of another issuer': async () => mint(own.privateKey, { iss: 'someone.else' }),
    'for another audience': async () => mint(own.privateKey, { aud: 'other.agentgateway.dev' }),
    'without audience': async () => mint(own.privateKey, { aud: null }),
    'signed with another key': async () => mint(otherKey.privateKey),
    'of an unknown key': async () => mint(own.privateKey, { header: { kid: 'nobody' } }),
    unsigned: async () => `${b64({ alg: 'none', kid })}.${b64({ sub: 'test-user', iss: 'agentgateway.dev', aud: 'test.agentgateway.dev', exp: now + 600 })}.`,
    'signed with the public key as a secret': async () => new jose.SignJWT({ sub: 'test-user' }).setProtectedHeader({ alg: 'HS256', kid })
      .setIssuer('agentgateway.dev').setAudience('test.agentgateway.dev').setExpirationTime(now + 600).sign(await publicPem()),
    'with a changed payload': async () => { const [h, , s] = (await mint(own.privateKey)).split('.'); return `${h}.${b64({ sub: 'admin', iss: 'agentgateway.dev', aud: 'test.agentgateway.dev', exp: now + 600 })}.${s}`; },
    'with an unknown critical header': async () => `${b64({ alg: 'ES256', kid, crit: ['exotic'], exotic: 1 })}.${(await mint(own.privateKey)).split('.').slice(1).join('.')}`,
    'without expiry': async () => new jose.SignJWT({ sub: 'test-user' }).setProtectedHeader({ alg: 'ES256', kid }).setIssuer('agentgateway.dev').setAudience('test.agentgateway.dev').sign(own.privateKey),
  };

  for (const [name, make] of Object.entries(bad)) {
    test(name, async () => {
      const raw = new RawClient(gateway.port, { token: secret(await make()) });
      const before = received(log).length;
      const answer = await raw.initialize();
      assert.equal(answer.status, 401);
      assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer\b.*error="invalid_token"/);
      assert.equal(answer.headers['mcp-session-id'], undefined);
      const listed = await raw.call('tools/list');
      assert.equal(listed.status, 401);
      assert.equal(received(log).length, before);
    });
  }

  test('the token in any case of the scheme, and a good one passes', async () => {
    const good = secret(await mint(own.privateKey));
    const raw = new RawClient(gateway.port, { headers: { authorization: `bEaReR ${good}` } });
    assert.equal((await raw.initialize()).status, 200);
    assert.equal((await raw.tool('add', { a: 2, b: 3 })).message.result.content[0].text, 'The sum of 2 and 3 is 5.');
  });

  test('two Authorization headers are refused', async () => {
    const good = secret(await mint(own.privateKey));
    const raw = new RawClient(gateway.port, { headers: { authorization: [`Bearer ${good}`, 'Bearer garbage'] } });
    assert.equal((await raw.initialize()).status, 400);
  });

  test('a session does not outlive the token it is used with', async () => {
    const raw = new RawClient(gateway.port, { token: secret(await mint(own.privateKey)) });
    await raw.initialize();
    raw.headers.authorization = `Bearer ${secret(await mint(own.privateKey, { exp: now - 3600 }))}`;
    assert.equal((await raw.call('tools/list')).status, 401);
  });
});

test('10: SIGTERM finishes what is in flight, ends the children, and exits 0', async () => {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    const gateway = await start((port) => mcpConfig(port, { cmd: 'node', args: [everything2025, 'stdio'] }));
    const client = await connect(gateway.url());
    const call = client.callTool({ name: 'longRunningOperation', arguments: { duration: 1, steps: 2 } });
    call.catch(() => {});
    await until(() => gateway.children().length > 0, 'the child runs');
    await new Promise((done) => setTimeout(done, 300));
    const children = gateway.everyProcess();

    gateway.signal(signal);

    const refused = await until(async () => { try { await fetch(gateway.url()); return false; } catch { return true; } }, 'new connections are refused', 2000);
    assert.ok(refused);
    assert.match((await call).content[0].text, /completed/);
    assert.deepEqual(await gateway.waitForExit(), { code: 0, signal: null });
    assert.ok(children.length > 0);
    assert.deepEqual(children.filter(isAlive), []);
    gateway.assertClean();
    await client.close().catch(() => {});
  }
});
