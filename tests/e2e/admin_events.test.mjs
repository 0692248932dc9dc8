// What the operator's door tells while the gateway serves: the stream of events, and how targets fare.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { fixture, freePort, isRunning, jwtAuth, mcpConfig, secret, start, token, until, walkthroughRules } from './lib/gateway.mjs';
import { ask, Followed, pageToken } from './lib/admin.mjs';
import { callText, connect, failure, toolNames } from './lib/mcp.mjs';

const traffic = (mcpMethod, name) => (event) =>
  event.name === 'traffic' && event.data.mcpMethod === mcpMethod && (name === undefined || event.data.name === name);

test('traffic is told as it happens, with the decision and its rule, and without arguments or tokens', async () => {
  const argument = secret('canary-argument-0123456789');
  const gateway = await start((port) => mcpConfig(port, { policies: jwtAuth + walkthroughRules }));
  const base = await gateway.admin();
  const stream = await Followed.open(base, '/api/v1/events?topics=traffic,metrics');
  assert.equal(stream.status, 200);
  assert.match(stream.headers['content-type'], /^text\/event-stream/);
  assert.equal(stream.headers['cache-control'], 'no-store');
  const hello = await stream.next((event) => event.name === 'hello', 'hello');
  assert.equal(hello.data.resumed, false);
  assert.equal(hello.data.revision, (await ask(base, '/api/v1/runtime')).json.running.revision);

  const client = await connect(gateway.url(), { token: token('example2') });
  assert.equal(await callText(client, 'echo', { message: argument }), `Echo: ${argument}`);
  const allowed = (await stream.next(traffic('tools/call', 'echo'), 'the call')).data;
  assert.equal(allowed.decision, 'allow');
  assert.equal(allowed.reason, 'allowed_by_rule');
  assert.match(allowed.rule, /^binds\[0\].*mcpAuthorization\.rules\[0\]$/);
  assert.equal(allowed.expression, 'mcp.tool.name == "echo"');
  assert.equal(allowed.subject, 'test-user');
  assert.equal(allowed.kind, 'tool');
  assert.equal(allowed.target, 'everything');
  assert.equal(allowed.method, 'POST');
  assert.equal(allowed.path, '/mcp');
  assert.equal(allowed.status, 200);
  assert.ok(allowed.durationMs >= 0 && Date.parse(allowed.time) > Date.now() - 600_000);
  assert.match(allowed.source, /^127\.0\.0\.1:\d+$/);
  assert.equal(allowed.route, 'route0');
  assert.ok(allowed.session);

  await failure(client.callTool({ name: 'printEnv', arguments: {} }));
  const denied = (await stream.next(traffic('tools/call', 'printEnv'), 'the refused call')).data;
  assert.equal(denied.decision, 'deny');
  assert.equal(denied.reason, 'denied_no_allow_matched');
  assert.equal(denied.rule, '');

  const measured = (await stream.next((event) => event.name === 'metrics' && event.data.denied >= 1, 'a measure')).data;
  assert.ok(measured.requests >= 3 && measured.allowed >= 1 && measured.connections >= 1 && measured.sessions === 1, JSON.stringify(measured));
  await client.close();
  for (const canary of [argument, token('example2')]) assert.ok(!stream.text.includes(canary), 'a secret in the stream');
  stream.close();
  await gateway.stop();
});

test('"why" of a recorded denial: the caller of then, with all claims, by the same rules', async () => {
  const rules = `
mcpAuthorization:
  rules:
  - 'jwt.nested.key == "value" && mcp.tool.name == "add"'
  - 'jwt.nested.key == "value" && mcp.tool.name == "echo" && mcp.tool.arguments.message == "please"'
  - 'source.address == "127.0.0.1" && mcp.sessionId != "" && mcp.tool.name == "slow"'
`;
  const gateway = await start((port) => mcpConfig(port, { policies: jwtAuth + rules }));
  const base = await gateway.admin();
  const headers = { 'x-agentgateway-token': await pageToken(base), 'content-type': 'application/json' };
  const stream = await Followed.open(base, '/api/v1/events?topics=traffic');
  await stream.next((event) => event.name === 'hello', 'hello');
  const client = await connect(gateway.url(), { token: token('example1') });
  await failure(client.callTool({ name: 'printEnv', arguments: {} }));
  const denied = await stream.next(traffic('tools/call', 'printEnv'), 'the refused call');
  await failure(client.callTool({ name: 'echo', arguments: { message: 'now' } }));
  const byArguments = await stream.next(traffic('tools/call', 'echo'), 'the call refused for its arguments');
  assert.ok(!stream.text.includes('nested'), 'claims in the stream, which many may read');

  const why = async (event, tool, identity = {}) => ask(base, '/api/v1/authz/explain', { method: 'POST', headers, body: JSON.stringify({
    identities: [{ name: 'then', traffic: event.id, ...identity }], resources: { tools: [tool] }, details: true }) });
  const answer = await why(denied, 'printEnv');
  assert.equal(answer.status, 200, answer.text);
  const [identity, cell] = [answer.json.identities[0], answer.json.cells[0][0]];
  assert.deepEqual([identity.kind, identity.accepted, identity.subject], ['recorded', true, 'test-user']);
  assert.deepEqual(identity.claims.nested, { key: 'value' });
  assert.equal(cell.decision, 'deny');
  assert.deepEqual(cell.outcomes, ['false', 'false', 'false']);
  const [first] = cell.rules;
  assert.ok(first.steps.some((step) => step.text === 'jwt.nested.key == "value"' && step.result === 'true'), JSON.stringify(first.steps));
  assert.equal((await why(denied, 'add')).json.cells[0][0].decision, 'allow');
  // What the connection was, too.
  assert.equal((await why(denied, 'slow')).json.cells[0][0].rule, 2);
  // Arguments are not kept: what depends on them is open.
  assert.equal((await why(byArguments, 'echo')).json.cells[0][0].isUndecided, true);
  assert.equal((await why({ id: 'nonsense-1' }, 'echo')).json.error.code, 'not_recorded');
  assert.equal((await why(denied, 'echo', { claims: { sub: 'somebody' } })).status, 400);
  // Two of one name are two, and what is no id is not nobody's.
  const both = await ask(base, '/api/v1/authz/explain', { method: 'POST', headers, body: JSON.stringify({
    identities: [{ name: 'a', traffic: denied.id }, { name: 'a', claims: { sub: 'bob' } }, { name: 'a' }], resources: { tools: ['add'] } }) });
  assert.deepEqual(both.json.identities.map((one) => [one.kind, one.subject]), [['recorded', 'test-user'], ['claims', 'bob'], ['anonymous', null]]);
  assert.deepEqual(both.json.cells.map(([one]) => one.decision), ['allow', 'deny', 'deny']);
  for (const wrong of [{ traffic: 5 }, { token: 5 }, { tokn: 'x' }, { headers: 'x' }]) {
    const refused = await ask(base, '/api/v1/authz/explain', { method: 'POST', headers,
      body: JSON.stringify({ identities: [{ name: 'a', ...wrong }], resources: { tools: ['add'] } }) });
    assert.equal(refused.status, 400, JSON.stringify(wrong));
  }

  const path = `/api/v1/traffic/${denied.id}`;
  assert.equal((await ask(base, path)).json.error.code, 'page_token');
  const kept = (await ask(base, path, { headers })).json;
  assert.equal(kept.arguments, null);
  assert.deepEqual(kept.data.jwt.nested, { key: 'value' });
  assert.deepEqual(kept.data.mcp.tool, { name: 'printEnv', target: 'everything' });
  assert.equal(kept.data.source.address, '127.0.0.1');
  assert.ok(!JSON.stringify(kept).includes(token('example1')));
  assert.equal((await ask(base, '/api/v1/traffic/nonsense-1', { headers })).status, 404);
  await client.close();
  stream.close();
  await gateway.stop();
});

test('of several targets a call goes by the name that clients say, and rules by the target\'s own', async () => {
  const demo = (name) => `          - name: ${name}\n            demo: {}\n`;
  const gateway = await start((port) => mcpConfig(port, { policies: jwtAuth + `\nmcpAuthorization:\n  rules:\n  - 'mcp.tool.name == "echo" && mcp.tool.target == "two"'` })
    .replace(/ {10}- name: everything[^]*$/, demo('one') + demo('two')));
  const base = await gateway.admin();
  const headers = { 'x-agentgateway-token': await pageToken(base), 'content-type': 'application/json' };
  const stream = await Followed.open(base, '/api/v1/events?topics=traffic');
  await stream.next((event) => event.name === 'hello', 'hello');
  const client = await connect(gateway.url());
  await failure(client.callTool({ name: 'one_echo', arguments: {} }));
  const denied = await stream.next(traffic('tools/call'), 'the refused call');
  assert.deepEqual([denied.data.name, denied.data.target, denied.data.decision], ['one_echo', 'one', 'deny']);
  const kept = (await ask(base, `/api/v1/traffic/${denied.id}`, { headers })).json;
  assert.deepEqual(kept.data.mcp.tool, { name: 'echo', target: 'one' });
  const why = async (tool) => (await ask(base, '/api/v1/authz/explain', { method: 'POST', headers, body: JSON.stringify({
    identities: [{ name: 'then', traffic: denied.id }], resources: { tools: [tool] } }) })).json;
  const answer = await why('one_echo');
  assert.deepEqual(answer.subjects.map((one) => [one.name, one.target, one.exposedName]), [['echo', 'one', 'one_echo']]);
  assert.equal(answer.cells[0][0].decision, 'deny');
  assert.equal((await why('two_echo')).cells[0][0].decision, 'allow');
  await client.close();
  stream.close();
  await gateway.stop();
});

test('arguments are recorded only if the operator says so, bounded and without secrets, and forgotten when it ends', async () => {
  const word = secret('canary-password-0123456789');
  const config = (port, isOn) => `config: { admin: { recordArguments: ${isOn} } }\n` + mcpConfig(port, { policies: jwtAuth + `
mcpAuthorization:
  rules:
  - deny: 'mcp.tool.arguments.message == "forbidden"'
  - 'mcp.tool.name == "echo"'
` });
  const gateway = await start((port) => config(port, false));
  const base = await gateway.admin();
  const headers = { 'x-agentgateway-token': await pageToken(base), 'content-type': 'application/json' };
  const isRecording = async () => (await ask(base, '/api/v1/runtime')).json.recordsArguments;
  const stream = await Followed.open(base, '/api/v1/events?topics=traffic');
  await stream.next((event) => event.name === 'hello', 'hello');
  const client = await connect(gateway.url());
  const callOf = async (args) => {
    await client.callTool({ name: 'echo', arguments: args }).catch(() => {});
    return stream.next(traffic('tools/call', 'echo'), 'the call');
  };
  const keptOf = async (event) => (await ask(base, `/api/v1/traffic/${event.id}`, { headers })).json;
  assert.equal(await isRecording(), false);
  assert.equal((await keptOf(await callOf({ message: 'unseen' }))).arguments, null);

  // It takes effect without a restart.
  gateway.write(config(gateway.port, true));
  await until(isRecording, 'it records');
  const event = await callOf({ message: 'forbidden', password: word, deep: [{ api_key: word }] });
  const kept = await keptOf(event);
  assert.deepEqual(kept.arguments, { value: { message: 'forbidden', password: '<redacted>', deep: [{ api_key: '<redacted>' }] }, isCut: false, isRedacted: true });
  const long = await keptOf(await callOf({ message: 'x'.repeat(1_000_000) }));
  assert.equal(long.arguments.isCut, true);
  assert.ok(JSON.stringify(long).length < 10_000);
  const many = await keptOf(await callOf({ message: 'x', list: Array.from({ length: 60_000 }, () => ({})) }));
  assert.equal(many.arguments.isCut, true);
  assert.ok(JSON.stringify(many).length < 12_000);
  const why = async ({ id }) => (await ask(base, '/api/v1/authz/explain', { method: 'POST', headers, body: JSON.stringify({
    identities: [{ name: 'then', traffic: id }], resources: { tools: ['echo'] } }) })).json.cells[0][0];
  // Only the very arguments decide; of what was left out nothing is known.
  assert.equal((await why(event)).isUndecided, true);
  const whole = await callOf({ message: 'forbidden' });
  const { decision, rule, isUndecided } = await why(whole);
  assert.deepEqual([decision, rule, isUndecided], ['deny', 0, false]);
  // They are this call's: of another tool, or of several, they say nothing.
  const others = (await ask(base, '/api/v1/authz/explain', { method: 'POST', headers, body: JSON.stringify({
    identities: [{ name: 'then', traffic: whole.id }], resources: { tools: ['echo', 'add'] } }) })).json;
  assert.deepEqual(others.cells[0].map((cell) => cell.isUndecided), [true, false]);
  assert.ok(!stream.text.includes(word) && !stream.text.includes('"forbidden"}'), 'arguments in the stream, which many may read');
  assert.ok(!gateway.output.includes(word), 'a secret in the log');

  gateway.write(config(gateway.port, false));
  await until(async () => !(await isRecording()), 'it records no more');
  assert.ok(!gateway.output.includes('take effect at the next start'), 'it is taken over at once');
  assert.equal((await keptOf(whole)).arguments, null);
  assert.equal((await keptOf(await callOf({ message: 'unseen' }))).arguments, null);
  await client.close();
  stream.close();
  await gateway.stop();
});

test('a change of the configuration is told, and a reader that comes back goes on where it was', async () => {
  const config = (port, more = '') => mcpConfig(port, { policies: walkthroughRules }) + more;
  const gateway = await start((port) => config(port));
  const base = await gateway.admin();
  const stream = await Followed.open(base, '/api/v1/events?topics=config');
  await stream.next((event) => event.name === 'hello', 'hello');
  gateway.write(config(gateway.port, '# changed\n'));
  const changed = await stream.next((event) => event.name === 'config', 'the change');
  assert.equal(changed.data.state, 'ok');
  assert.equal(changed.data.revision, (await ask(base, '/api/v1/config')).json.running.revision);
  stream.close();

  gateway.write('binds: 7\n');
  await until(async () => (await ask(base, '/api/v1/runtime')).json.file.state === 'rejected', 'it is rejected');
  for (const [path, headers] of [['/api/v1/events?topics=config', { 'last-event-id': changed.id }], [`/api/v1/events?topics=config&since=${changed.id}`, {}]]) {
    const again = await Followed.open(base, path, headers);
    assert.deepEqual((await again.next((event) => event.name === 'hello', 'hello')).data, { revision: changed.data.revision, resumed: true, lost: 0 });
    assert.equal((await again.next((event) => event.name === 'config', 'what was missed')).data.state, 'rejected');
    again.close();
  }
  const anew = await Followed.open(base, '/api/v1/events', { 'last-event-id': 'nonsense-7' });
  assert.equal((await anew.next((event) => event.name === 'hello', 'hello')).data.resumed, false);
  anew.close();
  await gateway.stop();
});

test('a call that comes while the reader is away is not missed', async () => {
  const gateway = await start((port) => mcpConfig(port));
  const base = await gateway.admin();
  const client = await connect(gateway.url());
  const first = await Followed.open(base);
  await first.next((event) => event.name === 'hello', 'hello');
  await callText(client, 'echo', { message: 'seen' });
  const { id } = await first.next(traffic('tools/call'), 'the first call');
  first.close();
  await until(() => first.isClosed, 'it is closed');
  await callText(client, 'echo', { message: 'while nobody looks' });
  const second = await Followed.open(base, '/api/v1/events', { 'last-event-id': id });
  assert.equal((await second.next((event) => event.name === 'hello', 'hello')).data.resumed, true);
  await second.next(traffic('tools/call'), 'the second call');
  second.close();
  await client.close();
  await gateway.stop();
});

test('followers are guarded, checked and bounded', async () => {
  const gateway = await start((port) => mcpConfig(port));
  const base = await gateway.admin();
  for (const [path, headers, status] of [
    ['/api/v1/events?topics=everything', {}, 400],
    ['/api/v1/events', { host: 'evil.example' }, 403],
    ['/api/v1/events', { origin: 'http://evil.example' }, 403],
    ['/api/v1/targets', { 'sec-fetch-site': 'cross-site' }, 403],
    ['/api/v1/targets/0-nothing', {}, 404],
    ['/api/v1/targets/..%2f..%2fetc/stderr', {}, 400],
  ]) assert.equal((await ask(base, path, { headers })).status, status, path);
  assert.equal((await ask(base, '/api/v1/events', { method: 'HEAD' })).status, 200);
  const streams = [];
  for (let i = 0; i < 32; i++) streams.push(await Followed.open(base));
  const refused = await ask(base, '/api/v1/events');
  assert.equal(refused.status, 503);
  assert.equal(refused.json.error.code, 'unavailable');
  streams.pop().close();
  await until(async () => {
    const one = await Followed.open(base);
    one.close();
    return one.status === 200;
  }, 'there is room again');
  // The gateway does not wait for them when it ends.
  await gateway.stop();
  for (const stream of streams) stream.close();
});

test('targets tell how they are, what they wrote, and start anew when asked', async () => {
  const gateway = await start((port) => mcpConfig(port, { args: [fixture, '--stderr', 'a word to the operator'] }));
  const base = await gateway.admin();
  const runtime = (await ask(base, '/api/v1/runtime')).json;
  assert.ok(runtime.capabilities.includes('events') && runtime.capabilities.includes('targets'));
  const model = (await ask(base, '/api/v1/model')).json.binds[0].listeners[0].routes[0];
  const { id } = model.backends[0].targets[0];
  const path = `/api/v1/targets/${encodeURIComponent(id)}`;
  const read = async () => (await ask(base, path)).json;
  assert.deepEqual(await read(), { id, name: 'everything', transport: 'stdio', state: 'idle', sessions: 0, restarts: 0, pids: [], lastError: null, routes: [model.id] });

  const stream = await Followed.open(base, '/api/v1/events?topics=targets');
  await stream.next((event) => event.name === 'hello', 'hello');
  const client = await connect(gateway.url());
  await callText(client, 'echo', { message: 'm' });
  const up = await read();
  assert.equal(up.state, 'up');
  assert.equal(up.sessions, 1);
  assert.equal(up.pids.length, 1);
  assert.ok(isRunning(up.pids[0]));
  assert.deepEqual((await ask(base, '/api/v1/targets')).json.targets.map((target) => target.id), [id]);
  await stream.next((event) => event.name === 'targets' && event.data.id === id && event.data.state === 'up', 'the target is up');
  const written = await until(async () => {
    const tail = (await ask(base, `${path}/stderr`)).json;
    return tail.lines.length > 0 && tail;
  }, 'what it wrote');
  assert.equal(written.dropped, 0);
  assert.equal(written.lines[0].text, 'a word to the operator');
  assert.equal(written.lines[0].pid, up.pids[0]);
  assert.match(written.lines[0].time, /^\d{4}-\d\d-\d\dT.*Z$/);

  assert.equal((await ask(base, `${path}/restart`, { method: 'POST' })).json.error.code, 'page_token');
  const headers = { 'x-agentgateway-token': await pageToken(base) };
  assert.equal((await ask(base, `${path}/restart`, { method: 'GET' })).status, 405);
  assert.equal((await ask(base, `${path}/restart`, { method: 'POST', headers })).status, 202);
  await until(() => !isRunning(up.pids[0]), 'the child has ended');
  await until(async () => (await read()).pids.length === 0, 'it is known that it has');
  assert.equal((await read()).state, 'up', 'nothing has failed');
  // The session of the client is the same, with another child.
  assert.equal(await callText(client, 'echo', { message: 'again' }), 'Echo: again');
  const after = await read();
  assert.equal(after.restarts, 1);
  assert.equal(after.sessions, 1);
  assert.notEqual(after.pids[0], up.pids[0]);
  await client.close();
  stream.close();
  await gateway.stop();
});

test('a target that fails says why, and one that is no child cannot be restarted', async () => {
  const gateway = await start((port) => `
binds:
- port: ${port}
  listeners:
  - routes:
    - backends:
      - mcp:
          failureMode: failOpen
          targets:
          - name: broken
            stdio: { cmd: no-such-command-anywhere }
          - name: demo
            demo: {}
`);
  const base = await gateway.admin();
  const client = await connect(gateway.url());
  assert.ok((await toolNames(client)).includes('demo_echo'));
  const targets = (await ask(base, '/api/v1/targets')).json.targets;
  assert.deepEqual(targets.map((target) => [target.name, target.transport, target.state]), [['broken', 'stdio', 'failing'], ['demo', 'demo', 'up']]);
  assert.match(targets[0].lastError, /no-such-command-anywhere/);
  assert.equal(targets[1].pids, undefined);
  const headers = { 'x-agentgateway-token': await pageToken(base) };
  const refused = await ask(base, `/api/v1/targets/${targets[1].id}/restart`, { method: 'POST', headers });
  assert.equal(refused.status, 409);
  assert.equal(refused.json.error.code, 'not_restartable');
  await client.close();
  await gateway.stop();
});

test('a server over HTTP fails while it cannot be reached, also for sessions that are open', async () => {
  const demo = (port) => `mcp:\n  port: ${port}\n  targets:\n  - name: demo\n    demo: {}\n`;
  const place = await freePort();
  const gateway = await start((port) => `
mcp:
  port: ${port}
  targets:
  - name: far
    mcp: { host: "http://127.0.0.1:${place}/mcp" }
`);
  const base = await gateway.admin();
  const target = async () => (await ask(base, '/api/v1/targets')).json.targets[0];
  assert.equal((await target()).state, 'idle');
  await failure(connect(gateway.url()));
  const down = await target();
  assert.equal(down.state, 'failing');
  assert.ok(down.lastError.length > 0);
  const far = await start(demo, { port: place });
  const client = await connect(gateway.url());
  assert.match(await callText(client, 'echo', { message: 'hello' }), /hello/);
  assert.equal((await target()).state, 'up');
  await far.stop();
  await failure(callText(client, 'echo', { message: 'm' }));
  assert.equal((await target()).state, 'failing');
  assert.equal((await target()).sessions, 1);
  await client.close().catch(() => {});
  await gateway.stop();
});
