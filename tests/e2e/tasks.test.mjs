// Tasks of revision 2025-11-25: clients that ask for them, and tools that their server runs only as tasks for clients
// that make plain calls.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { ElicitRequestSchema as Elicit } from '@modelcontextprotocol/sdk/types.js';
import * as jose from 'jose';
import { everything2025, everything2026, jwtAuth, mcpConfig, patience, secret, start, targetsConfig, until, workFolder } from './lib/gateway.mjs';
import { connectModern } from './lib/modern.mjs';
import { RawClient, callText, connect, failure, textOf } from './lib/mcp.mjs';
import { remoteConfig, serveEverything, serveTasks, taskServer } from './lib/remote.mjs';

const related = 'io.modelcontextprotocol/related-task';
const offer = { list: {}, cancel: {}, requests: { tools: { call: {} } } };
/** As the servers here call their tasks. */
const serversOwn = /\b[0-9a-f]{32}\b/;
const ms = 20000 * patience;

const obliging = { capabilities: { elicitation: { form: {} } }, set: (client) => client.setRequestHandler(Elicit, async ({ params }) => {
  client.asked = [...(client.asked ?? []), params];
  return { action: 'accept', content: { name: 'somebody', interpretation: 'technical' } };
}) };

/** What comes of a tool as a task: { created, all, result }. */
async function asTask(client, name, args = {}, options = {}) {
  const all = [];
  for await (const message of client.experimental.tasks.callToolStream({ name, arguments: args }, undefined, { timeout: ms, task: {}, ...options })) all.push(message);
  return { all, created: all.find(({ type }) => type === 'taskCreated')?.task, last: all.at(-1) };
}

/** The ids of all tasks that it is shown, page by page. */
async function listed(client) {
  const ids = [];
  let cursor;
  do {
    const page = await client.experimental.tasks.listTasks(cursor);
    ids.push(...page.tasks.map(({ taskId }) => taskId));
    cursor = page.nextCursor;
  } while (cursor);
  return ids;
}

/** The same by hand, where no page may say an id of the server's. */
async function shown(client) {
  const ids = [];
  for (let cursor, pages = 1; ; pages++) {
    const { message } = await client.call('tasks/list', cursor ? { cursor } : {});
    assert.doesNotMatch(JSON.stringify(message), serversOwn);
    ids.push(...message.result.tasks.map(({ taskId }) => taskId));
    cursor = message.result.nextCursor;
    if (!cursor) return Object.assign(ids, { pages });
  }
}

/** Begins a task by hand: its id. */
async function begun(client, name) {
  const answer = await client.call('tools/call', { name, arguments: {}, task: { ttl: 60000 } }, { ms });
  assert.ok(answer.message.result?.task?.taskId, JSON.stringify(answer.message));
  return answer.message.result.task.taskId;
}

const raw = async (gateway, options = {}) => {
  const client = new RawClient(gateway.port, { version: '2025-11-25', ...options });
  await client.initialize(options.capabilities);
  return client;
};

const assertUnknown = ({ message }, what) => assert.deepEqual(message.error, { code: -32602, message: 'Task not found' }, what);

for (const kind of ['stdio', 'HTTP']) {
  describe(`tasks of a server over ${kind}`, () => {
    let server;
    let gateway;
    /** What the server says of itself. */
    const said = () => (kind === 'HTTP' ? server.output : gateway.output);
    before(async () => {
      if (kind === 'HTTP') server = await serveTasks();
      gateway = await start((port) => (kind === 'HTTP' ? remoteConfig(port, server.url) : mcpConfig(port, { cmd: 'node', args: [taskServer, 'stdio'] })));
    });
    after(async () => { try { await gateway?.stop(); } finally { await server?.kill(); } });

    test('a client makes one, looks at it and gets its result', async () => {
      const client = await connect(gateway.url());
      assert.deepEqual(client.getServerCapabilities().tasks, offer);
      const { tools } = await client.listTools();
      assert.deepEqual(Object.fromEntries(tools.map((tool) => [tool.name, tool.execution?.taskSupport])),
        { needed: 'optional', possible: 'optional', forever: 'optional', late: 'optional', asking: 'optional', steps: 'optional', plain: 'forbidden', unasked: 'forbidden', broken: 'forbidden' });
      const { all, created, last } = await asTask(client, 'needed');
      assert.equal(last.type, 'result', JSON.stringify(last));
      assert.equal(textOf(last.result), 'done as a task');
      assert.deepEqual(last.result._meta[related], { taskId: created.taskId });
      assert.doesNotMatch(JSON.stringify(all), serversOwn);
      for (const { task } of all.filter(({ type }) => type === 'taskStatus')) assert.equal(task.taskId, created.taskId);
      const again = await client.experimental.tasks.getTask(created.taskId);
      assert.deepEqual([again.taskId, again.status], [created.taskId, 'completed']);
      await client.close();
    });

    test('one is cancelled, and what is wrong with it is said under its id', async () => {
      const client = await raw(gateway);
      const taskId = await begun(client, 'forever');
      const cancelled = await client.call('tasks/cancel', { taskId });
      assert.deepEqual([cancelled.message.result.taskId, cancelled.message.result.status], [taskId, 'cancelled']);
      const twice = await client.call('tasks/cancel', { taskId });
      assert.equal(twice.message.error.code, -32602);
      assert.match(twice.message.error.message, /cancelled/);
      assert.doesNotMatch(JSON.stringify([...cancelled.all, ...twice.all]), serversOwn);
      await client.remove();
    });

    test('what it asks on the way comes with its id, and the answer reaches the server', async () => {
      const client = await connect(gateway.url(), obliging);
      const { created, last } = await asTask(client, 'asking');
      assert.equal(textOf(last.result), 'accept somebody');
      assert.deepEqual(client.asked.map(({ _meta }) => _meta[related]), [{ taskId: created.taskId }]);
      await client.close();
    });

    test('its progress goes on under the token of the call that made it', async () => {
      const client = await connect(gateway.url());
      const seen = [];
      const { created, last } = await asTask(client, 'steps', {}, { onprogress: (progress) => seen.push(progress) });
      assert.equal(textOf(last.result), 'all steps');
      assert.deepEqual(seen.map(({ progress }) => progress), [1, 2, 3]);
      assert.ok(created.taskId);
      await client.close();
    });

    test('a plain call of a tool that needs one is driven', async () => {
      const client = await connect(gateway.url(), obliging);
      await client.listTools();
      const result = await client.callTool({ name: 'needed', arguments: {} }, undefined, { timeout: ms });
      assert.equal(textOf(result), 'done as a task');
      assert.equal(result._meta?.[related], undefined);
      assert.equal(await callText(client, 'asking', {}, { timeout: ms }), 'accept somebody');
      assert.equal(client.asked[0]._meta?.[related], undefined);
      const seen = [];
      assert.equal(await callText(client, 'steps', {}, { timeout: ms, onprogress: ({ progress }) => seen.push(progress) }), 'all steps');
      assert.deepEqual(seen, [1, 2, 3]);
      assert.equal(await callText(client, 'plain'), 'at once');
      assert.equal((await client.callTool({ name: 'broken', arguments: {} })).isError, true);
      await client.close();
    });

    test('a driven call that its client takes back ends the task', async () => {
      const client = await connect(gateway.url());
      const stop = new AbortController();
      const before = [...said().matchAll(/made forever (\w+)/g)].length;
      const calling = failure(client.callTool({ name: 'forever', arguments: {} }, undefined, { timeout: ms, signal: stop.signal }));
      const made = () => [...said().matchAll(/made forever (\w+) ttl (\w+)/g)];
      await until(() => made().length > before, 'the task is made');
      const [, id, ttl] = made().at(-1);
      assert.ok(Number(ttl) >= 600000, `ttl ${ttl}`);
      // Its result is being waited for by now, or will be: either way it is cancelled.
      stop.abort();
      await calling;
      await until(() => said().includes(`status ${id} cancelled`), 'the task is cancelled');
      await client.close();
    });

    test('so does one that is taken back before its task is made', async () => {
      const client = await connect(gateway.url());
      await client.listTools();
      const stop = new AbortController();
      const calling = failure(client.callTool({ name: 'late', arguments: {} }, undefined, { timeout: ms, signal: stop.signal }));
      await until(() => said().includes('waits late'), 'the server has the call');
      stop.abort();
      await calling;
      const id = await until(() => said().match(/made late (\w+)/)?.[1], 'the task is made');
      await until(() => said().includes(`status ${id} cancelled`), 'the task is cancelled');
      await client.close();
    });

    test('a task that nobody asked for is none', async () => {
      const client = await raw(gateway);
      const { all, message } = await client.call('tools/call', { name: 'unasked', arguments: {} }, { ms });
      assert.deepEqual(message.error, { code: -32603, message: 'The server made a task that nobody asked for' });
      assert.doesNotMatch(JSON.stringify(all), serversOwn);
      await client.remove();
    });

    test('a stateless client has its plain calls driven', async () => {
      const client = await connectModern(gateway.url(), { capabilities: { elicitation: { form: {} } }, set: (one) => one.setRequestHandler('elicitation/create', async ({ params }) => {
        one.asked = params;
        return { action: 'accept', content: { name: 'somebody' } };
      }) });
      assert.equal(client.getServerCapabilities().tasks, undefined);
      const result = await client.callTool({ name: 'needed', arguments: {} }, { timeout: ms });
      assert.equal(textOf(result), 'done as a task');
      assert.equal(result._meta?.[related], undefined);
      assert.equal(textOf(await client.callTool({ name: 'asking', arguments: {} }, { timeout: ms })), 'accept somebody');
      assert.equal(client.asked._meta?.[related], undefined);
      const seen = [];
      assert.equal(textOf(await client.callTool({ name: 'steps', arguments: {} }, { timeout: ms, onprogress: ({ progress }) => seen.push(progress) })), 'all steps');
      assert.deepEqual(seen, [1, 2, 3]);
      const made = () => [...said().matchAll(/made forever (\w+)/g)];
      const before = made().length;
      const stop = new AbortController();
      const calling = failure(client.callTool({ name: 'forever', arguments: {} }, { timeout: ms, signal: stop.signal }));
      await until(() => made().length > before, 'the task is made');
      const [, id] = made().at(-1);
      stop.abort();
      await calling;
      await until(() => said().includes(`status ${id} cancelled`), 'the task is cancelled');
      await client.close();
    });

    test('a client of an earlier revision hears nothing of tasks', async () => {
      const client = await raw(gateway, { version: '2025-06-18' });
      assert.equal(client.initialized.result.capabilities.tasks, undefined);
      const { message } = await client.call('tools/list');
      assert.ok(message.result.tools.every((tool) => tool.execution === undefined));
      for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel', 'tasks/list'])
        assert.equal((await client.call(method, { taskId: 'x' })).message.error.code, -32601);
      const called = await client.call('tools/call', { name: 'needed', arguments: {}, task: { ttl: 1 } }, { ms });
      assert.equal(called.message.result.content[0].text, 'done as a task');
      assert.doesNotMatch(JSON.stringify(called.all), /related-task/);
      await client.remove();
    });

    test('a client over SSE has them as well', async () => {
      const client = new Client({ name: 'e2e', version: '1' }, { capabilities: obliging.capabilities });
      obliging.set(client);
      await client.connect(new SSEClientTransport(new URL(gateway.url('/sse'))), { timeout: ms });
      assert.deepEqual(client.getServerCapabilities().tasks, offer);
      const { created, last } = await asTask(client, 'asking');
      assert.equal(textOf(last.result), 'accept somebody');
      assert.deepEqual(last.result._meta[related], { taskId: created.taskId });
      assert.doesNotMatch(created.taskId, serversOwn);
      assert.deepEqual(await listed(client), [created.taskId]);
      assert.equal(await callText(client, 'asking', {}, { timeout: ms }), 'accept somebody');
      await client.close();
    });

    test('of all tasks a client is shown those it made or presented', async () => {
      const [first, second] = [await raw(gateway), await raw(gateway)];
      const mine = [await begun(first, 'forever'), await begun(first, 'forever')];
      // More than the server has on one page.
      const others = [];
      for (let i = 0; i < 12; i++) others.push(await begun(second, 'forever'));
      const firsts = await shown(first);
      assert.deepEqual([...firsts], mine);
      assert.ok(kind === 'stdio' || firsts.pages > 1, `pages: ${firsts.pages}`);
      const seconds = await shown(second);
      assert.deepEqual([...seconds], others);
      assert.ok(seconds.pages > 1, `pages: ${seconds.pages}`);
      // The same caller on the same route, in another session: as far as the server knows it there.
      const { message } = await second.call('tasks/get', { taskId: mine[0] });
      assert.equal(message.result?.taskId, kind === 'HTTP' ? mine[0] : undefined);
      if (kind === 'HTTP') assert.deepEqual((await shown(second)).toSorted(), [mine[0], ...others].toSorted());
      // What the server itself calls the place.
      const own = [...said().matchAll(/made forever (\w+)/g)].at(-3)[1];
      for (const cursor of [own, mine[0], ''])
        assert.deepEqual((await second.call('tasks/list', { cursor })).message.error, { code: -32602, message: 'Invalid cursor' });
      for (const client of [first, second]) await client.remove();
    });

    test('ids that were not given to the client are unknown', async () => {
      const client = await raw(gateway);
      const taskId = await begun(client, 'forever');
      const own = await until(() => [...said().matchAll(/made forever (\w+)/g)].at(-1)?.[1], 'the server says its id');
      const altered = taskId.slice(0, 40) + (taskId[40] === 'A' ? 'B' : 'A') + taskId.slice(41);
      for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
        for (const id of [own, altered, '', 'x'.repeat(100000), `default+${own}`, client.session])
          assertUnknown(await client.call(method, { taskId: id }), `${method} ${id.slice(0, 50)}`);
        assert.equal((await client.call(method, {})).message.error.code, -32602);
      }
      assert.equal((await client.call('tasks/get', { taskId })).message.result.status, 'working');
      await client.remove();
    });
  });
}

describe('tasks of several targets', () => {
  let server;
  let gateway;
  before(async () => {
    server = await serveTasks();
    gateway = await start((port) => targetsConfig(port, [
      `{ name: one, mcp: { host: "${server.url}" } }`,
      `{ name: two, stdio: { cmd: node, args: ["${taskServer}", stdio] } }`,
      `{ name: none, stdio: { cmd: node, args: ["${everything2025}", stdio] } }`]));
  });
  after(async () => { try { await gateway?.stop(); } finally { await server?.kill(); } });

  test('each has its own, and they are listed together', async () => {
    const client = await connect(gateway.url(), obliging);
    assert.deepEqual(client.getServerCapabilities().tasks, offer);
    const { tools } = await client.listTools();
    assert.equal(tools.find(({ name }) => name === 'one_needed').execution.taskSupport, 'optional');
    assert.ok(tools.filter(({ name }) => name.startsWith('none_')).every((tool) => tool.execution === undefined));
    const ids = [];
    for (const target of ['one', 'two']) {
      const seen = [];
      const { created, last } = await asTask(client, `${target}_asking`);
      assert.equal(textOf(last.result), 'accept somebody');
      assert.deepEqual(last.result._meta[related], { taskId: created.taskId });
      assert.deepEqual(client.asked.at(-1)._meta[related], { taskId: created.taskId });
      assert.equal(await callText(client, `${target}_steps`, {}, { timeout: ms, onprogress: ({ progress }) => seen.push(progress) }), 'all steps');
      assert.deepEqual(seen, [1, 2, 3]);
      ids.push(created.taskId);
    }
    assert.deepEqual((await listed(client)).toSorted(), ids.toSorted());
    await client.close();
  });

  test('a task is cancelled where it is, and a tool of a target without tasks is called as ever', async () => {
    const client = await raw(gateway);
    const taskId = await begun(client, 'two_forever');
    const cancelled = await client.call('tasks/cancel', { taskId });
    assert.deepEqual([cancelled.message.result.taskId, cancelled.message.result.status], [taskId, 'cancelled']);
    assertUnknown(await client.call('tasks/get', { taskId: `two+${[...gateway.output.matchAll(/made forever (\w+)/g)].at(-1)?.[1]}` }));
    const called = await client.call('tools/call', { name: 'none_add', arguments: { a: 2, b: 3 }, task: { ttl: 1 } }, { ms });
    assert.match(called.message.result.content[0].text, /\b5\b/);
    await client.remove();
  });
});

describe('tasks and who may use them', () => {
  const policies = (rule) => `${jwtAuth}
mcpAuthorization:
  rules:
  - '${rule}'`;
  let server;
  let gateway;
  const config = (port, rule) => remoteConfig(port, server.url, policies(rule)) + `
    - matches: [{ path: { exact: /other } }]
      policies:
${jwtAuth.trim().split('\n').map((line) => '        ' + line).join('\n')}
      backends:
      - mcp:
          name: default
          targets:
          - name: remote
            mcp:
              host: ${server.url}
`;
  let alice;
  let bob;
  before(async () => {
    server = await serveTasks();
    const keys = await jose.generateKeyPair('ES256', { extractable: true });
    const folder = workFolder();
    writeFileSync(join(folder, 'manifests/jwt/pub-key'), JSON.stringify({ keys: [{ ...(await jose.exportJWK(keys.publicKey)), kid: 'k', alg: 'ES256' }] }));
    [alice, bob] = await Promise.all(['alice', 'bob'].map(async (sub) => secret(await new jose.SignJWT({ sub }).setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .setIssuer('agentgateway.dev').setAudience('test.agentgateway.dev').setExpirationTime('10m').sign(keys.privateKey))));
    gateway = await start((port) => config(port, 'mcp.tool.name in ["forever", "needed"]'), { folder });
  });
  after(async () => { try { await gateway?.stop(); } finally { await server?.kill(); } });

  test('nobody else, and on no other route', async () => {
    const mine = await raw(gateway, { token: alice });
    const taskId = await begun(mine, 'forever');
    for (let i = 0; i < 12; i++) await begun(mine, 'forever');
    const others = { bob: await raw(gateway, { token: bob }), nobody: await raw(gateway), route: await raw(gateway, { token: alice, path: '/other' }) };
    for (const [who, client] of Object.entries(others)) {
      for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) assertUnknown(await client.call(method, { taskId }), `${who} ${method}`);
      const page = await shown(client);
      assert.deepEqual([...page], []);
      assert.ok(page.pages > 1, `pages: ${page.pages}`);
    }
    const { message } = await mine.call('tasks/list', {});
    assert.deepEqual((await others.bob.call('tasks/list', { cursor: message.result.nextCursor })).message.error, { code: -32602, message: 'Invalid cursor' });
    assert.equal((await mine.call('tasks/get', { taskId })).message.result.status, 'working');
  });

  test('nobody any more, once the rules forbid the tool', async () => {
    const client = await raw(gateway, { token: alice });
    const taskId = await begun(client, 'forever');
    const kept = await begun(client, 'needed');
    const relate = () => client.post({ jsonrpc: '2.0', method: 'notifications/roots/list_changed', params: { _meta: { [related]: { taskId } } } });
    await relate();
    const own = await until(() => server.output.match(/roots changed ([0-9a-f]{32})/)?.[1], 'the server hears of it under its own id');
    gateway.write(config(gateway.port, 'mcp.tool.name == "needed"'));
    await until(async () => (await client.call('tasks/get', { taskId })).message.error !== undefined, 'the new rules are in force');
    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) assertUnknown(await client.call(method, { taskId }), method);
    await relate();
    await until(() => server.output.includes('roots changed undefined'), 'the server hears of it without the task');
    assert.equal(server.output.split(`roots changed ${own}`).length, 2);
    assert.deepEqual([...await shown(client)], [kept]);
    assert.equal((await client.call('tasks/result', { taskId: kept }, { ms })).message.result.content[0].text, 'done as a task');
  });
});

test('another gateway with the key goes on with the tasks of a session', async () => {
  const server = await serveTasks();
  const key = secret(randomBytes(32).toString('hex'));
  const gateways = [];
  try {
    for (const _ of [1, 2]) gateways.push(await start((port) => `config: { session: { key: "${key}" } }\n${remoteConfig(port, server.url)}`));
    const [first, second] = gateways;
    const client = await raw(first);
    const taskId = await begun(client, 'forever');
    const elsewhere = Object.assign(new RawClient(second.port, { version: '2025-11-25' }), { session: secret(client.session), id: 1000 });
    const shown = async () => (await elsewhere.call('tasks/list', {})).message.result.tasks.map((task) => task.taskId);
    assert.deepEqual(await shown(), [], 'it does not know yet what was made elsewhere');
    const { message } = await elsewhere.call('tasks/get', { taskId });
    assert.deepEqual([message.result.taskId, message.result.status], [taskId, 'working']);
    assert.deepEqual(await shown(), [taskId]);
    assert.equal((await elsewhere.call('tasks/cancel', { taskId })).message.result.status, 'cancelled');
    assert.equal((await client.call('tasks/get', { taskId })).message.result.status, 'cancelled');
  } finally {
    for (const gateway of gateways) await gateway.stop();
    await server.kill();
  }
});

for (const kind of ['stdio', 'HTTP']) {
  describe(`server-everything's research over ${kind}`, () => {
    let server;
    let gateway;
    before(async () => {
      if (kind === 'HTTP') server = await serveEverything(everything2026);
      gateway = await start((port) => (kind === 'HTTP' ? remoteConfig(port, server.url) : mcpConfig(port, { cmd: 'node', args: [everything2026, 'stdio'] })));
    });
    after(async () => { try { await gateway?.stop(); } finally { await server?.kill(); } });

    test('as a task, with a question', async () => {
      const client = await connect(gateway.url(), obliging);
      const { last, created } = await asTask(client, 'simulate-research-query', { topic: 'tea', ambiguous: true });
      assert.match(textOf(last.result), /Research Report: tea \(technical\)/);
      assert.deepEqual(client.asked[0]._meta[related], { taskId: created.taskId });
      await client.close();
    });

    test('driven for a plain call, with a question', async () => {
      const client = await connect(gateway.url(), obliging);
      assert.match(await callText(client, 'simulate-research-query', { topic: 'tea', ambiguous: true }, { timeout: ms }), /Research Report: tea \(technical\)/);
      assert.equal(client.asked.length, 1);
      await client.close();
    });
  });
}
