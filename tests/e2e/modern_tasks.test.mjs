// Tasks of 2026-07-28 (extension io.modelcontextprotocol/tasks): a server that makes them, clients that follow them, and
// those that would like to follow somebody else's.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as jose from 'jose';
import { fixture, jwtAuth, mcpConfig, patience, secret, start, targetsConfig, until, workFolder } from './lib/gateway.mjs';
import { RawModern } from './lib/modern.mjs';
import { modernTaskServer, remoteConfig, serveModernTasks } from './lib/remote.mjs';

const extension = 'io.modelcontextprotocol/tasks';
const key = (name) => `io.modelcontextprotocol/${name}`;
const follows = { extensions: { [extension]: {} } };
const undeclared = { code: -32021, message: 'Missing required client capability', data: { requiredCapabilities: { extensions: { [extension]: {} } } } };
const unknown = { code: -32602, message: 'Task not found' };

const textOf = (answer) => answer.message.result.content[0].text;
const get = (client, taskId, options) => client.call('tasks/get', { taskId }, options);
const isUnknown = ({ status, message }, what) => assert.deepEqual([status, message.error], [200, unknown], what);
/** What the server has heard of tasks, and the ids it gave. */
const heard = async (client) => JSON.parse(textOf(await client.tool('seen')));
const idsOf = async (client) => JSON.parse(textOf(await client.tool('all')));

async function begun(client, tool, args = {}) {
  const { status, message } = await client.tool(tool, args);
  assert.equal(status, 200);
  assert.equal(message.result?.resultType, 'task', JSON.stringify(message));
  return message.result;
}

const state = (client, taskId, status) => until(async () => {
  const { message } = await get(client, taskId);
  assert.ok(message.result, JSON.stringify(message));
  return message.result.status === status && message.result;
}, `the task is ${status}`);

const over = { http: async () => serveModernTasks(), stdio: async () => undefined };
const configOf = { http: (port, server, policies) => remoteConfig(port, server.url, policies), stdio: (port, _, policies) => mcpConfig(port, { cmd: 'node', args: [modernTaskServer, 'stdio'], policies }) };

/** A gateway in front of such a server, for the tests of one room. */
function serving(transport) {
  const place = { client: (capabilities = follows) => new RawModern(place.gateway.port, { capabilities }) };
  before(async () => {
    place.server = await over[transport]();
    place.gateway = await start((port) => configOf[transport](port, place.server));
  });
  after(async () => { try { await place.gateway?.stop(); } finally { await place.server?.kill(); } });
  return place;
}

for (const transport of ['http', 'stdio']) {
  describe(`a task of a server over ${transport}`, () => {
    const { client } = serving(transport);

    test('the extension is offered, and only for who declares it', async () => {
      const { result } = (await client({}).call('server/discover')).message;
      assert.deepEqual(result.capabilities.extensions, { [extension]: {} });
      assert.equal(result.capabilities.tasks, undefined);
      const plain = await client({}).tool('slow_compute', { seconds: 0, label: 'x' });
      assert.deepEqual([plain.message.result.resultType, textOf(plain)], ['complete', 'computed x']);
      const needed = await client({}).tool('failing_job');
      assert.deepEqual([needed.status, needed.message.error], [400, undeclared]);
      for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
        const { status, message } = await client({}).call(method, { taskId: 'x', inputResponses: {} });
        assert.deepEqual([status, message.error], [400, undeclared], method);
      }
      for (const method of ['tasks/result', 'tasks/list']) {
        const { status, message } = await client().call(method, { taskId: 'x' });
        assert.deepEqual([status, message.error.code], [404, -32601], method);
      }
    });

    test('is followed to its result under an id that is not the server\'s', async () => {
      const one = client();
      const task = await begun(one, 'hold', { label: 'first' });
      assert.deepEqual([task.status, task.ttlMs, task.pollIntervalMs], ['working', 300000, 100]);
      assert.equal(task._meta[key('related-task')], undefined);
      const ids = await idsOf(one);
      assert.ok(!ids.includes(task.taskId) && ids.every((id) => !JSON.stringify(task).includes(id)));
      const working = (await get(one, task.taskId)).message.result;
      assert.deepEqual([working.resultType, working.taskId, working.status, working.ttlMs], ['complete', task.taskId, 'working', 300000]);
      const asked = (await heard(one)).findLast((request) => request.method === 'tasks/get');
      assert.ok(ids.includes(asked.taskId) && asked.follows);
      if (transport === 'http') assert.equal(asked.header, asked.taskId);
      assert.equal(textOf(await one.tool('release', { label: 'first' })), 'released');
      const done = await state(one, task.taskId, 'completed');
      assert.equal(done.result.content[0].text, 'held first');
      assert.ok((await idsOf(one)).every((id) => !JSON.stringify(done).includes(id)));
    });

    test('what fails and what is cancelled is told', async () => {
      const one = client();
      const failing = await begun(one, 'failing_job');
      assert.equal((await state(one, failing.taskId, 'completed')).result.isError, true);
      const broken = await begun(one, 'protocol_error_job');
      assert.deepEqual((await state(one, broken.taskId, 'failed')).error, { code: -32603, message: 'the job broke' });
      const held = await begun(one, 'hold', { label: 'never' });
      for (const _ of [1, 2]) {
        const { status, message } = await one.call('tasks/cancel', { taskId: held.taskId });
        assert.equal(status, 200);
        assert.deepEqual([message.result.resultType, message.result.taskId], ['complete', undefined]);
      }
      await state(one, held.taskId, 'cancelled');
    });

    test('asks, and the answers of tasks/update reach it', async () => {
      const one = client({ ...follows, elicitation: {} });
      const { taskId } = await begun(one, 'multi_input');
      const waiting = await state(one, taskId, 'input_required');
      assert.deepEqual(Object.keys(waiting.inputRequests).sort(), ['first', 'second']);
      assert.deepEqual([waiting.inputRequests.first.method, waiting.inputRequests.first.params.message], ['elicitation/create', 'First?']);
      const update = (inputResponses) => one.call('tasks/update', { taskId, inputResponses });
      assert.deepEqual((await update('none')).message.error.code, -32602);
      const answer = (name) => ({ action: 'accept', content: { name } });
      assert.deepEqual((await update({ first: answer('a'), other: answer('b') })).message.result.resultType, 'complete');
      assert.deepEqual(Object.keys((await get(one, taskId)).message.result.inputRequests), ['second']);
      await update({ second: answer('c') });
      const done = await state(one, taskId, 'completed');
      assert.deepEqual(JSON.parse(done.result.content[0].text), { first: answer('a'), second: answer('c') });
    });

    test('may begin after questions, for a client that declares it both times', async () => {
      const one = client({ ...follows, elicitation: {} });
      const first = (await one.tool('test_tool_with_task')).message.result;
      assert.equal(first.resultType, 'input_required');
      const params = { requestState: first.requestState, inputResponses: { user_name: { action: 'accept', content: { name: 'Alice' } } } };
      const refused = await client({ elicitation: {} }).tool('test_tool_with_task', {}, { params });
      assert.equal(refused.message.error.message, 'Invalid or expired requestState');
      const made = (await one.tool('test_tool_with_task', {}, { params })).message.result;
      assert.deepEqual([made.resultType, made.requestState], ['task', undefined]);
      assert.match((await state(one, made.taskId, 'completed')).result.content[0].text, /Alice/);
    });

    test('what the header says must be what the body says', async () => {
      const one = client();
      const { taskId } = await begun(one, 'slow_compute', { seconds: 0 });
      for (const name of [undefined, 'another', taskId.slice(1)]) {
        const { status, message } = await get(one, taskId, { headers: { 'mcp-name': name } });
        assert.deepEqual([status, message.error.code], [400, -32020]);
      }
    });

    test('of several calls at once is found in the process that has it', async () => {
      const one = client({ ...follows, elicitation: {} });
      const made = await Promise.all([1, 2, 3].map(() => begun(one, 'confirm_delete', { filename: 'f' })));
      await Promise.all(made.map(async ({ taskId }) => {
        await state(one, taskId, 'input_required');
        await one.call('tasks/update', { taskId, inputResponses: { confirm: { action: 'accept' } } });
        assert.equal((await state(one, taskId, 'completed')).result.content[0].text, 'f: accept');
      }));
    });

    test('of a server that breaks the rules is an error, and its id stays here', async () => {
      const one = client();
      for (const [who, tool] of [[client({}), 'unasked'], [one, 'long_id']]) {
        const { message } = await who.tool(tool);
        assert.equal(message.error.code, -32603, JSON.stringify(message));
        assert.ok((await idsOf(one)).every((id) => !JSON.stringify(message).includes(id)));
      }
    });
  });
}

test('the process that has a task is kept for it, also if another call there does not end', async () => {
  const gateway = await start((port) => configOf.stdio(port, undefined, `\ntimeout: { requestTimeout: ${4 * patience}s }`));
  try {
    // Who can be asked has a process alone for each call.
    const one = new RawModern(gateway.port, { capabilities: { ...follows, elicitation: {} } });
    const { taskId } = await begun(one, 'hold', { label: 'kept' });
    const plain = new RawModern(gateway.port, { capabilities: { elicitation: {} } });
    const late = await plain.tool('slow_compute', { seconds: 600 }, { ms: 60000 * patience });
    assert.ok(late.status !== 200 || late.message.error, JSON.stringify(late.message));
    assert.equal((await get(one, taskId)).message.result?.status, 'working');
    assert.deepEqual(await idsOf(plain), [], 'calls go to another process');
    assert.equal((await get(one, taskId)).message.result?.status, 'working');
  } finally { await gateway.stop(); }
});

test('a server without the extension has no tasks', async () => {
  const gateway = await start((port) => mcpConfig(port, { args: [fixture] }));
  const one = new RawModern(gateway.port, { capabilities: follows });
  assert.equal((await one.call('server/discover')).message.result.capabilities.extensions, undefined);
  for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
    const { status, message } = await one.call(method, { taskId: 'x', inputResponses: {} });
    assert.deepEqual([status, message.error.code], [404, -32601], method);
  }
  await gateway.stop();
});

describe('tasks of several servers', () => {
  let server, gateway;
  before(async () => {
    server = await serveModernTasks();
    gateway = await start((port) => targetsConfig(port, [
      `{ name: far, mcp: { host: "${server.url}" } }`,
      `{ name: near, stdio: { cmd: node, args: ["${modernTaskServer}", stdio] } }`,
      `{ name: old, stdio: { cmd: python3, args: ["${fixture}"] } }`]));
  });
  after(async () => { try { await gateway?.stop(); } finally { await server?.kill(); } });

  test('each goes to its own, and is told of', async () => {
    const one = new RawModern(gateway.port, { capabilities: follows });
    assert.deepEqual((await one.call('server/discover')).message.result.capabilities.extensions, { [extension]: {} });
    for (const target of ['far', 'near']) {
      const { taskId } = await begun(one, `${target}_hold`, { label: target });
      const ids = JSON.parse(textOf(await one.tool(`${target}_all`)));
      assert.ok(ids.length === 1 && !taskId.includes(ids[0]));
      assert.equal((await get(one, taskId)).message.result.status, 'working');
      const stream = await listening(one, gateway, [taskId]);
      assert.deepEqual(stream.seen()[0].params.notifications.taskIds, [taskId]);
      assert.equal(textOf(await one.tool(`${target}_release`, { label: target })), 'released');
      await until(() => stream.seen().length >= 2, 'the notification');
      assert.deepEqual([stream.seen()[1].params.taskId, stream.seen()[1].params.status], [taskId, 'completed']);
      assert.ok(!stream.body().includes(ids[0]));
      await stream.stop();
      assert.equal((await state(one, taskId, 'completed')).result.content[0].text, `held ${target}`);
      isUnknown(await get(one, `${target}+${ids[0]}`), 'a made-up name');
      const cancelled = await one.call('tasks/cancel', { taskId });
      assert.equal(cancelled.message.result.resultType, 'complete');
    }
    assert.equal((await one.tool('old_echo', { message: 'x' })).message.result.resultType, 'complete');
  });
});

describe('somebody else\'s task', () => {
  let server, gateway, tokens, configured;
  before(async () => {
    server = await serveModernTasks();
    const folder = workFolder();
    const keys = await jose.generateKeyPair('ES256', { extractable: true });
    writeFileSync(join(folder, 'manifests/jwt/pub-key'), JSON.stringify({ keys: [{ ...(await jose.exportJWK(keys.publicKey)), kid: 'k', alg: 'ES256' }] }));
    const mint = async (sub) => secret(await new jose.SignJWT({ sub }).setProtectedHeader({ alg: 'ES256', kid: 'k' }).setIssuer('agentgateway.dev')
      .setAudience('test.agentgateway.dev').setExpirationTime('10m').sign(keys.privateKey));
    tokens = { alice: await mint('alice'), bob: await mint('bob') };
    const route = (path, rules) => `
    - matches:
      - path: { pathPrefix: ${path} }
      policies:${`${jwtAuth}\n  mode: strict\nmcpAuthorization:\n  rules:\n${rules.map((rule) => `  - '${rule}'`).join('\n')}`.replaceAll('\n', '\n        ')}
      backends:
      - mcp:
          targets:
          - name: remote
            mcp: { host: ${server.url} }`;
    configured = (port, rule) => `
binds:
- port: ${port}
  listeners:
  - routes:${route('/mcp', [rule])}${route('/other', ['mcp.tool.name != ""'])}
`;
    gateway = await start((port) => configured(port, 'mcp.tool.name != ""'), { folder });
  });
  after(async () => { try { await gateway?.stop(); } finally { await server?.kill(); } });
  const client = (name, path = '/mcp') => new RawModern(gateway.port, { token: tokens[name], capabilities: follows, path });
  const asked = async () => (await heard(client('alice'))).filter(({ method }) => method.startsWith('tasks/')).length;

  test('is unknown to other callers and on other routes, and so is any id that was not given', async () => {
    const alice = client('alice');
    const { taskId } = await begun(alice, 'hold', { label: 'mine' });
    const own = (await idsOf(alice)).at(-1);
    const before = await asked();
    const altered = [0, 20, Math.floor(taskId.length / 2), taskId.length - 1].map((at) => taskId.slice(0, at) + (taskId[at] === 'A' ? 'B' : 'A') + taskId.slice(at + 1));
    for (const [who, id, what] of [
      [client('bob'), taskId, 'another caller'], [client('alice', '/other'), taskId, 'another route'], [alice, own, 'the server\'s own id'],
      [alice, `remote+${own}`, 'as if of several'], [alice, '', 'empty'], [alice, 'x'.repeat(3000), 'long'], [alice, `${taskId}A`, 'longer'], ...altered.map((one) => [alice, one, 'altered']),
    ]) {
      for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) isUnknown(await who.call(method, { taskId: id, inputResponses: {} }), `${what}, ${method}`);
    }
    for (const params of [{}, { taskId: 7 }, { taskId: null }]) assert.equal((await alice.call('tasks/get', params, { headers: { 'mcp-name': undefined } })).message.error.code, -32602);
    assert.equal(await asked(), before, 'nothing of it reached the server');
    assert.equal((await get(alice, taskId)).message.result.status, 'working');
    await alice.tool('release', { label: 'mine' });
    await state(alice, taskId, 'completed');
  });

  test('is gone with the tool that made it, at once, and comes back with it', async () => {
    const alice = client('alice');
    const { taskId } = await begun(alice, 'hold', { label: 'ruled' });
    gateway.write(configured(gateway.port, 'mcp.tool.name != "hold"'));
    await until(async () => (await get(alice, taskId)).message.error?.message === unknown.message, 'the rule is in force');
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) isUnknown(await alice.call(method, { taskId, inputResponses: {} }), method);
    await until(() => gateway.hasLine(/tasks\/cancel.*hold|hold.*tasks\/cancel/), 'the record names the tool');
    gateway.write(configured(gateway.port, 'mcp.tool.name != ""'));
    await until(async () => (await get(alice, taskId)).message.result?.status === 'working', 'the rule is gone');
    await alice.tool('release', { label: 'ruled' });
    await state(alice, taskId, 'completed');
  });
});

/** Reads a stream of notifications: { seen(), stop() }. */
async function listening(client, gateway, taskIds, options) {
  const message = client.message('subscriptions/listen', { notifications: { taskIds } }, { id: 'listen:1', ...options });
  const stop = new AbortController();
  const answer = await fetch(gateway.url(), { method: 'POST', headers: client.headers(message), body: JSON.stringify(message), signal: stop.signal });
  let text = '';
  const reading = (async () => { for await (const piece of answer.body) text += Buffer.from(piece).toString(); })().catch(() => {});
  const seen = () => text.split('\n').filter((line) => line.startsWith('data:')).map((line) => JSON.parse(line.slice(5)));
  await until(() => seen().length > 0 || answer.status !== 200, 'the first word');
  return { status: answer.status, seen, body: () => text, stop: () => { stop.abort(); return reading; } };
}

for (const transport of ['http', 'stdio']) {
  describe(`listening for tasks of a server over ${transport}`, () => {
    const place = serving(transport);
    const { client } = place;

    test('each step is told to who asked for that task, as tasks/get would tell it', async () => {
      const one = client();
      const { taskId } = await begun(one, 'hold', { label: 'told' });
      const other = await begun(one, 'hold', { label: 'untold' });
      const stream = await listening(one, place.gateway, [taskId, 'made up']);
      assert.equal(stream.status, 200);
      assert.deepEqual([stream.seen()[0].method, stream.seen()[0].params.notifications], ['notifications/subscriptions/acknowledged', { taskIds: [taskId] }]);
      await one.tool('release', { label: 'untold' });
      await state(one, other.taskId, 'completed');
      await one.tool('release', { label: 'told' });
      await until(() => stream.seen().length >= 2, 'the notification');
      const { method, params } = stream.seen()[1];
      assert.deepEqual([method, params.taskId, params.status, params.result.content[0].text], ['notifications/tasks', taskId, 'completed', 'held told']);
      assert.deepEqual(params._meta, { [key('subscriptionId')]: 'listen:1' });
      assert.ok((await idsOf(one)).every((id) => !stream.body().includes(id)));
      await stream.stop();
    });

    test('the client has to declare the extension', async () => {
      const one = client();
      const { taskId } = await begun(one, 'hold', { label: 'undeclared' });
      const stream = await listening(client({}), place.gateway, [taskId]);
      assert.equal(stream.status, 400);
      await until(() => stream.body().includes('-32021'), 'the code');
      await stream.stop();
      await one.tool('release', { label: 'undeclared' });
    });
  });
}
