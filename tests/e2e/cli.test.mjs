// The command line: what it prints, and with which status it ends.
import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, mcpConfig, runToEnd, start, token, until, workFolder } from './lib/gateway.mjs';
import { callText, connect, failure, toolNames } from './lib/mcp.mjs';

const good = (port) => mcpConfig(port);
const inFolder = (text, name = 'config.yaml') => { const folder = workFolder(); writeFileSync(join(folder, name), text); return folder; };

describe('information', () => {
  test('--help fits a screen and names the exit statuses', async () => {
    const ended = await runToEnd(['--help']);
    assert.equal(ended.code, 0);
    for (const word of ['-f', '-c', '--validate-only', '-V', '--version']) assert.ok(ended.stdout.includes(word), word);
    assert.ok(ended.stdout.split('\n').length <= 45);
  });
  for (const [words, said] of [[['explain'], '--expect WHAT'], [['import'], '--from CLIENT'], [['cel', 'eval'], '--data JSON'], [['token'], 'token mint']])
    test(`${words.join(' ')} --help is about that command`, async () => {
      const ended = await runToEnd([...words, '--help']);
      assert.equal(ended.code, 0, ended.output);
      assert.ok(ended.stdout.includes(said) && !ended.stdout.includes('SIGHUP'), ended.stdout);
      assert.ok(ended.stdout.split('\n').every((line) => line.length <= 100), 'lines that a terminal breaks');
    });
  test('-V is one line with the version', async () => {
    const ended = await runToEnd(['-V']);
    assert.equal(ended.code, 0);
    assert.match(ended.stdout.trim(), /\b\d+\.\d+\.\d+\b/);
    assert.equal(ended.stdout.trim().split('\n').length, 1);
  });
  test('--version is JSON', async () => {
    const ended = await runToEnd(['--version']);
    assert.equal(ended.code, 0);
    assert.match(JSON.stringify(JSON.parse(ended.stdout)), /\d+\.\d+\.\d+/);
  });
});

describe('exit 2: the command line is wrong', () => {
  for (const args of [['--nonsense'], ['-f'], ['-c'], ['-f', 'a', '-c', 'b'], ['nonsense'], ['-f', 'config.yaml', 'more']])
    test(args.join(' '), async () => {
      const ended = await runToEnd(args);
      assert.equal(ended.code, 2, ended.output);
      assert.ok(ended.stderr.length > 0);
    });
});

describe('exit 0 or 3: --validate-only', () => {
  test('a good file', async () => {
    const ended = await runToEnd(['-f', 'config.yaml', '--validate-only'], { folder: inFolder(good(1234)) });
    assert.equal(ended.code, 0, ended.output);
    assert.match(ended.output, /valid/i);
  });
  test('from standard input, and as text', async () => {
    assert.equal((await runToEnd(['-f', '-', '--validate-only'], { input: good(1234) })).code, 0);
    assert.equal((await runToEnd(['-c', good(1234), '--validate-only'])).code, 0);
    assert.equal((await runToEnd(['-f', '-', '--validate-only'], { input: 'binds: 5' })).code, 3);
  });
  test('as JSON', async () => {
    assert.equal((await runToEnd(['-c', '{"binds": [{"port": 3000, "listeners": [{"routes": [{"policies": {"directResponse": {"status": 200, "body": "x"}}}]}]}]}', '--validate-only'])).code, 0);
  });
  test('the mcp shorthand', async () => {
    const ended = await runToEnd(['-c', 'mcp:\n  port: 3000\n  targets:\n  - name: everything\n    stdio: { cmd: npx, args: [x] }\n', '--validate-only']);
    assert.equal(ended.code, 0, ended.output);
  });
  test('an address with a password is refused without showing it', async () => {
    const ended = await runToEnd(['-c', 'mcp:\n  targets:\n  - name: t\n    mcp: { host: "http://user:pw-canary@localhost/mcp?token=query-canary" }\n', '--validate-only']);
    assert.equal(ended.code, 3, ended.output);
    assert.match(ended.output, /mcp\.targets\[0\]\.mcp\.host: an address has no user or password here \(use `backendAuth`\)/);
    assert.ok(!ended.output.includes('canary'), ended.output);
  });
  test('a file that is not there', async () => {
    const ended = await runToEnd(['-f', 'gone.yaml', '--validate-only']);
    assert.ok([1, 3].includes(ended.code), `exit ${ended.code}`);
    assert.match(ended.output, /gone\.yaml/);
  });
  test('a key set that is not there names the file and the folder it was looked up in', async () => {
    const folder = inFolder('binds:\n- port: 3000\n  listeners:\n  - routes:\n    - policies:\n        jwtAuth:\n          issuer: a\n          jwks: { file: ./nowhere/pub-key }\n        directResponse: { status: 200 }\n');
    const ended = await runToEnd(['-f', 'config.yaml', '--validate-only'], { folder });
    assert.equal(ended.code, 3, ended.output);
    assert.match(ended.output, /nowhere\/pub-key/);
    assert.ok(ended.output.includes(folder), ended.output);
  });
});

describe('a message names the place and the cure', () => {
  const wrong = `binds:
- post: 3000
  listeners:
  - routes:
    - policies:
        jwtAuth:
          isuer: agentgateway.dev
          mode: sometimes
          jwks: { inline: '{"keys":[]}' }
      backends:
      - mcp:
          targets:
          - name: everything
            stdio: { cmd: npx, args: "not a list" }
`;
  test('the classic: file, line, column, the line, a caret, the field that was meant', async () => {
    const ended = await runToEnd(['-f', 'config.yaml', '--validate-only'], { folder: inFolder(wrong) });
    assert.equal(ended.code, 3);
    assert.match(ended.output, /config\.yaml:2:3/);
    assert.match(ended.output, /`?'?post'?`?.*did you mean .port.\?/);
    assert.match(ended.output, /^.*- post: 3000$/m);
    assert.match(ended.output, /^[\s|\d]*\^/m);
  });
  test('all mistakes at once', async () => {
    const { output } = await runToEnd(['-f', 'config.yaml', '--validate-only'], { folder: inFolder(wrong) });
    for (const place of [/config\.yaml:2:/, /config\.yaml:7:.*/, /config\.yaml:8:/, /config\.yaml:14:/]) assert.match(output, place);
    assert.match(output, /did you mean .issuer.\?/);
    assert.match(output, /strict.*optional.*permissive/);
  });
  test('a known field of agentgateway that is not there yet is said to be that', async () => {
    const { code, output } = await runToEnd(['-c', 'binds:\n- port: 3000\n  listeners:\n  - routes:\n    - policies:\n        extAuthz: { host: "localhost:1" }\n        directResponse: { status: 200 }\n', '--validate-only']);
    assert.equal(code, 3);
    assert.match(output, /extAuthz/);
    assert.match(output, /not supported yet/);
  });
  test('variables: set, with a default, unset, and never structure', async () => {
    const text = (value) => `binds:\n- port: 3000\n  listeners:\n  - routes:\n    - policies:\n        directResponse: { status: 200, body: "${value}" }\n`;
    assert.equal((await runToEnd(['-c', text('$SET ${SET} ${UNSET:-x} $$5'), '--validate-only'], { env: { SET: 'a: [b' } })).code, 0);
    const unset = await runToEnd(['-c', text('${UNSET_HERE}'), '--validate-only']);
    assert.equal(unset.code, 3);
    assert.match(unset.output, /UNSET_HERE/);
    assert.match(unset.output, /:6:/);
  });
  test('duplicate keys in YAML are an error', async () => {
    const { code, output } = await runToEnd(['-c', 'binds: []\nbinds: []\n', '--validate-only']);
    assert.equal(code, 3);
    assert.match(output, /binds/);
  });
});

test('exit 3: starting with an invalid file', async () => {
  assert.equal((await runToEnd(['-f', 'config.yaml'], { folder: inFolder('binds: [{post: 3000}]') })).code, 3);
});

test('exit 4: a port in use, and by whom', async () => {
  const gateway = await start(good);
  try {
    const ended = await runToEnd(['-c', good(gateway.port)]);
    assert.equal(ended.code, 4, ended.output);
    assert.ok(ended.output.includes(String(gateway.port)));
    assert.match(ended.output, /in use/);
  } finally { await gateway.stop(); }
});

test('a configuration that everyone may write is warned about', async () => {
  const folder = inFolder('');
  const port = await freePort();
  writeFileSync(join(folder, 'config.yaml'), good(port));
  chmodSync(join(folder, 'config.yaml'), 0o666);
  const gateway = await start(undefined, { folder, port });
  try { await until(() => /written by everybody/i.test(gateway.output), 'the warning'); } finally { await gateway.stop(); }
});

test('configuration from standard input and from -c is served', async () => {
  const port = await freePort();
  const gateway = await start(undefined, { args: ['-c', good(port)], port });
  try {
    const client = await connect(gateway.url());
    assert.equal(await callText(client, 'echo', { message: 'm' }), 'Echo: m');
    await client.close();
  } finally { await gateway.stop(); }
});

test('the demo: no configuration, the walkthrough\'s policies on built-in tools', async () => {
  const gateway = await start(undefined, { args: [], port: 3000 });
  try {
    assert.match(gateway.output, /http:\/\/localhost:3000/);
    for (const word of ['echo', 'add', 'printEnv', 'example1', 'example2']) assert.ok(gateway.output.includes(word), word);
    const sees = async (options) => {
      const client = await connect(gateway.url(), options);
      const names = (await toolNames(client)).sort();
      if (names.includes('add')) assert.match(await callText(client, 'add', { a: 2, b: 3 }), /\b5\b/);
      if (names.includes('printEnv')) assert.ok((await callText(client, 'printEnv')).length > 0);
      else assert.equal((await failure(client.callTool({ name: 'printEnv', arguments: {} }))).code, -32602);
      await client.close();
      return names;
    };
    assert.deepEqual(await sees({}), ['echo']);
    assert.deepEqual(await sees({ token: token('example2') }), ['add', 'echo']);
    assert.deepEqual(await sees({ token: token('example1') }), ['add', 'echo', 'printEnv']);
  } finally { await gateway.stop(); }
});
