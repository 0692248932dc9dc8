// Reloading: while requests run, with broken files, by each way a file can change.
import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as jose from 'jose';
import { jwtAuth, mcpConfig, secret, start, token, until, walkthroughRules, workFolder } from './lib/gateway.mjs';
import { callText, connect, RawClient, toolNames } from './lib/mcp.mjs';
import { request } from './lib/http.mjs';

const rule = (...names) => `
mcpAuthorization:
  rules:
${names.map((name) => `  - 'mcp.tool.name == "${name}"'`).join('\n')}`;
const offering = (...names) => (port) => mcpConfig(port, { policies: rule(...names) });
const direct = (text) => (port) => `
binds:
- port: ${port}
  listeners:
  - routes:
    - policies:
        directResponse: { status: 200, body: "${text}" }
`;

const answers = async (gateway, text, ms = 3000) => until(async () => (await request(gateway.port, 'GET', '/')).body === text, `it answers ${text}`, ms);

describe('each way a configuration can change', () => {
  const ways = {
    'written in place': (gateway, text) => writeFileSync(gateway.configPath, text),
    'a new file renamed over it': (gateway, text) => gateway.write(text),
    'removed and made again': (gateway, text) => { unlinkSync(gateway.configPath); writeFileSync(gateway.configPath, text); },
  };
  for (const [name, change] of Object.entries(ways)) {
    test(name, async () => {
      const gateway = await start(direct('one'));
      try {
        await answers(gateway, 'one');
        for (const text of ['two', 'three']) {
          change(gateway, direct(text)(gateway.port));
          await answers(gateway, text);
        }
      } finally { await gateway.stop(); }
    });
  }

  test('a symbolic link that is swapped, as Kubernetes mounts do', async () => {
    const folder = workFolder();
    const lay = (name, text) => { mkdirSync(join(folder, name)); writeFileSync(join(folder, name, 'config.yaml'), text); };
    const { freePort } = await import('./lib/gateway.mjs');
    const port = await freePort();
    lay('..one', direct('one')(port));
    symlinkSync('..one', join(folder, '..data'));
    symlinkSync('..data/config.yaml', join(folder, 'config.yaml'));
    const gateway = await start(undefined, { folder, port });
    try {
      await answers(gateway, 'one');
      lay('..two', direct('two')(port));
      symlinkSync('..two', join(folder, '..data_tmp'));
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
      await answers(gateway, 'two');
    } finally { await gateway.stop(); }
  });

  test('SIGHUP', async () => {
    const gateway = await start(direct('one'));
    try {
      await answers(gateway, 'one');
      const before = gateway.output.length;
      gateway.signal('SIGHUP');
      await until(() => gateway.output.length > before, 'it says that it has read the file again');
      await answers(gateway, 'one');
    } finally { await gateway.stop(); }
  });

  test('the key set file alone', async () => {
    const keys = await jose.generateKeyPair('ES256', { extractable: true });
    const mine = secret(await new jose.SignJWT({ sub: 'test-user' }).setProtectedHeader({ alg: 'ES256', kid: 'new' }).setIssuer('agentgateway.dev')
      .setAudience('test.agentgateway.dev').setExpirationTime('10m').sign(keys.privateKey));
    const gateway = await start((port) => mcpConfig(port, { policies: jwtAuth + walkthroughRules }));
    const file = join(gateway.folder, 'manifests/jwt/pub-key');
    const statusWith = async (bearer) => (await new RawClient(gateway.port, { token: bearer }).initialize()).status;
    try {
      const old = readFileSync(file, 'utf8');
      assert.equal(await statusWith(token('example2')), 200);
      assert.equal(await statusWith(mine), 401);

      writeFileSync(file, JSON.stringify({ keys: [{ ...(await jose.exportJWK(keys.publicKey)), kid: 'new', alg: 'ES256' }] }));
      await until(async () => (await statusWith(mine)) === 200, 'the new key is in force');
      assert.equal(await statusWith(token('example2')), 401, 'the cache forgets what the old key verified');

      writeFileSync(file, '{"keys": [broken');
      await until(() => /pub-key/.test(gateway.output), 'it says which file is broken');
      assert.equal(await statusWith(mine), 200, 'a broken key file changes nothing');

      writeFileSync(file, old);
      await until(async () => (await statusWith(token('example2'))) === 200, 'the old key is back');
    } finally { await gateway.stop(); }
  });
});

describe('a broken configuration', () => {
  for (const [name, breaking, message] of [
    ['a typing error in a field', (text) => text.replace('- port:', '- post:'), /did you mean .port.\?/],
    ['no YAML', (text) => text + '\n  : : [', /config\.yaml:\d+:\d+/],
    ['a rule that is no CEL', (text) => text.replace('mcp.tool.name ==', 'mcp.tool.name == =='), /config\.yaml:\d+:\d+/],
    ['an empty file', () => '', /config\.yaml/],
    ['a variable that is not set', (text) => text.replace('everything', '${NOT_SET_ANYWHERE}'), /NOT_SET_ANYWHERE/],
  ]) {
    test(`${name}: what ran goes on, and the log says why`, async () => {
      const gateway = await start(offering('echo'));
      try {
        const client = await connect(gateway.url());
        gateway.write(breaking(readFileSync(gateway.configPath, 'utf8')));
        await until(() => message.test(gateway.output), 'the reason');
        assert.deepEqual(await toolNames(client), ['echo']);
        gateway.write(offering('echo', 'add')(gateway.port));
        await until(async () => (await toolNames(client)).length === 2, 'the next good one is taken');
        await client.close();
      } finally { await gateway.stop(); }
    });
  }

  test('a file that is removed: what ran goes on', async () => {
    const gateway = await start(direct('one'));
    try {
      rmSync(gateway.configPath);
      gateway.signal('SIGHUP');
      await new Promise((done) => setTimeout(done, 500));
      await answers(gateway, 'one');
    } finally { await gateway.stop(); }
  });
});

describe('reload under load', () => {
  test('no request fails, none is answered by half a configuration, sessions go on', async () => {
    const gateway = await start(offering('echo', 'add'));
    try {
      const clients = await Promise.all(Array.from({ length: 4 }, () => connect(gateway.url())));
      let going = true, calls = 0;
      const load = clients.map(async (client, at) => {
        while (going) {
          assert.equal(await callText(client, 'echo', { message: `m${at}-${calls}` }).then((text) => text.startsWith('Echo: m')), true);
          const names = await toolNames(client);
          assert.ok(['add,echo', 'echo,printEnv'].includes(names.sort().join()), `half a configuration: ${names}`);
          calls++;
        }
      });
      for (let round = 0; round < 10; round++) {
        gateway.write((round % 2 ? offering('echo', 'add') : offering('echo', 'printEnv'))(gateway.port));
        await new Promise((done) => setTimeout(done, 250));
      }
      going = false;
      await Promise.all(load);
      assert.ok(calls > 20, `${calls} calls`);
      gateway.write(offering('echo', 'printEnv')(gateway.port));
      await until(async () => (await toolNames(clients[0])).sort().join() === 'echo,printEnv', 'the last one is in force');
      await Promise.all(clients.map((client) => client.close()));
    } finally { await gateway.stop(); }
  });

  test('a call in flight ends under the rules it began with', async () => {
    const gateway = await start(offering('slow'));
    try {
      const client = await connect(gateway.url());
      const call = callText(client, 'slow', { ms: 1500 });
      await new Promise((done) => setTimeout(done, 200));
      gateway.write(offering('echo')(gateway.port));
      await until(async () => (await toolNames(client)).join() === 'echo', 'the new rules are in force');
      assert.equal(await call, 'slept 1500');
      await client.close();
    } finally { await gateway.stop(); }
  });

  test('a port that goes away is closed, a new one opened', async () => {
    const { freePort } = await import('./lib/gateway.mjs');
    const gateway = await start(direct('one'));
    try {
      const second = await freePort();
      gateway.write(direct('two')(second));
      await until(async () => { try { return (await request(second, 'GET', '/')).body === 'two'; } catch { return false; } }, 'the new port answers');
      await until(async () => { try { await request(gateway.port, 'GET', '/'); return false; } catch { return true; } }, 'the old port is closed');
    } finally { await gateway.stop(); }
  });
});
