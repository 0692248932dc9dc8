// Trying it and knowing why: the playground's relay, who may use what, edits, and `agentgateway explain`.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { start, until, token, jwtAuth, walkthroughRules, mcpConfig, runToEnd, workFolder, root, secret } from './lib/gateway.mjs';
import { connect, toolNames, callText, failure } from './lib/mcp.mjs';
import { ask, pageToken } from './lib/admin.mjs';

const walkthrough = (port) => mcpConfig(port, { policies: `${jwtAuth}\n  mode: optional${walkthroughRules}` }).replace(/stdio:[^]*$/, 'demo: {}\n');

const caller = async (base) => {
  const word = await pageToken(base);
  return async (method, path, body, headers = {}) => ask(base, path, { method, body: body && JSON.stringify(body),
    headers: { 'x-agentgateway-token': word, 'content-type': 'application/json', ...headers } });
};

test('the relay is a client like any other: rules apply, nothing is added', async () => {
  const gateway = await start(walkthrough);
  const base = await gateway.admin();
  const word = await pageToken(base);
  const route = (await ask(base, '/api/v1/model')).json.binds[0].listeners[0].routes[0].id;
  const url = `${base}/api/v1/playground/${route}`;
  const expected = [[undefined, ['echo']], ['example2', ['echo', 'add']], ['example1', ['echo', 'add', 'printEnv']]];
  for (const [name, tools] of expected) {
    const client = await connect(url, { token: name && token(name), headers: { 'x-agentgateway-token': word } });
    assert.deepEqual(await toolNames(client), tools, name ?? 'nobody');
    if (name) assert.match(await callText(client, 'add', { a: 2, b: 40 }), /42/);
    else assert.match((await failure(callText(client, 'add', { a: 2, b: 40 }))).message, /Unknown tool/);
    await client.transportOfTest.terminateSession();
    await client.close();
  }
  await assert.rejects(connect(url, {}), 'without the word of the page');
  await assert.rejects(connect(url, { token: 'no.token.atall', headers: { 'x-agentgateway-token': word } }), 'a bad token is refused');
  const unknown = await ask(base, '/api/v1/playground/http%3A%2F%2Fevil.example', { method: 'POST', headers: { 'x-agentgateway-token': word } });
  assert.equal(unknown.json.error.code, 'not_found');
  const cookies = await ask(base, `/api/v1/playground/${route}`, { method: 'POST', body: '{}',
    headers: { 'x-agentgateway-token': word, cookie: 'a=b', 'content-type': 'application/json', accept: 'application/json, text/event-stream' } });
  assert.equal(cookies.headers['x-agentgateway-relay'], '1');
  assert.equal(cookies.headers['set-cookie'], undefined);
  await gateway.stop();
});

test('the API says who may use what, and why not', async () => {
  const gateway = await start(walkthrough);
  const call = await caller(await gateway.admin());
  const identities = [{ name: 'anonymous' }, { name: 'example2', token: token('example2') }, { name: 'example1', token: token('example1') },
    { name: 'nonsense', token: 'no.token.atall' }, { name: 'draft', claims: { sub: 'test-user' } }];
  const matrix = (await call('POST', '/api/v1/authz/explain', { identities, resources: 'all' })).json;
  assert.deepEqual(matrix.targetErrors, []);
  assert.deepEqual(matrix.rules.map((rule) => rule.mode), ['allow', 'allow', 'allow']);
  assert.ok(matrix.rules[2].line > 0 && matrix.rules[2].path.endsWith('.policies.mcpAuthorization.rules[2]'));
  const tools = matrix.subjects.map((subject) => subject.name);
  const decision = (identity, tool) => matrix.cells[identities.findIndex((one) => one.name === identity)][tools.indexOf(tool)];
  const allowed = (identity) => ['echo', 'add', 'printEnv'].filter((tool) => decision(identity, tool).decision === 'allow');
  assert.deepEqual(identities.map((one) => allowed(one.name)), [['echo'], ['echo', 'add'], ['echo', 'add', 'printEnv'], [], ['echo', 'add']]);
  assert.equal(decision('example1', 'printEnv').rule, 2);
  assert.equal(decision('nonsense', 'echo').reason, 'refused');
  assert.equal(matrix.identities[3].status, 401);
  assert.equal(matrix.identities[1].subject, 'test-user');

  const detail = (await call('POST', '/api/v1/authz/explain',
    { identities: [identities[1]], resources: { tools: ['printEnv'] }, details: true })).json.cells[0][0];
  assert.deepEqual(detail.outcomes, ['false', 'false', 'error']);
  assert.deepEqual(detail.nearest, { rule: 2, missing: [{ what: 'jwt.nested.key', wants: '"value"', has: null }] });
  assert.ok(detail.rules[2].steps.some((step) => step.text === 'mcp.tool.name' && step.result === '"printEnv"'));

  // A draft: what an edit would give away.
  const draft = walkthrough(gateway.port).replace(`jwt.sub == "test-user" && mcp.tool.name == "add"`, `mcp.tool.name == "add"`);
  const edited = (await call('POST', '/api/v1/authz/explain', { identities: [identities[0]], resources: { tools: ['add'] }, config: draft })).json;
  assert.equal(edited.revision, 'draft');
  assert.equal(edited.cells[0][0].decision, 'allow');
  const wrong = await call('POST', '/api/v1/authz/explain', { identities: [], resources: {}, config: 'binds: 3' });
  assert.equal(wrong.status, 422);
  assert.ok(wrong.json.problems[0].line > 0);
  // A draft starts nothing.
  const marker = join(gateway.folder, 'started');
  const starting = mcpConfig(gateway.port, { cmd: 'touch', args: [marker] });
  const listed = (await call('POST', '/api/v1/authz/explain', { identities: [], resources: 'all', config: starting })).json;
  assert.equal(listed.targetErrors.length, 1);
  assert.throws(() => statSync(marker));
  await gateway.stop();
});

test('rules can be tried out', async () => {
  const gateway = await start(walkthrough);
  const call = await caller(await gateway.admin());
  const good = (await call('POST', '/api/v1/cel/eval', { expression: 'jwt.sub == "x" && n > 2', data: { jwt: { sub: 'x' }, n: 3 } })).json;
  assert.equal(good.ok, true);
  assert.equal(good.result, true);
  assert.ok(good.steps.some((step) => step.text === 'jwt.sub' && step.result === '"x"'));
  const missing = (await call('POST', '/api/v1/cel/eval', { expression: 'jwt.nested.key', data: { jwt: {} } })).json;
  assert.match(missing.error, /no such key/);
  const rule = (await call('POST', '/api/v1/cel/eval', { expression: 'mcp.tool.nme == "echo"', data: {}, asRule: true })).json;
  assert.equal(rule.problems[0].severity, 'error');
  await gateway.stop();
});

test('an edit is written whole, if it is valid and nobody was faster', async () => {
  const gateway = await start(walkthrough);
  chmodSync(gateway.configPath, 0o640);
  const base = await gateway.admin();
  const call = await caller(base);
  const before = (await call('GET', '/api/v1/config')).json;
  const text = `# a comment that stays\n${before.text.replace('mcp.tool.name == "echo"', 'mcp.tool.name == "add"')}`;
  const put = (body, match) => call('PUT', '/api/v1/config', body, match ? { 'if-match': match } : {});
  assert.equal((await put({ text })).status, 428);
  const stale = await put({ text }, '"0000000000000000"');
  assert.equal(stale.status, 412);
  assert.equal(stale.json.etag, before.etag);
  const invalid = await put({ text: text.replace('port:', 'post:') }, `"${before.etag}"`);
  assert.equal(invalid.status, 422);
  assert.equal(invalid.json.problems.find((problem) => problem.suggestion === 'port').path, 'binds[0]');
  assert.equal(readFileSync(gateway.configPath, 'utf8'), before.text);
  const checked = (await call('POST', '/api/v1/config/validate', { text })).json;
  assert.equal(checked.valid, true);
  assert.equal(checked.model.counts.routes, 1);
  const written = await put({ text }, `"${before.etag}"`);
  assert.equal(written.status, 200, written.text);
  assert.equal(readFileSync(gateway.configPath, 'utf8'), text);
  assert.equal(statSync(gateway.configPath).mode & 0o777, 0o640);
  await until(async () => (await call('GET', '/api/v1/config')).json.running.revision === written.json.etag, 'the edit runs');
  const client = await connect(gateway.url());
  assert.deepEqual(await toolNames(client), ['add']);
  await client.close();
  const history = (await call('GET', '/api/v1/config/history')).json.revisions;
  assert.deepEqual(history.map((one) => one.revision), [written.json.etag, before.etag]);
  assert.equal((await call('GET', `/api/v1/config/history/${before.etag}`)).json.text, before.text);
  const restored = await call('POST', `/api/v1/config/history/${before.etag}/restore`, undefined, { 'if-match': written.json.etag });
  assert.equal(restored.status, 200, restored.text);
  assert.equal(readFileSync(gateway.configPath, 'utf8'), before.text);
  await gateway.stop();

  const locked = await start(walkthrough, { env: { UI_READ_ONLY: 'true' } });
  const refused = await (await caller(await locked.admin()))('PUT', '/api/v1/config', { text: 'x' }, { 'if-match': 'x' });
  assert.equal(refused.json.error.code, 'read_only');
  await locked.stop();
});

test('agentgateway explain: a matrix, one decision, and expectations for CI', async () => {
  const folder = workFolder();
  writeFileSync(join(folder, 'config.yaml'), walkthrough(3000));
  const keys = ['example2', 'example1'].flatMap((name) => ['--token', join(root, `manifests/jwt/${name}.key`)]);
  const run = (...args) => runToEnd(['explain', '-f', 'config.yaml', ...args], { folder, ms: 30000 });
  for (const name of ['example1', 'example2']) secret(readFileSync(join(root, `manifests/jwt/${name}.key`), 'utf8').trim());
  const matrix = await run('--anonymous', ...keys);
  assert.equal(matrix.code, 0, matrix.output);
  const row = (name) => matrix.stdout.split('\n').find((line) => line.startsWith(name)).trim().split(/  +/);
  assert.deepEqual(row('echo'), ['echo', 'allow r1', 'allow r1', 'allow r1']);
  assert.deepEqual(row('add'), ['add', 'deny', 'allow r2', 'allow r2']);
  assert.deepEqual(row('printEnv'), ['printEnv', 'deny', 'deny', 'allow r3']);
  const one = await run(keys[0], keys[1], '--tool', 'printEnv');
  assert.match(one.stdout, /nearest: r3 needs jwt\.nested\.key = "value"/);
  assert.equal((await run('--tool', 'echo', '--expect', 'allow')).code, 0);
  assert.equal((await run('--tool', 'add', '--expect', 'deny')).code, 0);
  const failed = await run('--tool', 'add', '--expect', 'allow');
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /anonymous x add: expected allow, it is deny/);
  assert.equal((await run('--claims', '{"sub":"test-user"}', '--tool', 'add', '--expect', 'allow')).code, 0);
  const forged = join(folder, 'forged.key');
  writeFileSync(forged, `${readFileSync(join(root, 'manifests/jwt/example2.key'), 'utf8').trim().split('.').slice(0, 2).join('.')}.${'A'.repeat(86)}`);
  secret(readFileSync(forged, 'utf8'));
  const unasked = await run('--token', forged, '--tool', 'add', '--expect', 'deny');
  assert.equal(unasked.code, 1, 'who is not let in was not judged by the rules');
  assert.match(unasked.stderr, /forged x add: expected deny, it is refused/);
  assert.equal((await run('--token', forged, '--tool', 'add', '--expect', 'refused')).code, 0);
  for (const claims of ['{"sub":', '[]']) {
    const broken = await run('--claims', claims, '--tool', 'add', '--expect', 'deny');
    assert.equal(broken.code, 2);
    assert.match(broken.stderr, /'--claims' is followed by a JSON object/);
  }
  const json = JSON.parse((await run(keys[0], keys[1], '--tool', 'add', '-o', 'json')).stdout);
  assert.equal(json.cells[0][0].decision, 'allow');
  assert.equal(json.cells[0][0].rule, 1);
  assert.equal((await runToEnd(['explain', '-c', 'binds: 3', '--tool', 'x'], { folder })).code, 3);
  assert.equal((await runToEnd(['explain', '--tool', 'x'], { folder })).code, 2);
});

test('agentgateway explain: with several targets, names as clients say them; what cannot be listed fails', async () => {
  const folder = workFolder();
  const config = (second) => `binds: [{port: 3000, listeners: [{routes: [{policies: {mcpAuthorization: {rules: ['mcp.tool.target == "one"']}},
    backends: [{mcp: {targets: [{name: one, demo: {}}, {name: two, ${second}}]}}]}]}]}]`;
  const run = (second, ...args) => runToEnd(['explain', '-c', config(second), ...args], { folder, ms: 30000 });
  const matrix = await run('demo: {}');
  assert.equal(matrix.code, 0, matrix.output);
  assert.match(matrix.stdout, /^one_echo +allow r1/m);
  assert.match(matrix.stdout, /^two_echo +deny/m);
  assert.match((await run('demo: {}', '--expect', 'allow')).stderr, /anonymous x two_echo: expected allow, it is deny/);
  const half = await run('stdio: {cmd: there-is-no-such-program}', '--expect', 'allow');
  assert.equal(half.code, 1, half.output);
  assert.match(half.stderr, /target two: /);
});
