// Several real MCP servers behind one address: two child processes and one over HTTP, spoken to by the official SDK client.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema, ResourceUpdatedNotificationSchema, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { join } from 'node:path';
import { everything2025, everything2026, fixture, isRunning, received, start, token, until, workFolder } from './lib/gateway.mjs';
import { callText, connect, failure, RawClient, resourceUris, toolNames } from './lib/mcp.mjs';
import { serveEverything, serveFixture } from './lib/remote.mjs';

const config = (port, targets, { policies = '', mode = 'failClosed' } = {}) => `
binds:
- port: ${port}
  listeners:
  - routes:
    - policies: { ${policies} }
      backends:
      - mcp:
          failureMode: ${mode}
          targets:
${targets.map((target) => `          - ${JSON.stringify(target)}`).join('\n')}
`;
const child = (name, ...args) => ({ name, stdio: { cmd: args[0], args: args.slice(1) } });
const full = { sampling: {}, elicitation: { form: {} }, roots: { listChanged: true } };

describe('three servers', () => {
  let gateway, remote;
  before(async () => {
    remote = await serveEverything(everything2025);
    gateway = await start((port) => config(port, [
      child('all', 'node', everything2026, 'stdio'), child('fix', 'python3', fixture, '--page', '2'), { name: 'far', mcp: { host: remote.url } }]));
  });
  after(async () => {
    await gateway?.stop();
    await remote?.kill();
  });

  test('look like one that can do what any of them can', async () => {
    const client = await connect(gateway.url());
    assert.equal(client.getServerVersion().name, 'agentgateway');
    for (const capability of ['tools', 'prompts', 'resources', 'logging', 'completions']) assert.ok(client.getServerCapabilities()[capability], capability);
    assert.equal(client.getServerCapabilities().resources.subscribe, true);
    assert.match(client.getInstructions(), /^\[all\]\n/);
    await client.close();
  });

  test('their tools are one list, in the order of the configuration, with every page', async () => {
    const client = await connect(gateway.url());
    const names = await toolNames(client);
    for (const name of ['all_echo', 'all_get-sum', 'fix_echo', 'fix_noise', 'far_echo', 'far_add']) assert.ok(names.includes(name), `${name} in ${names}`);
    const targets = names.map((name) => name.split('_')[0]);
    assert.deepEqual([...new Set(targets)], ['all', 'fix', 'far']);
    assert.deepEqual(targets, [...targets].sort((a, b) => ['all', 'fix', 'far'].indexOf(a) - ['all', 'fix', 'far'].indexOf(b)));
    await client.close();
  });

  test('each call goes to its own server', async () => {
    const client = await connect(gateway.url());
    assert.match(await callText(client, 'all_get-sum', { a: 2, b: 3 }), /\b5\b/);
    assert.match(await callText(client, 'fix_add', { a: 2, b: 4 }), /\b6\b/);
    assert.match(await callText(client, 'far_add', { a: 2, b: 5 }), /\b7\b/);
    for (const name of ['all_add', 'far_get-sum', 'echo', 'other_echo', 'ALL_echo']) assert.match((await failure(client.callTool({ name }))).message, new RegExp(`Unknown tool: ${name}`));
    await client.close();
  });

  test('prompts, completion', async () => {
    const client = await connect(gateway.url());
    const names = (await client.listPrompts()).prompts.map((prompt) => prompt.name);
    for (const name of ['all_simple-prompt', 'fix_greet', 'far_simple_prompt']) assert.ok(names.includes(name), `${name} in ${names}`);
    assert.ok((await client.getPrompt({ name: 'far_simple_prompt' })).messages.length > 0);
    const completed = await client.complete({ ref: { type: 'ref/prompt', name: 'all_completable-prompt' }, argument: { name: 'department', value: '' } });
    assert.ok(completed.completion.values.length > 0);
    await client.close();
  });

  test('resources: all pages, reading, links', async () => {
    const client = await connect(gateway.url());
    const uris = await resourceUris(client);
    const count = (target) => uris.filter((uri) => uri.startsWith(`${target}+`)).length;
    assert.deepEqual([count('all'), count('fix'), count('far')], [7, 7, 100], uris.slice(0, 20).join());
    for (const uri of ['fix+test://item/7', uris.at(-1), uris[0]]) assert.equal((await client.readResource({ uri })).contents[0].uri, uri);
    assert.match((await failure(client.readResource({ uri: 'test://item/7' }))).message, /Unknown resource/);
    const templates = (await client.listResourceTemplates()).resourceTemplates.map((template) => template.uriTemplate);
    assert.ok(templates.some((template) => template.startsWith('all+')) && templates.some((template) => template.startsWith('far+')), templates.join());
    const link = (await client.callTool({ name: 'far_getResourceLinks', arguments: { count: 1 } })).content.find((part) => part.type === 'resource_link');
    assert.equal((await client.readResource({ uri: link.uri })).contents[0].uri, link.uri);
    await client.close();
  });

  test('a cursor that nobody gave is refused', async () => {
    const client = await connect(gateway.url());
    for (const cursor of ['x', '', 'OTk', 'LTE']) assert.equal((await failure(client.listTools({ cursor }))).code, -32602, cursor);
    await client.close();
  });

  test('questions go to the client, and its answers to the server that asked', async () => {
    const client = await connect(gateway.url(), {
      capabilities: full, set(one) {
        one.setRequestHandler(CreateMessageRequestSchema, async () => ({ model: 'canned', role: 'assistant', content: { type: 'text', text: 'canned answer' } }));
        one.setRequestHandler(ElicitRequestSchema, async (request) => ({ action: 'accept', content: { name: request.params.message } }));
        one.setRequestHandler(ListRootsRequestSchema, async () => ({ roots: [{ uri: 'file:///tmp/a-root', name: 'the root' }] }));
      },
    });
    await until(async () => (await toolNames(client)).includes('all_trigger-sampling-request'), 'the tools that need capabilities are offered');
    const answers = await Promise.all([
      callText(client, 'all_trigger-sampling-request', { prompt: 'say it', maxTokens: 10 }), callText(client, 'far_sampleLLM', { prompt: 'say it', maxTokens: 10 }),
      callText(client, 'fix_ask'), callText(client, 'fix_elicit'), callText(client, 'fix_roots')]);
    for (const text of answers.slice(0, 3)) assert.match(text, /canned answer/);
    assert.match(answers[3], /Name\?/);
    assert.match(answers[4], /a-root/);
    await client.close();
  });

  test('progress and cancellation', async () => {
    const client = await connect(gateway.url());
    const seen = { fix: [], far: [] };
    await Promise.all([
      callText(client, 'fix_slow', { ms: 400 }, { onprogress: (progress) => seen.fix.push(progress.total) }),
      callText(client, 'far_longRunningOperation', { duration: 1, steps: 5 }, { onprogress: (progress) => seen.far.push(progress.total) })]);
    assert.ok(seen.fix.length >= 3 && seen.fix.every((total) => total === 4), seen.fix.join());
    assert.ok(seen.far.length >= 3 && seen.far.every((total) => total === 5), seen.far.join());
    const stop = new AbortController();
    const call = client.callTool({ name: 'fix_never' }, undefined, { signal: stop.signal });
    setTimeout(() => stop.abort(), 200);
    await failure(call);
    assert.equal(await callText(client, 'fix_echo', { message: 'next' }), 'Echo: next');
    await client.close();
  });

  test('updates of what was subscribed to carry the name that the client knows', async () => {
    const updated = [];
    const client = await connect(gateway.url(), { set(one) { one.setNotificationHandler(ResourceUpdatedNotificationSchema, (notification) => { updated.push(notification.params.uri); }); } });
    const uri = (await client.listResources()).resources.map((resource) => resource.uri).find((one) => one.startsWith('all+'));
    await client.subscribeResource({ uri });
    await callText(client, 'all_toggle-subscriber-updates');
    await until(() => updated.includes(uri), 'an update arrives', 15000);
    await client.unsubscribeResource({ uri });
    assert.deepEqual([...new Set(updated)], [uri]);
    await client.close();
  });

  test('the level of the log is told to all that log', async () => {
    const client = await connect(gateway.url());
    assert.deepEqual(await client.setLoggingLevel('error'), {});
    await client.close();
  });

  test('changes of one list reach the client', async () => {
    let changes = 0;
    const client = await connect(gateway.url(), { set(one) { one.setNotificationHandler(ToolListChangedNotificationSchema, () => { changes++; }); } });
    await callText(client, 'fix_change');
    await until(() => changes > 0, 'the change arrives');
    await client.close();
  });

  test('a child that was killed is started again, and the others go on', async () => {
    const client = await connect(gateway.url());
    const { pid } = JSON.parse(await callText(client, 'fix_process'));
    process.kill(pid, 'SIGKILL');
    await until(() => !isRunning(pid), 'the child is gone');
    assert.match(await callText(client, 'far_echo', { message: 'still' }), /still/);
    assert.match(await callText(client, 'all_echo', { message: 'here' }), /here/);
    const again = await until(async () => { try { return JSON.parse(await callText(client, 'fix_process')); } catch { return undefined; } }, 'it is started again');
    assert.notEqual(again.pid, pid);
    assert.ok((await toolNames(client)).includes('fix_echo'));
    await client.close();
  });
});

test('rules are asked for each target by its own names', async () => {
  const policies = `jwtAuth: { issuer: agentgateway.dev, audiences: [test.agentgateway.dev], jwks: { file: ./manifests/jwt/pub-key } },
        mcpAuthorization: { rules: ['mcp.tool.target == "one" && mcp.tool.name == "echo"', 'jwt.sub == "test-user" && mcp.tool.target == "two"',
          'mcp.resource.target == "two" && mcp.resource.name == "test://item/3"'] }`;
  const gateway = await start((port) => config(port, [child('one', 'python3', fixture), child('two', 'python3', fixture)], { policies }));
  try {
    const anyone = await connect(gateway.url());
    assert.deepEqual(await toolNames(anyone), ['one_echo']);
    assert.deepEqual((await anyone.listResources()).resources.map((resource) => resource.uri), ['two+test://item/3']);
    for (const name of ['two_echo', 'one_add', 'echo']) assert.match((await failure(anyone.callTool({ name }))).message, /Unknown tool/);
    assert.match((await failure(anyone.readResource({ uri: 'one+test://item/3' }))).message, /Unknown resource/);
    assert.ok((await anyone.readResource({ uri: 'two+test://item/3' })).contents.length > 0);
    const user = await connect(gateway.url(), { token: token('example2') });
    const names = await toolNames(user);
    assert.ok(names.includes('two_printEnv') && !names.includes('one_printEnv'), names.join());
    assert.match(await callText(user, 'two_add', { a: 1, b: 1 }), /\b2\b/);
    await Promise.all([anyone.close(), user.close()]);
  } finally {
    await gateway.stop();
  }
});

test('failOpen: who is down is left out, joins later, and is announced', async () => {
  const remote = await serveFixture();
  const gateway = await start((port) => config(port, [{ name: 'far', mcp: { host: remote.url } }, child('near', 'python3', fixture), child('none', '/nonexistent/server')], { mode: 'failOpen' }));
  try {
    let changes = 0;
    const watch = { set(one) { one.setNotificationHandler(ToolListChangedNotificationSchema, () => { changes++; }); } };
    await remote.kill();
    const client = await connect(gateway.url(), watch);
    const targets = async () => [...new Set((await toolNames(client)).map((name) => name.split('_')[0]))];
    assert.deepEqual(await targets(), ['near']);
    assert.equal(await callText(client, 'near_echo', { message: 'alone' }), 'Echo: alone');
    assert.match((await failure(client.callTool({ name: 'far_echo' }))).message, /Unknown tool/);
    changes = 0;
    await remote.start();
    await until(async () => (await targets()).join() === 'far,near', 'the server is back', 40000);
    await until(() => changes > 0, 'the client is told', 10000);
    assert.match(await callText(client, 'far_echo', { message: 'again' }), /again/);
    await client.close();
  } finally {
    await gateway.stop();
    await remote.kill();
  }
});

test('one of several servers that forgot its session is opened again, and nothing is done twice', async () => {
  const folder = workFolder();
  const logs = { a: join(folder, 'a.log'), b: join(folder, 'b.log') };
  const [a, b] = [await serveFixture('--log', logs.a), await serveFixture('--log', logs.b)];
  const gateway = await start((port) => config(port, [{ name: 'a', mcp: { host: a.url } }, { name: 'b', mcp: { host: b.url } }]), { folder });
  const openings = (log) => received(log).filter(({ message }) => message?.method === 'initialize').length;
  try {
    const client = new RawClient(gateway.port);
    await client.initialize();
    for (const name of ['a_echo', 'b_echo']) assert.equal((await client.tool(name, { message: 'one' })).message.result.content[0].text, 'Echo: one');
    await b.kill();
    await b.start();
    const again = await client.tool('b_echo', { message: 'two' });
    assert.equal(again.status, 200);
    assert.equal(again.message.result?.content[0].text, 'Echo: two', JSON.stringify(again.message));
    assert.equal((await client.tool('a_echo', { message: 'three' })).message.result.content[0].text, 'Echo: three');
    assert.deepEqual([openings(logs.a), openings(logs.b)], [1, 2]);
    const sessions = received(logs.b).filter(({ message }) => message?.params?.arguments?.message === 'two').map(({ headers }) => headers['mcp-session-id']);
    assert.equal(sessions.length, 2, 'refused once, and executed once');
    assert.notEqual(sessions[0], sessions[1]);
  } finally {
    try { await gateway.stop(); } finally { await a.kill(); await b.kill(); }
  }
});
