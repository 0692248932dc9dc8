// `agentgateway import` and POST /api/v1/import: what a client had works through the gateway, and no secret is written.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixture, freePort, runToEnd, secret, start, workFolder } from './lib/gateway.mjs';
import { callText, connect, toolNames } from './lib/mcp.mjs';
import { serveFixture } from './lib/remote.mjs';
import { ask, pageToken } from './lib/admin.mjs';

const key = secret('Kq7xZ2vB9mN4cR8tW5yL3pD6');
const server = (env = {}) => ({ command: 'python3', args: [fixture], env });
const from = (place, { folder, input, env } = {}) => runToEnd(['import', '--from', place], { folder, input, env });

test('the servers of a client run behind the gateway, with the secrets as its variables', async () => {
  const remote = await serveFixture();
  const folder = workFolder();
  writeFileSync(join(folder, 'mcp.json'), `{
    // with comments, as editors write them
    "inputs": [{"type": "promptString", "id": "who", "password": true}],
    "servers": {
      "local_one": ${JSON.stringify(server({ API_KEY: key, LEVEL: 'a $5 "b"', WHO: '${input:who}' }))},
      "elsewhere": {"type": "stdio", "command": "python3", "args": ["${fixture}"], "cwd": "${folder}/sub dir"},
      "remote": {"type": "http", "url": "${remote.url}", "headers": {"Authorization": "Bearer ${key}", "X-Team": "red"}},
      "plain": {"url": "${remote.url}"},
      "off": {"command": "nowhere", "disabled": true},
      "socket": {"type": "ws", "url": "ws://localhost:1/"},
    },
  }`);
  mkdirSync(join(folder, 'sub dir'));
  const imported = await from('mcp.json', { folder });
  assert.equal(imported.code, 0, imported.output);
  assert.ok(!imported.output.includes(key), 'the secret is written');
  assert.match(imported.stderr, /^warning: servers\.local_one\.env\.API_KEY: holds a secret, .* variable API_KEY$/m);
  assert.match(imported.stderr, /^info: servers\.local_one: is called local-one here/m);
  assert.match(imported.stderr, /^error: servers\.socket\.type: /m);
  assert.match(imported.stderr, /^info: servers\.off: is switched off/m);

  const port = await freePort();
  const config = imported.stdout.replace('port: 3000', `port: ${port}`);
  writeFileSync(join(folder, 'config.yaml'), config);
  const without = await runToEnd(['-f', 'config.yaml', '--validate-only'], { folder });
  assert.equal(without.code, 3);
  assert.match(without.output, /environment variable `(API_KEY|WHO|REMOTE_TOKEN)` is not set/);

  const gateway = await start(undefined, { folder, port, env: { API_KEY: key, WHO: 'ann', REMOTE_TOKEN: key } });
  const client = await connect(gateway.url());
  const tools = await toolNames(client);
  for (const target of ['local-one', 'elsewhere']) assert.ok(tools.includes(`${target}_echo`), `${target}: ${tools}`);
  const environment = JSON.parse(await callText(client, 'local-one_printEnv'));
  assert.deepEqual([environment.API_KEY, environment.LEVEL, environment.WHO], [key, 'a $5 "b"', 'ann']);
  const about = JSON.parse(await callText(client, 'elsewhere_process'));
  assert.equal(about.cwd, join(folder, 'sub dir'));
  // Its header fields go to the one server, and to no other.
  const [own, plain] = [await callText(client, 'remote_headers'), await callText(client, 'plain_headers')].map((text) => JSON.parse(text));
  assert.deepEqual([own.authorization, own['x-team']], [`Bearer ${key}`, 'red']);
  assert.deepEqual([plain.authorization, plain['x-team']], [undefined, undefined]);
  await client.close();
  await gateway.stop();
  await remote.kill();
});

test('the files of clients are found in their usual places', async () => {
  const folder = workFolder();
  const home = workFolder();
  const put = (path, value) => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, JSON.stringify(value));
  };
  put(join(home, '.config/Claude/claude_desktop_config.json'), { mcpServers: { desktop: server() }, theme: 'dark' });
  put(join(folder, '.mcp.json'), { mcpServers: { project: server() } });
  put(join(home, '.claude.json'), { mcpServers: { user: server() }, projects: { [folder]: { mcpServers: { local: server() } } } });
  put(join(home, 'settings/Code/User/mcp.json'), { servers: { code: server() } });
  put(join(folder, '.cursor/mcp.json'), { mcpServers: { cursor: server() } });
  const env = { HOME: home, XDG_CONFIG_HOME: '' };
  const rows = [
    ['claude-desktop', env, ['desktop']], ['claude-code', env, ['project', 'local', 'user']],
    ['vscode', { ...env, XDG_CONFIG_HOME: join(home, 'settings') }, ['code']], ['cursor', env, ['cursor']],
  ];
  for (const [client, surroundings, names] of rows) {
    const { code, stdout, output } = await from(client, { folder, env: surroundings });
    assert.equal(code, 0, output);
    assert.deepEqual([...stdout.matchAll(/^ {10}- name: (\S+)$/gm)].map((match) => match[1]), names, client);
  }
  const none = await from('vscode', { folder, env });
  assert.equal(none.code, 1);
  assert.match(none.stderr, /no configuration of vscode is here: looked for .*\.vscode\/mcp\.json/);
});

test('what is wrong is said, with its exit status', async () => {
  const rows = [
    ['-', '{"mcpServers": {"a": {"command": "x"}}}', 0, /whoever reaches port 3000/],
    ['-', '{"mcpServers": {}}', 3, /no servers were found/],
    ['-', 'nonsense', 3, /is no JSON/],
    ['nowhere.json', '', 1, /cannot open nowhere\.json/],
  ];
  for (const [place, input, status, words] of rows) {
    const { code, stdout, stderr } = await from(place, { input });
    assert.equal(code, status, stderr);
    assert.match(stderr, words);
    assert.equal(stdout === '', status !== 0);
  }
  assert.equal((await runToEnd(['import'])).code, 2);
});

test('the API translates the same way', async () => {
  const text = JSON.stringify({ mcpServers: { a: server({ API_KEY: key }), b: { url: 'https://b.example/mcp', colour: 'red' } } });
  const gateway = await start(undefined, { args: ['-c', '{binds: []}'], wait: false });
  const base = await gateway.admin();
  const call = async (body) => ask(base, '/api/v1/import', { method: 'POST', body: JSON.stringify(body),
    headers: { 'x-agentgateway-token': await pageToken(base), 'content-type': 'application/json' } });
  const answer = await call({ text, from: 'auto' });
  assert.equal(answer.status, 200);
  assert.ok(!answer.text.includes(key));
  const { yaml, findings } = answer.json;
  const { stdout } = await from('-', { input: text });
  const body = (of) => of.slice(of.indexOf('binds:'));
  assert.equal(body(yaml), body(stdout));
  assert.deepEqual(findings.find((one) => one.path === 'mcpServers.b.colour'),
    { severity: 'warning', path: 'mcpServers.b.colour', message: 'is not known here: not taken over' });
  assert.deepEqual((await call({ text: '{}' })).json.yaml, '');
  assert.equal((await call({})).status, 400);
  assert.equal((await call({ text, from: 'notepad' })).status, 400);
  assert.equal((await ask(base, '/api/v1/import', { method: 'POST', body: '{}' })).status, 403);
  assert.ok((await ask(base, '/api/v1/runtime')).json.capabilities.includes('import'));
  await gateway.stop();
});
