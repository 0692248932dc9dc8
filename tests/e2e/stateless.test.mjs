// Clients of the stateless revision 2026-07-28 in front of servers that know only sessions.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import * as jose from 'jose';
import { everything2025, everything2026, fixture, jwtAuth, mcpConfig, received, secret, start, token, until, walkthroughRules, workFolder } from './lib/gateway.mjs';
import { textOf } from './lib/mcp.mjs';
import { connectModern, RawModern, revision } from './lib/modern.mjs';
import { remoteConfig, serveEverything } from './lib/remote.mjs';
import { EventStream } from './lib/sse.mjs';

const full = { sampling: {}, elicitation: { form: {} }, roots: {} };
const key = (name) => `io.modelcontextprotocol/${name}`;

const obliging = (url, asked, options = {}) => connectModern(url, {
  capabilities: full, ...options, set(client) {
    client.setRequestHandler('sampling/createMessage', async (request) => { asked.push(request.method); return { model: 'canned', role: 'assistant', content: { type: 'text', text: 'canned answer' } }; });
    client.setRequestHandler('elicitation/create', async (request) => { asked.push(request.method); return { action: 'accept', content: { name: 'somebody' } }; });
    client.setRequestHandler('roots/list', async (request) => { asked.push(request.method); return { roots: [{ uri: 'file:///tmp/a-root', name: 'the root' }] }; });
  },
});

function behind(config) {
  const both = {};
  before(async () => { Object.assign(both, await config()); });
  after(async () => { try { await both.gateway?.stop(); } finally { await both.server?.kill(); } });
  return both;
}

const overStdio = (path) => async () => ({ gateway: await start((port) => mcpConfig(port, { cmd: 'node', args: [path, 'stdio'] })) });
const overHttp = (path) => async () => {
  const server = await serveEverything(path);
  return { server, gateway: await start((port) => remoteConfig(port, server.url)) };
};

const names2025 = { add: 'add', slow: 'longRunningOperation', sample: 'sampleLLM', elicit: 'startElicitation', prompt: 'simple_prompt' };
const names2026 = { add: 'get-sum', slow: 'trigger-long-running-operation', sample: 'trigger-sampling-request', elicit: 'trigger-elicitation-request', prompt: 'simple-prompt' };

for (const [what, config, names] of [
  ['2025.12.18 over stdio', overStdio(everything2025), names2025],
  ['2026.8.31 over stdio', overStdio(everything2026), names2026],
  ['2026.8.31 over HTTP', overHttp(everything2026), names2026],
]) {
  describe(`the official client and server-everything ${what}`, () => {
    const both = behind(config);

    test('tools, prompts, resources, completion', async () => {
      const client = await connectModern(both.gateway.url());
      assert.match(client.getServerVersion().name, /everything/);
      assert.equal(client.getServerCapabilities().tasks, undefined);
      const { tools } = await client.listTools();
      assert.ok(tools.some((tool) => tool.name === 'echo'));
      assert.ok(tools.every((tool) => tool.execution === undefined));
      assert.match(textOf(await client.callTool({ name: names.add, arguments: { a: 2, b: 3 } })), /\b5\b/);
      assert.ok((await client.listPrompts()).prompts.length >= 3);
      assert.ok((await client.getPrompt({ name: names.prompt })).messages.length > 0);
      const { resources } = await client.listResources();
      assert.ok((await client.readResource({ uri: resources[0].uri })).contents[0].uri);
      assert.ok((await client.listResourceTemplates()).resourceTemplates.length > 0);
      await client.close();
    });

    test('progress arrives before the result', async () => {
      const client = await connectModern(both.gateway.url());
      const seen = [];
      const result = await client.callTool({ name: names.slow, arguments: { duration: 1, steps: 4 } }, { onprogress: ({ progress }) => seen.push(progress) });
      assert.match(textOf(result), /completed/);
      assert.ok(seen.length >= 3, `progress: ${seen}`);
      await client.close();
    });

    test('what the server asks reaches the user, and the answer the server', async () => {
      const asked = [];
      const client = await obliging(both.gateway.url(), asked);
      assert.match(textOf(await client.callTool({ name: names.sample, arguments: { prompt: 'hello', maxTokens: 10 } })), /canned answer/);
      assert.match(textOf(await client.callTool({ name: names.elicit, arguments: {} })), /somebody|accept|provided/i);
      assert.deepEqual(asked.filter((method) => method !== 'roots/list'), ['sampling/createMessage', 'elicitation/create']);
      await client.close();
    });
  });
}

describe('addresses that the user has to visit', () => {
  const both = behind(overStdio(everything2026));

  test('are asked for before the call and during it', async () => {
    const asked = [];
    const client = await connectModern(both.gateway.url(), { capabilities: { elicitation: { form: {}, url: {} } }, set(one) {
      one.setRequestHandler('elicitation/create', async (request) => { asked.push(request.params.url); return { action: 'accept' }; });
    } });
    const visit = (more) => client.callTool({ name: 'trigger-url-elicitation', arguments: { url: 'https://example.com/visit', message: 'Please', ...more } });
    assert.ok(!(await visit()).isError);
    assert.ok(!(await visit({ errorPath: true })).isError);
    assert.deepEqual(asked, ['https://example.com/visit', 'https://modelcontextprotocol.io', 'https://example.com/visit']);
    await client.close();
  });
});

describe('requests by hand', () => {
  const both = behind(async () => {
    const folder = workFolder();
    const log = join(folder, 'received');
    return { log, gateway: await start((port) => mcpConfig(port, { args: [fixture, '--log', log], policies: `
mcpAuthorization:
  rules:
  - 'mcp.tool.name != "printEnv"'
  - 'mcp.prompt.name != "secret_prompt"'
  - 'mcp.resource.name != "test://item/2"'` }), { folder }) };
  });
  const client = (options) => new RawModern(both.gateway.port, options);

  test('server/discover', async () => {
    const { status, message } = await client().call('server/discover');
    assert.equal(status, 200);
    assert.equal(message.result.resultType, 'complete');
    assert.ok(message.result.supportedVersions.includes(revision) && message.result.supportedVersions.includes('2025-06-18'));
    assert.deepEqual(Object.keys(message.result.capabilities).sort(), ['completions', 'logging', 'prompts', 'resources', 'tools']);
    assert.equal(message.result.instructions, 'For tests.');
    assert.equal(message.result.ttlMs, 0);
    assert.equal(message.result.cacheScope, 'private');
    assert.equal(message.result._meta[key('serverInfo')].name, 'fixture');
  });

  test('what headers say must be what the body says', async () => {
    const one = client();
    const call = () => one.message('tools/call', { name: 'echo', arguments: { message: 'x' } });
    for (const [headers, code] of [
      [{ 'mcp-protocol-version': undefined }, -32020],
      [{ 'mcp-protocol-version': '2025-11-25' }, -32020],
      [{ 'mcp-protocol-version': [revision, revision] }, -32020],
      [{ 'mcp-method': undefined }, -32020],
      [{ 'mcp-method': 'tools/list' }, -32020],
      [{ 'mcp-method': 'TOOLS/CALL' }, -32020],
      [{ 'mcp-name': undefined }, -32020],
      [{ 'mcp-name': 'add' }, -32020],
      [{ 'mcp-name': ['echo', 'echo'] }, -32020],
      [{ 'mcp-name': '=?base64?ZWNobw?=' }, -32020],
    ]) {
      const { status, message } = await one.post(call(), { headers });
      assert.equal(status, 400, JSON.stringify(headers));
      // One that is there twice is no good HTTP already.
      if (!Object.values(headers).some(Array.isArray)) assert.equal(message.error.code, code);
    }
    const encoded = await one.post(call(), { headers: { 'mcp-name': '=?base64?ZWNobw==?=' } });
    assert.equal(encoded.message.result.content[0].text, 'Echo: x');
    assert.equal((await one.post(call(), { headers: { 'mcp-session-id': 'stray' } })).status, 200);
  });

  test('what is missing or unknown is refused', async () => {
    const one = client();
    const without = (name) => { const message = one.message('tools/list'); delete message.params._meta[key(name)]; return message; };
    for (const name of ['protocolVersion', 'clientCapabilities']) {
      const { status, message } = await one.post(without(name));
      assert.deepEqual([status, message.error.code], [400, -32602], name);
    }
    assert.equal((await one.post(without('clientInfo'))).status, 200);
    const future = await one.call('tools/list', {}, { meta: { [key('protocolVersion')]: '2099-01-01' }, headers: { 'mcp-protocol-version': '2099-01-01' } });
    assert.deepEqual([future.status, future.message.error.code, future.message.error.data.requested], [400, -32022, '2099-01-01']);
    assert.ok(future.message.error.data.supported.includes(revision));
    for (const method of ['initialize', 'ping', 'resources/subscribe', 'logging/setLevel', 'tasks/get', 'sampling/createMessage', 'no/such']) {
      const { status, message } = await one.call(method);
      assert.deepEqual([status, message.error.code], [404, -32601], method);
    }
    assert.deepEqual((await one.call('tools/list', {}, { level: 'loud' })).message.error.code, -32602);
    const noted = await one.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    assert.equal(noted.status, 202);
    const smuggled = one.message('tools/call', { name: 'echo' });
    delete smuggled.id;
    assert.equal((await one.post(smuggled)).status, 400);
  });

  test('GET and DELETE are not there', async () => {
    for (const method of ['GET', 'DELETE']) {
      const answer = await fetch(both.gateway.url(), { method, headers: { accept: 'text/event-stream', 'mcp-protocol-version': revision } });
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.get('allow'), 'POST');
    }
  });

  test('lists are marked private and hold what the caller may see', async () => {
    const one = client();
    const { result } = (await one.call('tools/list')).message;
    assert.ok(!result.tools.some((tool) => tool.name === 'printEnv'));
    assert.deepEqual([result.resultType, result.ttlMs, result.cacheScope], ['complete', 0, 'private']);
    for (const [method, list] of [['prompts/list', 'prompts'], ['resources/list', 'resources'], ['resources/templates/list', 'resourceTemplates']]) {
      const answer = (await one.call(method)).message.result;
      assert.ok(answer[list].length > 0);
      assert.equal(answer.cacheScope, 'private');
    }
    assert.equal((await one.call('prompts/list')).message.result.prompts.length, 2);
  });

  test('what is forbidden is answered as what does not exist', async () => {
    const one = client();
    const shape = ({ status, message }, name) => JSON.parse(JSON.stringify([status, message.error]).replaceAll(name, '*'));
    assert.deepEqual(shape(await one.tool('printEnv'), 'printEnv'), [200, { code: -32602, message: 'Unknown tool: *' }]);
    assert.deepEqual(shape(await one.tool('printEnv'), 'printEnv'), shape(await one.tool('nowhere'), 'nowhere'));
    const prompt = (name) => one.call('prompts/get', { name });
    assert.deepEqual(shape(await prompt('secret_prompt'), 'secret_prompt'), shape(await prompt('nowhere'), 'nowhere'));
    const read = (uri) => one.call('resources/read', { uri });
    assert.deepEqual(shape(await read('test://item/2'), 'test://item/2'), [200, { code: -32602, message: 'Unknown resource: *', data: { uri: '*' } }]);
    assert.deepEqual(shape(await read('test://item/2'), 'test://item/2'), shape(await read('test://nowhere'), 'test://nowhere'));
    assert.ok(!received(both.log).some((message) => message.params?.name === 'printEnv' || message.params?.uri === 'test://item/2'));
  });

  test('the server gets a plain request of its own revision', async () => {
    const one = client();
    await one.tool('echo', { message: 'plain?' }, { meta: { progressToken: 'mine', traceparent: '00-x', [key('other')]: 1 }, params: { inputResponses: {} } });
    const call = received(both.log).find((message) => message.params?.arguments?.message === 'plain?');
    assert.deepEqual(Object.keys(call.params).sort(), ['_meta', 'arguments', 'name']);
    assert.deepEqual(Object.keys(call.params._meta).sort(), ['progressToken', 'traceparent']);
    assert.notEqual(call.params._meta.progressToken, 'mine');
  });

  test('callers and clients share a session until one can be asked', async () => {
    const opened = () => received(both.log).filter((message) => message.method === 'initialize').length;
    await client().tool('echo', { message: 'x' });
    const before = opened();
    await Promise.all(Array.from({ length: 8 }, (_, index) => client().tool('slow', { ms: 100 }, { id: index })));
    assert.equal(opened(), before);
    const asking = client({ capabilities: { roots: {} } });
    await Promise.all([asking.tool('slow', { ms: 200 }), asking.tool('slow', { ms: 200 })]);
    assert.equal(opened(), before + 2);
    assert.deepEqual(received(both.log).findLast((message) => message.method === 'initialize').params.capabilities, { roots: {} });
  });

  test('log messages come to who asks for them, from that level on', async () => {
    const texts = async (level) => (await client().tool('notify', { count: 2 }, { level })).all.filter((message) => message.method === 'notifications/message').map((message) => message.params.data);
    assert.deepEqual(await texts(undefined), []);
    assert.deepEqual(await texts('info'), ['line 0', 'line 1']);
    assert.deepEqual(await texts('error'), []);
    assert.ok(received(both.log).some((message) => message.method === 'logging/setLevel' && message.params.level === 'info'));
  });

  test('progress comes under the client\'s own token', async () => {
    const { all } = await client().tool('slow', { ms: 200 }, { meta: { progressToken: 'mine' } });
    const progress = all.filter((message) => message.method === 'notifications/progress');
    assert.equal(progress.length, 4);
    assert.ok(progress.every((message) => message.params.progressToken === 'mine'));
  });

  test('a client that goes away cancels its call', async () => {
    const one = client();
    const message = one.message('tools/call', { name: 'never', arguments: { mark: 'cancel me' } });
    const socket = connectTcp(both.gateway.port, '127.0.0.1');
    const body = JSON.stringify(message);
    const head = Object.entries({ host: 'localhost', ...one.headers(message), 'content-length': Buffer.byteLength(body) }).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    socket.write(`POST /mcp HTTP/1.1\r\n${head}\r\n${body}`);
    const sent = await until(() => received(both.log).find((line) => line.params?.arguments?.mark === 'cancel me'), 'the call');
    socket.destroy();
    await until(() => received(both.log).some((line) => line.method === 'notifications/cancelled' && line.params.requestId === sent.id), 'the cancellation');
  });
});

describe('questions by hand', () => {
  const both = behind(async () => {
    const folder = workFolder();
    const log = join(folder, 'received');
    const keys = await jose.generateKeyPair('ES256', { extractable: true });
    writeFileSync(join(folder, 'manifests/jwt/pub-key'), JSON.stringify({ keys: [{ ...(await jose.exportJWK(keys.publicKey)), kid: 'k', alg: 'ES256' }] }));
    const mint = async (sub) => secret(await new jose.SignJWT({ sub }).setProtectedHeader({ alg: 'ES256', kid: 'k' }).setIssuer('agentgateway.dev')
      .setAudience('test.agentgateway.dev').setExpirationTime('10m').sign(keys.privateKey));
    return { log, tokens: { alice: await mint('alice'), bob: await mint('bob') }, gateway: await start((port) => `
config:
  mcp: { answerTimeout: 3s }
  limits: { maxWaitingCallsPerCaller: 3 }
${mcpConfig(port, { args: [fixture, '--log', log], policies: `${jwtAuth}\n  mode: strict` })}`, { folder }) };
  });
  const client = (name = 'alice', capabilities = full) => new RawModern(both.gateway.port, { token: both.tokens[name], capabilities });
  const answered = (result) => ({ 'ask-1': result });
  const retry = (one, name, state, responses, args = {}) => one.tool(name, args, { params: { requestState: state, inputResponses: responses } });
  const invalid = ({ status, message }) => assert.deepEqual([status, message.error.code, message.error.message], [200, -32602, 'Invalid or expired requestState']);

  test('a question ends the request, and its answer goes on with the same call', async () => {
    const one = client();
    const { status, message } = await one.tool('elicit');
    assert.equal(status, 200);
    assert.equal(message.result.resultType, 'input_required');
    assert.deepEqual(message.result.inputRequests['ask-1'].method, 'elicitation/create');
    assert.equal(message.result.inputRequests['ask-1'].params.message, 'Name?');
    const done = await retry(one, 'elicit', message.result.requestState, answered({ action: 'accept', content: { name: 'me' } }));
    assert.equal(done.message.result.resultType, 'complete');
    assert.deepEqual(JSON.parse(done.message.result.content[0].text), { action: 'accept', content: { name: 'me' } });
    assert.equal(received(both.log).filter((line) => line.params?.name === 'elicit').length, 1);
    invalid(await retry(one, 'elicit', message.result.requestState, answered({ action: 'accept', content: {} })));
  });

  test('without the answer it is asked again, under a new state', async () => {
    const one = client();
    const first = (await one.tool('roots')).message.result;
    const second = (await retry(one, 'roots', first.requestState, { other: {} })).message.result;
    assert.equal(second.resultType, 'input_required');
    assert.deepEqual(second.inputRequests, first.inputRequests);
    assert.notEqual(second.requestState, first.requestState);
    invalid(await retry(one, 'roots', first.requestState, answered({ roots: [] })));
    const done = await retry(one, 'roots', second.requestState, answered({ roots: [] }));
    assert.deepEqual(JSON.parse(done.message.result.content[0].text), { roots: [] });
  });

  test('a state is of no use to others, for others, or altered', async () => {
    const one = client();
    const { requestState } = (await one.tool('ask')).message.result;
    const good = answered({ model: 'm', role: 'assistant', content: { type: 'text', text: 'right' } });
    invalid(await retry(client('bob'), 'ask', requestState, good));
    invalid(await retry(one, 'elicit', requestState, good));
    invalid(await retry(one, 'ask', requestState, good, { other: 1 }));
    invalid(await retry(client('alice', { sampling: {} }), 'ask', requestState, good));
    for (const at of [0, 20, Math.floor(requestState.length / 2), requestState.length - 1]) {
      const flipped = requestState.slice(0, at) + (requestState[at] === 'A' ? 'B' : 'A') + requestState.slice(at + 1);
      invalid(await retry(one, 'ask', flipped, good));
    }
    for (const made of ['', 'x', requestState.slice(1), requestState + 'A', 'A'.repeat(2000)]) invalid(await retry(one, 'ask', made, good));
    invalid(await one.tool('ask', {}, { params: { requestState: 7 } }));
    assert.match(textOf((await retry(one, 'ask', requestState, good)).message.result), /right/);
  });

  test('of two that bring the same answers one goes on', async () => {
    const one = client();
    const { requestState } = (await one.tool('roots')).message.result;
    const both = await Promise.all([1, 2].map(() => retry(one, 'roots', requestState, answered({ roots: [] }))));
    assert.deepEqual(both.map(({ message }) => (message.result ? 'result' : message.error.message)).sort(), ['Invalid or expired requestState', 'result']);
  });

  test('answers must be objects', async () => {
    const one = client();
    const { requestState } = (await one.tool('roots')).message.result;
    for (const responses of [[], 'x', { 'ask-1': 'x' }, { 'ask-1': null }]) {
      const { status, message } = await retry(one, 'roots', requestState, responses);
      assert.deepEqual([status, message.error.code], [400, -32602]);
    }
    assert.ok((await retry(one, 'roots', requestState, answered({ roots: [] }))).message.result);
  });

  test('nobody is asked what it did not say it can answer', async () => {
    for (const capabilities of [{}, { sampling: {} }, { elicitation: { url: {} } }]) {
      const { message } = await client('alice', capabilities).tool('elicit');
      assert.equal(message.result.resultType, 'complete');
      assert.equal(JSON.parse(message.result.content[0].text).code, -32601);
    }
  });

  test('a call that waits too long ends, and its state with it', async () => {
    const one = client();
    const before = received(both.log).length;
    const { requestState } = (await one.tool('elicit')).message.result;
    const news = () => received(both.log).slice(before);
    await until(() => news().some((line) => line.method === 'notifications/cancelled'), 'the end of the call', 10000);
    assert.ok(news().some((line) => line.error?.code === -32603), 'the question was refused before');
    invalid(await retry(one, 'elicit', requestState, answered({ action: 'accept' })));
  });

  test('one more than may wait ends the oldest', async () => {
    const one = client('bob');
    const states = [];
    for (let count = 0; count < 4; ++count) states.push((await one.tool('roots')).message.result.requestState);
    invalid(await retry(one, 'roots', states[0], answered({ roots: [] })));
    assert.ok((await retry(one, 'roots', states[3], answered({ roots: [] }))).message.result);
  });
});

describe('listening', () => {
  const both = behind(async () => ({ gateway: await start((port) => mcpConfig(port, { policies: `
mcpAuthorization:
  rules:
  - 'mcp.tool.name != ""'
  - 'mcp.resource.name != "test://item/2"'` })) }));

  test('changes come to who listens, and only what was asked for', async () => {
    const one = new RawModern(both.gateway.port);
    const message = one.message('subscriptions/listen', { notifications: { toolsListChanged: true, promptsListChanged: true, resourceSubscriptions: ['test://item/1', 'test://item/2'] } }, { id: 'listen:0' });
    const body = JSON.stringify(message);
    const stop = new AbortController();
    const answer = await fetch(both.gateway.url(), { method: 'POST', headers: one.headers(message), body, signal: stop.signal });
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /event-stream/);
    const stream = new EventStream(answer.body);
    const seen = stream.messages;
    await until(() => seen.length >= 2, 'the acknowledgement and the update');
    assert.equal(seen[0].method, 'notifications/subscriptions/acknowledged');
    // The fixture's prompts say nothing of changes; the second resource is not for this caller.
    assert.deepEqual(seen[0].params.notifications, { toolsListChanged: true, resourceSubscriptions: ['test://item/1'] });
    assert.equal(seen[1].method, 'notifications/resources/updated');
    assert.equal(seen[1].params.uri, 'test://item/1');
    await one.tool('change');
    await until(() => seen.length >= 3, 'the change');
    // Also what another session of the same caller tells of.
    await new RawModern(both.gateway.port, { capabilities: full }).tool('change');
    await until(() => seen.length >= 4, 'the change in another session');
    for (const { method } of seen.slice(2)) assert.equal(method, 'notifications/tools/list_changed');
    for (const { params } of seen) assert.equal(params._meta[key('subscriptionId')], 'listen:0');
    stop.abort();
    await stream.closed;
  });

  test('the official client listens', async () => {
    const client = await connectModern(both.gateway.url());
    let changed = 0;
    client.setNotificationHandler('notifications/tools/list_changed', () => { ++changed; });
    const subscription = await client.listen({ toolsListChanged: true });
    await client.callTool({ name: 'change', arguments: {} });
    await until(() => changed > 0, 'the change');
    await subscription.close();
    await client.close();
  });
});

describe('callers', () => {
  const both = behind(async () => ({ gateway: await start((port) => mcpConfig(port, { policies: `${jwtAuth}\n  mode: strict${walkthroughRules}` })) }));

  test('rules and tokens', async () => {
    const one = new RawModern(both.gateway.port, { token: token('example1') });
    const two = new RawModern(both.gateway.port, { token: token('example2') });
    const none = new RawModern(both.gateway.port);
    assert.equal((await none.post(none.message('tools/list'))).status, 401);
    const names = async (client) => (await client.call('tools/list')).message.result.tools.map((tool) => tool.name);
    assert.notDeepEqual(await names(one), await names(two));
    for (const client of [one, two]) assert.equal((await client.tool('echo', { message: 'x' })).message.result.content[0].text, 'Echo: x');
    const { message } = await one.call('server/discover');
    assert.equal(message.result.capabilities.prompts, undefined, 'prompts of which none may be seen');
    assert.ok(message.result.capabilities.tools);
  });
});
