// The operator's door: what it tells, to whom, and what it refuses.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { start, until, secret, mcpConfig, indent, root, freePort, workFolder, runToEnd } from './lib/gateway.mjs';
import { ask, pageToken } from './lib/admin.mjs';

const rules = `
mcpAuthorization:
  rules:
  - 'mcp.tool.name == "echo"'`;

test('the admin interface tells what runs, in one tree, with no secret', async () => {
  const key = secret('canary-api-key-0123456789');
  const value = secret('canary-env-value-0123456789');
  const policies = `
apiKey:
  mode: optional
  keys:
  - key: $ADMIN_TEST_KEY
${rules.trimStart()}`;
  const gateway = await start((port) => mcpConfig(port, { policies, env: { SECRET: '$ADMIN_TEST_VALUE' } }),
    { env: { ADMIN_TEST_KEY: key, ADMIN_TEST_VALUE: value } });
  const base = await gateway.admin();
  const runtime = (await ask(base, '/api/v1/runtime')).json;
  assert.equal(runtime.config.path, join(gateway.folder, 'config.yaml'));
  assert.deepEqual(runtime.listeners, [{ port: gateway.port, boundPort: gateway.port }]);
  assert.deepEqual(runtime.readOnly, { is: false, why: null });
  const model = await ask(base, '/api/v1/model');
  const route = model.json.binds[0].listeners[0].routes[0];
  assert.equal(route.endpoint, `http://localhost:${gateway.port}/mcp`);
  assert.deepEqual(route.policies.map((policy) => policy.kind), ['apiKey', 'mcpAuthorization']);
  assert.equal(route.backends[0].targets[0].settings.value.stdio.env, '<redacted>');
  const config = await ask(base, '/api/v1/config');
  assert.equal(config.json.file.state, 'ok');
  assert.equal(config.json.running.revision, config.json.etag);
  assert.match(config.json.text, /\$ADMIN_TEST_KEY/, 'the text is as it was written');
  const dump = await ask(base, '/config_dump');
  for (const answer of [model, config, dump]) for (const canary of [key, value])
    assert.ok(!answer.text.includes(canary), `a secret in the answer: ${canary}`);
  for (const path of ['/api/v1/schema/config', '/api/v1/schema/cel']) assert.equal((await ask(base, path)).status, 200);
  await gateway.stop();
});

test('the model follows the shorthand, and a file with errors changes nothing but the state', async () => {
  const shorthand = (port) => `mcp:\n  port: ${port}\n  targets:\n  - name: demo\n    demo: {}\n`;
  const gateway = await start(shorthand);
  const base = await gateway.admin();
  const model = (await ask(base, '/api/v1/model')).json;
  assert.equal(model.dialect, 'mcp');
  assert.equal(model.binds[0].listeners[0].routes[0].id, 'mcp');
  const before = (await ask(base, '/api/v1/config')).json.running;
  gateway.write(`binds:\n- post: ${gateway.port}\n  listeners: []\n`);
  const rejected = await until(async () => {
    const config = (await ask(base, '/api/v1/config')).json;
    return config.file.state === 'rejected' && config;
  }, 'the file is rejected');
  assert.deepEqual(rejected.running, before);
  const error = rejected.file.errors.find((problem) => problem.message.includes('unknown field'));
  assert.equal(error.path, 'binds[0]');
  assert.equal(error.line, 2);
  assert.equal(error.suggestion, 'port');
  assert.equal((await ask(base, '/api/v1/runtime')).json.file.state, 'rejected');
  gateway.write(shorthand(gateway.port));
  await until(async () => (await ask(base, '/api/v1/config')).json.file.state === 'ok', 'the file is good again');
  await gateway.stop();
});

test('it answers no foreign host, no foreign page, and changes nothing without the word of its page', async () => {
  const gateway = await start((port) => mcpConfig(port, { policies: rules }));
  const base = await gateway.admin();
  const port = new URL(base).port;
  const refused = async (code, path, options) => {
    const answer = await ask(base, path, options);
    assert.equal(answer.json.error.code, code, `${path} ${JSON.stringify(options)}`);
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  };
  for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example', '169.254.169.254'])
    for (const path of ['/ui', '/api/v1/config', '/config_dump', '/api/v1/runtime'])
      await refused('host_not_allowed', path, { headers: { host } });
  for (const headers of [{ origin: 'http://evil.example' }, { origin: 'null' }, { origin: `http://localhost:${gateway.port}` },
    { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }])
    await refused('origin', '/api/v1/config', { headers });
  const token = await pageToken(base);
  for (const headers of [{}, { 'x-agentgateway-token': '' }, { 'x-agentgateway-token': token.slice(1) }])
    await refused('page_token', '/api/v1/logout', { method: 'POST', headers });
  // A page of another site that had learned the word would still be of another site.
  await refused('origin', '/api/v1/logout', { method: 'POST', headers: { 'x-agentgateway-token': token, origin: 'http://evil.example' } });
  assert.equal((await ask(base, '/api/v1/logout', { method: 'POST', headers: { 'x-agentgateway-token': token, origin: base } })).status, 204);
  await refused('not_found', '/api/v1/nothing');
  await refused('method_not_allowed', '/api/v1/runtime', { method: 'DELETE', headers: { 'x-agentgateway-token': token } });
  await gateway.stop();
});

test('the page may do little, and there is nothing beside its files', async () => {
  const gateway = await start((port) => mcpConfig(port, { policies: rules }));
  const base = await gateway.admin();
  const home = await ask(base, '/');
  assert.equal(home.status, 308);
  assert.equal(home.headers.location, '/ui');
  const page = await ask(base, '/ui');
  assert.equal(page.status, 200);
  const policy = page.headers['content-security-policy'];
  for (const part of ["default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'", `http://localhost:${gateway.port}`])
    assert.ok(policy.includes(part), `${part} in ${policy}`);
  assert.ok(!/script-src[^;]*unsafe/.test(policy), policy);
  assert.equal(page.headers['x-content-type-options'], 'nosniff');
  assert.equal(page.headers['referrer-policy'], 'no-referrer');
  assert.notEqual(await pageToken(base), '__AGENTGATEWAY_TOKEN__');
  for (const path of ['/ui/../../../../etc/passwd', '/ui/%2e%2e/%2e%2e/etc/passwd', '/ui/..%2f..%2fetc%2fpasswd', '/etc/passwd', '/ui/assets/..\\index.html']) {
    const answer = await ask(base, path);
    assert.ok(answer.status >= 400 || answer.headers['content-type'].startsWith('text/html'), `${path}: ${answer.status}`);
    assert.ok(!answer.text.includes('root:'), path);
  }
  if (existsSync(join(root, 'ui/dist/index.html'))) {
    const script = /src="(\/ui\/assets\/[^"]+\.js)"/.exec(page.text)?.[1];
    if (script) {
      const file = await ask(base, script);
      assert.equal(file.status, 200);
      assert.match(file.headers['cache-control'], /immutable/);
      assert.equal((await ask(base, script, { headers: { 'if-none-match': file.headers.etag } })).status, 304);
    }
  }
  await gateway.stop();
});

test('off loopback nobody comes in without a login', async () => {
  const adminPort = await freePort();
  const token = secret('admin-token-0123456789');
  const settings = (extra) => (port) => `config:\n  adminAddr: 0.0.0.0:${adminPort}\n${indent(extra, 2)}\n${mcpConfig(port, { policies: rules })}`;
  const bare = await start(settings(''), { env: { ADMIN_ADDR: `0.0.0.0:${adminPort}` } });
  await until(() => bare.hasLine(/admin interface stays closed.*config\.admin\.token/), 'it stays closed');
  await assert.rejects(ask(`http://127.0.0.1:${adminPort}`, '/ui'));
  await bare.stop();

  const gateway = await start(settings('admin:\n  token: $ADMIN_TEST_TOKEN\n  hosts: [gateway.example]'),
    { env: { ADMIN_ADDR: `0.0.0.0:${adminPort}`, ADMIN_TEST_TOKEN: token } });
  const base = await gateway.admin();
  assert.equal((await ask(base, '/ui')).status, 200);
  assert.equal((await ask(base, '/ui', { headers: { host: 'gateway.example' } })).status, 200);
  for (const path of ['/api/v1/config', '/api/v1/runtime', '/api/v1/model', '/config_dump'])
    assert.equal((await ask(base, path)).json.error.code, 'login_required', path);
  const headers = { 'x-agentgateway-token': await pageToken(base), 'content-type': 'application/json' };
  const wrong = await ask(base, '/api/v1/login', { method: 'POST', headers, body: '{"token":"guess"}' });
  assert.equal(wrong.json.error.code, 'wrong_token');
  const right = await ask(base, '/api/v1/login', { method: 'POST', headers, body: JSON.stringify({ token }) });
  assert.equal(right.status, 204);
  assert.match(right.headers['set-cookie'][0], /HttpOnly; SameSite=Strict/);
  const cookie = right.headers['set-cookie'][0].split(';')[0];
  assert.equal((await ask(base, '/api/v1/runtime', { headers: { cookie } })).json.admin.loginRequired, true);
  assert.equal((await ask(base, '/api/v1/config', { headers: { 'x-agentgateway-login': token } })).status, 200);
  await gateway.stop();
});

test('a taken default port is a warning, a taken port that was asked for an error', async () => {
  const first = await start((port) => mcpConfig(port, { policies: rules }));
  const taken = new URL(await first.admin()).port;
  const folder = workFolder();
  const config = `config: {adminAddr: "localhost:${taken}"}\nbinds: [{port: 0, listeners: []}]`;
  const refused = await runToEnd(['-c', config], { folder, env: { ADMIN_ADDR: `localhost:${taken}` } });
  assert.equal(refused.code, 4, refused.output);
  assert.match(refused.output, /ADMIN_ADDR `localhost:\d+`/);
  const unreadable = await runToEnd(['-c', config], { folder, env: { ADMIN_ADDR: 'bogus' } });
  assert.equal(unreadable.code, 3, unreadable.output);
  assert.match(unreadable.output, /ADMIN_ADDR `bogus`: expected/);
  assert.ok(!unreadable.output.includes('serving'), unreadable.output);
  const off = await start((port) => mcpConfig(port, { policies: rules }), { env: { ADMIN_ADDR: 'off' } });
  assert.ok(!off.output.includes('serving UI'));
  await off.stop();
  await first.stop();
});
