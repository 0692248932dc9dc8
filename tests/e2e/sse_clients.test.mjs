// Clients of the transport of 2024-11-05 (HTTP with SSE): the official SDK's, and one by hand for what no client should do.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { CreateMessageRequestSchema, ListRootsRequestSchema, LoggingMessageNotificationSchema, ResourceUpdatedNotificationSchema, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { everything2025, everything2026, fixture, freePort, jwtAuth, mcpConfig, patience, received, sleep, start, token, until, walkthroughRules, workFolder } from './lib/gateway.mjs';
import { bearer, callText, failure, RawClient, toolNames } from './lib/mcp.mjs';
import { request } from './lib/http.mjs';
import { Issuer } from './lib/issuer.mjs';
import { challenge } from './lib/protected.mjs';
import { PolledServer } from './lib/polled.mjs';
import { RemoteServer, remoteConfig as remoteConfigOf } from './lib/remote.mjs';
import { EventStream } from './lib/sse.mjs';

/** The official client over this transport, connected. */
async function connect(gateway, { token, path = '/sse', capabilities = {}, set } = {}) {
  const client = new Client({ name: 'e2e', version: '1' }, { capabilities });
  set?.(client);
  const headers = bearer(token);
  const transport = new SSEClientTransport(new URL(gateway.url(path)), {
    requestInit: { headers },
    eventSourceInit: { fetch: (url, init) => fetch(url, { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), ...headers } }) },
  });
  await client.connect(transport, { timeout: 20000 * patience });
  return client;
}

/** A stream by hand: its events, where messages go, and posting there. */
class RawStream {
  static async open(gateway, { token, path = '/sse', headers = {} } = {}) {
    const stream = new RawStream();
    Object.assign(stream, { gateway, path, headers: bearer(token) });
    const answer = await new Promise((done, fail) => {
      get(gateway.url(path), { agent: false, headers: { accept: 'text/event-stream', ...stream.headers, ...headers } }, done).once('error', fail);
    });
    stream.status = answer.statusCode;
    stream.answer = answer;
    stream.stream = new EventStream(answer);
    if (stream.status !== 200) return stream;
    await until(() => stream.events.length > 0, 'the first event', 10000);
    assert.equal(stream.events[0].event, 'endpoint');
    stream.endpoint = new URL(stream.events[0].data, gateway.url(path));
    return stream;
  }

  get events() { return this.stream.events; }
  get messages() { return this.stream.messages; }
  get isOver() { return this.stream.isOver; }

  post(message, { headers = this.headers, endpoint = this.endpoint, ms } = {}) {
    return request(this.gateway.port, 'POST', endpoint.pathname + endpoint.search, { headers: { 'content-type': 'application/json', ...headers }, body: typeof message === 'string' ? message : JSON.stringify(message), ms });
  }
  async answerTo(id, ms = 10000) { return until(() => this.messages.find((message) => message.id === id && !message.method), `the answer to ${id}`, ms); }
  async ask(id, method, params) {
    assert.equal((await this.post({ jsonrpc: '2.0', id, method, params })).status, 202);
    return this.answerTo(id);
  }
  async initialize(capabilities = {}) {
    const answer = await this.ask('init', 'initialize', { protocolVersion: '2024-11-05', capabilities, clientInfo: { name: 'raw', version: '1' } });
    assert.equal(answer.result?.protocolVersion, '2024-11-05');
    assert.equal((await this.post({ jsonrpc: '2.0', method: 'notifications/initialized' })).status, 202);
    return answer;
  }
  async close() { this.answer.destroy(); await this.stream.closed; }
}

const remoteConfig = (port, server) => `
binds:
- port: ${port}
  listeners:
  - routes:
    - backends:
      - mcp: { targets: [{ name: there, mcp: { host: "http://127.0.0.1:${server}/mcp" } }] }
`;

for (const [version, path, names, kind] of [
  ['2025.12.18', everything2025, { add: 'add', slow: 'longRunningOperation', sample: 'sampleLLM' }, 'stdio'],
  ['2026.8.31', everything2026, { add: 'get-sum', slow: 'trigger-long-running-operation', sample: 'trigger-sampling-request' }, 'stdio'],
  ['2026.8.31', everything2026, { add: 'get-sum', slow: 'trigger-long-running-operation', sample: 'trigger-sampling-request' }, 'http'],
]) {
  describe(`the SDK's client over SSE at server-everything ${version} (${kind})`, () => {
    let server, gateway;
    before(async () => {
      if (kind === 'http') server = await new RemoteServer(await freePort(), () => ['node', path, 'streamableHttp']).start();
      gateway = await start((port) => (kind === 'http' ? remoteConfig(port, server.port) : mcpConfig(port, { cmd: 'node', args: [path, 'stdio'] })));
    });
    after(async () => { try { await gateway?.stop(); } finally { await server?.kill(); } });

    test('tools, prompts, resources', async () => {
      const client = await connect(gateway);
      assert.match(client.getServerVersion().name, /everything/);
      assert.ok((await toolNames(client)).includes('echo'));
      assert.match(await callText(client, names.add, { a: 2, b: 3 }), /\b5\b/);
      assert.ok((await client.listPrompts()).prompts.length > 0);
      const { resources } = await client.listResources();
      assert.ok((await client.readResource({ uri: resources[0].uri })).contents[0].uri);
      await client.close();
    });

    test('progress arrives before the result, and the server asks', async () => {
      const client = await connect(gateway, { capabilities: { sampling: {} }, set(client) {
        client.setRequestHandler(CreateMessageRequestSchema, async () => ({ model: 'canned', role: 'assistant', content: { type: 'text', text: 'canned answer' } }));
      } });
      const seen = [];
      assert.match(await callText(client, names.slow, { duration: 1, steps: 4 }, { onprogress: ({ progress }) => seen.push(progress) }), /completed/);
      assert.deepEqual(seen, [1, 2, 3, 4].slice(0, seen.length));
      assert.ok(seen.length >= 3, `progress: ${seen}`);
      assert.match(await callText(client, names.sample, { prompt: 'say it', maxTokens: 10 }), /canned answer/);
      await client.close();
    });

    test('many calls at once, each with its own answer', async () => {
      const clients = await Promise.all(Array.from({ length: 3 }, () => connect(gateway)));
      const texts = await Promise.all(clients.flatMap((client, at) => Array.from({ length: 8 }, (_, n) => callText(client, 'echo', { message: `${at}/${n}` }))));
      assert.deepEqual(texts, clients.flatMap((_, at) => Array.from({ length: 8 }, (__, n) => `Echo: ${at}/${n}`)));
      await Promise.all(clients.map((client) => client.close()));
    });
  });
}

describe('sessions over SSE', () => {
  let gateway, log;
  before(async () => {
    const folder = workFolder();
    log = join(folder, 'received');
    gateway = await start((port) => mcpConfig(port, { args: [fixture, '--log', log] }), { folder });
  });
  after(() => gateway?.stop());

  test('the stream begins with where messages go, and answers come on it alone', async () => {
    const stream = await RawStream.open(gateway);
    assert.match(stream.answer.headers['content-type'], /^text\/event-stream/);
    assert.equal(stream.answer.headers['mcp-session-id'], undefined);
    assert.equal(stream.endpoint.pathname, '/sse');
    const posted = await stream.post({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'raw', version: '1' } } });
    assert.deepEqual([posted.status, posted.body, posted.headers['mcp-session-id']], [202, '', undefined]);
    assert.equal((await stream.answerTo(1)).result.serverInfo.name !== undefined, true);
    assert.deepEqual(Object.keys(stream.events[1]).sort(), ['data'], 'an event without an id');
    assert.equal((await stream.ask(2, 'ping')).result !== undefined, true);
    assert.equal((await stream.ask(3, 'tools/call', { name: 'echo', arguments: { message: 'x' } })).result.content[0].text, 'Echo: x');
    assert.equal((await stream.ask(4, 'no/such')).error.code, -32601);
    assert.equal((await stream.ask(5, 'tools/call', { name: 'none' })).error.message, 'Unknown tool: none');
    assert.equal((await stream.ask(6, 'initialize', { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'raw', version: '1' } })).error.code, -32600);
    await stream.close();
  });

  test('of a later revision, too, it carries messages and nothing else', async () => {
    const stream = await RawStream.open(gateway);
    const opened = await stream.ask('init', 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } });
    assert.equal(opened.result.protocolVersion, '2025-11-25');
    await stream.ask('slow', 'tools/call', { name: 'slow', arguments: { ms: 200 }, _meta: { progressToken: 'p' } });
    assert.deepEqual(stream.messages.filter(({ method }) => method).map(({ params }) => params.progress), [1, 2, 3, 4]);
    assert.deepEqual(stream.events.slice(1).map((event) => Object.keys(event).join()), Array(6).fill('data'));
    assert.ok(stream.events.every(({ data }) => data !== ''));
    await stream.close();
  });

  test('nothing but initialize is served before it', async () => {
    const stream = await RawStream.open(gateway);
    assert.equal((await stream.ask(1, 'tools/list')).error.code, -32600);
    assert.equal((await stream.post({ jsonrpc: '2.0', method: 'notifications/initialized' })).status, 202);
    await stream.initialize();
    assert.ok((await stream.ask(2, 'tools/list')).result.tools.length > 0);
    await stream.close();
  });

  test('a query that routes may need stays in the address', async () => {
    const stream = await RawStream.open(gateway, { path: '/sse?tenant=a&sessionId=mine' });
    assert.equal(stream.endpoint.searchParams.get('tenant'), 'a');
    assert.equal(stream.endpoint.searchParams.getAll('sessionId').length, 1);
    assert.notEqual(stream.endpoint.searchParams.get('sessionId'), 'mine');
    await stream.initialize();
    await stream.close();
  });

  test('a message that is none is answered to its POST', async () => {
    const stream = await RawStream.open(gateway);
    for (const [body, headers, status] of [['nonsense', {}, 400], ['[]', {}, 400], ['{"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"}', {}, 400], ['{}', { 'content-type': 'text/plain' }, 415]])
      assert.equal((await stream.post(body, { headers })).status, status, body);
    await stream.initialize();
    assert.equal(stream.messages.length, 1);
    await stream.close();
  });

  test('two streams are two sessions', async () => {
    const [one, two] = [await RawStream.open(gateway), await RawStream.open(gateway)];
    assert.notEqual(one.endpoint.search, two.endpoint.search);
    await one.initialize();
    await two.initialize();
    assert.equal((await one.ask('same', 'tools/call', { name: 'echo', arguments: { message: 'one' } })).result.content[0].text, 'Echo: one');
    assert.equal((await two.ask('same', 'tools/call', { name: 'echo', arguments: { message: 'two' } })).result.content[0].text, 'Echo: two');
    await one.close();
    assert.equal((await two.ask('later', 'tools/call', { name: 'echo', arguments: { message: 'still' } })).result.content[0].text, 'Echo: still');
    assert.equal(two.messages.filter(({ id }) => id === 'same').length, 1);
    await two.close();
  });

  test('the end of the stream is the end of the session and of its child', async () => {
    const stream = await RawStream.open(gateway);
    await stream.initialize();
    const pid = JSON.parse((await stream.ask(1, 'tools/call', { name: 'process' })).result.content[0].text).pid;
    assert.equal((await stream.post({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'never' } })).status, 202);
    await stream.close();
    await until(async () => (await stream.post({ jsonrpc: '2.0', id: 3, method: 'ping' })).status === 404, 'the session has ended');
    await until(() => !gateway.children().some((child) => child.pid === pid), 'its child has ended');
    assert.equal((await stream.post({ jsonrpc: '2.0', method: 'notifications/initialized' })).status, 404);
  });

  test('its id is none of the other transport, and the other way round', async () => {
    const stream = await RawStream.open(gateway);
    await stream.initialize();
    const other = new RawClient(gateway.port, { path: '/sse' });
    other.session = stream.endpoint.searchParams.get('sessionId');
    assert.equal((await other.call('tools/list')).status, 404);
    assert.equal((await other.remove()).status, 404);
    const session = new RawClient(gateway.port, { path: '/sse' });
    assert.equal((await session.initialize()).status, 200, 'Streamable HTTP is served there, too');
    const endpoint = new URL(`?sessionId=${session.session}`, stream.endpoint);
    assert.equal((await stream.post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { endpoint })).status, 404);
    for (const id of ['', 'x', '%00', stream.endpoint.searchParams.get('sessionId').slice(1)])
      assert.equal((await stream.post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { endpoint: new URL(`?sessionId=${id}`, stream.endpoint) })).status, 404, id);
    assert.equal((await stream.post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { endpoint: new URL(`${stream.endpoint.search}&sessionId=x`, stream.endpoint) })).status, 404);
    assert.equal((await stream.ask(9, 'tools/list')).error, undefined, 'unharmed');
    await stream.close();
  });

  test('a call is cancelled, and the server is told', async () => {
    const stream = await RawStream.open(gateway);
    await stream.initialize();
    await stream.ask('first', 'tools/call', { name: 'echo', arguments: { message: 'the tools are known' } });
    assert.equal((await stream.post({ jsonrpc: '2.0', id: 'gone', method: 'tools/call', params: { name: 'never' } })).status, 202);
    const told = () => received(log).filter((line) => line.method === 'notifications/cancelled').length;
    const before = told();
    assert.equal((await stream.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'gone' } })).status, 202);
    await until(() => told() > before, 'the server is told');
    assert.equal((await stream.ask(2, 'tools/call', { name: 'echo', arguments: { message: 'on' } })).result.content[0].text, 'Echo: on');
    assert.ok(!stream.messages.some(({ id }) => id === 'gone'));
    await stream.close();
  });

  test('questions and what belongs to no call come on the stream', async () => {
    let changed = 0;
    const client = await connect(gateway, { capabilities: { roots: {} }, set(client) {
      client.setRequestHandler(ListRootsRequestSchema, async () => ({ roots: [{ uri: 'file:///here' }] }));
      client.setNotificationHandler(ToolListChangedNotificationSchema, () => { changed += 1; });
    } });
    assert.match(await callText(client, 'roots'), /file:\/\/\/here/);
    await callText(client, 'change');
    await until(() => changed > 0, 'the change is told');
    await client.close();
  });

  test('a client that does not read makes its own answers wait, and is soon refused more', async () => {
    const [stream, other] = [await RawStream.open(gateway), await RawStream.open(gateway)];
    await stream.initialize();
    await other.initialize();
    const size = 200_000;
    const call = (id) => stream.post({ jsonrpc: '2.0', id: `big${id}`, method: 'tools/call', params: { name: 'big', arguments: { size } } });
    stream.answer.pause();
    // What the kernel holds of a connection (some ten megabytes), the megabyte that waits for it, and 256 calls that wait for that.
    let taken = 0;
    while (taken < 600 && (await call(taken)).status === 202) taken++;
    const asked = () => received(log).filter((line) => line.params?.name === 'big').length;
    await until(() => asked() === taken, 'the server has answered them all', 20000);
    await sleep(300 * patience);
    assert.equal((await call('late')).status, 429, `refused after ${taken} calls, and still`);
    assert.ok(taken >= 256 && stream.messages.length <= taken - 255, `${stream.messages.length} of ${taken} answers`);
    assert.equal((await other.ask('other', 'tools/call', { name: 'echo', arguments: { message: 'on' } })).result.content[0].text, 'Echo: on');
    stream.answer.resume();
    for (let id = 0; id < taken; id++) assert.equal((await stream.answerTo(`big${id}`, 20000)).result.content[0].text.length, size);
    assert.equal(stream.messages.filter(({ id }) => /^big/.test(id)).length, taken, 'each once');
    assert.equal((await stream.ask('after', 'tools/call', { name: 'echo', arguments: { message: 'on' } })).result.content[0].text, 'Echo: on');
    await Promise.all([stream.close(), other.close()]);
  });

  test('every request is in the access log once, with what became of it', async () => {
    const stream = await RawStream.open(gateway);
    await stream.initialize();
    await stream.ask('logged', 'tools/call', { name: 'fail' });
    const lines = () => gateway.output.split('\n').filter((line) => line.includes('mcp.tool.name=fail') || line.includes('tool=fail') || /\bfail\b/.test(line));
    await until(() => lines().length > 0, 'the line');
    assert.equal(lines().length, 1, lines().join('\n'));
    assert.match(lines()[0], /http\.status=202/);
    assert.match(lines()[0], /-32050/);
    await stream.close();
  });

  test('GET must accept event streams; other methods as ever', async () => {
    assert.equal((await request(gateway.port, 'GET', '/sse', { headers: { accept: 'application/json' } })).status, 406);
    assert.equal((await request(gateway.port, 'GET', '/sse', { headers: { accept: 'text/event-stream', 'mcp-protocol-version': '2026-07-28' } })).status, 405);
    assert.equal((await request(gateway.port, 'GET', '/mcp', { headers: { accept: 'text/event-stream' } })).status, 400);
    assert.equal((await request(gateway.port, 'PUT', '/sse', {})).status, 405);
    assert.equal((await request(gateway.port, 'GET', '/sse', { headers: { accept: 'text/event-stream', origin: 'http://evil.test' } })).status, 403);
  });
});

describe('who may use a session over SSE', () => {
  let gateway;
  before(async () => { gateway = await start((port) => mcpConfig(port, { policies: jwtAuth + walkthroughRules })); });
  after(() => gateway?.stop());

  test('a token that is none opens no stream, and brings no message', async () => {
    assert.equal((await RawStream.open(gateway, { token: 'nonsense' })).status, 401);
    const stream = await RawStream.open(gateway);
    assert.equal((await stream.post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { headers: bearer('nonsense') })).status, 401);
    await stream.close();
  });

  test('rules hold for lists and calls, as on the other transport', async () => {
    for (const name of ['example1', 'example2']) {
      const client = await connect(gateway, { token: token(name) });
      const streamable = new RawClient(gateway.port, { token: token(name) });
      await streamable.initialize();
      const shown = (await streamable.call('tools/list')).message.result.tools.map((tool) => tool.name);
      assert.deepEqual(await toolNames(client), shown);
      assert.equal(await callText(client, 'echo', { message: name }), `Echo: ${name}`);
      const forbidden = ['add', 'printEnv', 'slow'].find((tool) => !shown.includes(tool));
      const denied = await failure(client.callTool({ name: forbidden, arguments: {} }));
      const missing = await failure(client.callTool({ name: 'nothing', arguments: {} }));
      assert.equal(denied.code, -32602);
      assert.equal(denied.message.replace(forbidden, 'X'), missing.message.replace('nothing', 'X'));
      await client.close();
    }
  });

  test("another caller's message is for nobody, and harms nothing", async () => {
    const stream = await RawStream.open(gateway, { token: token('example1') });
    await stream.initialize();
    const message = { jsonrpc: '2.0', id: 'stolen', method: 'tools/call', params: { name: 'echo', arguments: { message: 'x' } } };
    const unknown = await stream.post(message, { endpoint: new URL('?sessionId=x', stream.endpoint) });
    const foreign = await stream.post(message, { headers: {} });
    assert.deepEqual([unknown.status, unknown.body], [404, foreign.body], 'the same answer as of no session');
    assert.equal(foreign.status, 404);
    const anonymous = await RawStream.open(gateway);
    await anonymous.initialize();
    assert.equal((await anonymous.post(message, { headers: bearer(token('example1')) })).status, 404);
    await anonymous.close();
    await until(() => gateway.output.includes('session_owner_mismatch'), 'the record knows');
    assert.equal((await stream.ask('own', 'tools/call', { name: 'echo', arguments: { message: 'own' } })).result.content[0].text, 'Echo: own');
    assert.ok(!stream.messages.some(({ id }) => id === 'stolen'));
    await stream.close();
  });
});

describe('tokens of an authorization server, over SSE', () => {
  let issuer, gateway;
  before(async () => {
    issuer = await Issuer.start({ name: 'https://issuer.test', audience: 'https://gateway.test/sse' });
    const folder = workFolder();
    writeFileSync(join(folder, 'keys.json'), issuer.jwks);
    gateway = await start((port) => mcpConfig(port, { policies: `
mcpAuthentication:
  issuer: ${issuer.name}
  audiences: [${issuer.audience}]
  jwks: { file: ./keys.json }
  resourceMetadata: { resource: ${issuer.audience} }
  toolScopes: { add: [math] }
mcpAuthorization:
  rules:
  - 'mcp.tool.name in ["echo", "add", "slow"]'
  - 'jwt.role == "admin" && mcp.tool.name == "printEnv"'` }), { folder });
  });
  after(async () => { try { await gateway?.stop(); } finally { await issuer?.stop(); } });

  test('no token: 401 and where to get one, for the stream and for each message', async () => {
    assert.equal((await RawStream.open(gateway)).status, 401);
    const stream = await RawStream.open(gateway, { token: issuer.token({ sub: 'alice' }) });
    const refused = await stream.post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { headers: {} });
    assert.equal(refused.status, 401);
    assert.ok(challenge(refused).resource_metadata);
    await stream.close();
  });

  test('another user may have a good token, and still has no part in it', async () => {
    const stream = await RawStream.open(gateway, { token: issuer.token({ sub: 'alice' }) });
    await stream.initialize();
    assert.equal((await stream.post({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, { headers: bearer(issuer.token({ sub: 'bob' })) })).status, 404);
    assert.ok((await stream.ask(2, 'tools/list')).result.tools.length > 0);
    await stream.close();
  });

  test('a scope that is missing is the answer to the POST, and a token that has it is good for the same stream', async () => {
    const stream = await RawStream.open(gateway, { token: issuer.token({ sub: 'alice' }) });
    await stream.initialize();
    const call = { jsonrpc: '2.0', id: 'sum', method: 'tools/call', params: { name: 'add', arguments: { a: 1, b: 2 } } };
    const refused = await stream.post(call);
    assert.equal(refused.status, 403);
    assert.equal(challenge(refused).error, 'insufficient_scope');
    assert.equal((await stream.post(call, { headers: bearer(issuer.token({ sub: 'alice', scope: 'math' })) })).status, 202);
    assert.match((await stream.answerTo('sum')).result.content[0].text, /is 3/);
    await stream.close();
  });

  test("what a list shows goes by the token of the request, not by the stream's", async () => {
    const stream = await RawStream.open(gateway, { token: issuer.token({ sub: 'alice', role: 'admin' }) });
    await stream.initialize();
    const names = async (id, headers) => {
      assert.equal((await stream.post({ jsonrpc: '2.0', id, method: 'tools/list' }, { headers })).status, 202);
      return (await stream.answerTo(id)).result.tools.map((tool) => tool.name).sort();
    };
    assert.deepEqual(await names('admin', stream.headers), ['add', 'echo', 'printEnv', 'slow']);
    assert.deepEqual(await names('user', bearer(issuer.token({ sub: 'alice' }))), ['add', 'echo', 'slow']);
    await stream.close();
  });

  test('the stream ends with the token that opened it', async () => {
    // Clocks may differ by a minute.
    const stream = await RawStream.open(gateway, { token: issuer.token({ sub: 'alice', exp: Math.floor(Date.now() / 1000) - 52 }) });
    await until(() => stream.isOver, 'the stream ends', 30000);
  });
});

describe('limits, CORS and the end of the gateway', () => {
  test('streams count as sessions', async () => {
    const gateway = await start((port) => `config: { limits: { maxSessionsPerCaller: 2 } }\n${mcpConfig(port)}`);
    try {
      const one = await RawStream.open(gateway);
      const two = await RawStream.open(gateway);
      await two.initialize();
      assert.equal((await RawStream.open(gateway)).status, 429);
      await one.close();
      let again;
      await until(async () => { again = await RawStream.open(gateway); return again.status === 200; }, 'there is room again');
      await two.close();
      await until(async () => (await RawStream.open(gateway)).status === 200, 'and again');
      await again.close();
    } finally { await gateway.stop(); }
  });

  test('streams end with the server that a reload takes away, whether they were initialized or not', async () => {
    const limits = 'config: { limits: { maxSessionsPerCaller: 2 } }\n';
    const gateway = await start((port) => limits + mcpConfig(port));
    try {
      const one = await RawStream.open(gateway);
      const two = await RawStream.open(gateway);
      await two.initialize();
      gateway.write(limits + mcpConfig(gateway.port, { args: [fixture, '--page', '0'] }));
      await until(() => gateway.hasLine(/configuration reloaded/), 'the reload');
      await until(() => one.isOver && two.isOver, 'the ends of the streams', 15000);
      for (const stream of [one, two]) assert.equal((await stream.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status, 404);
      const open = [];
      for (let i = 0; i < 2; i++) await until(async () => { open.push(await RawStream.open(gateway)); return open.at(-1).status === 200; }, 'there is room again');
      for (const stream of open) await stream.close();
    } finally { await gateway.stop(); }
  });

  test('a stream whose initialize took too long may be initialized again', async () => {
    const server = await new PolledServer().start();
    const gateway = await start((port) => remoteConfigOf(port, server.url, 'timeout: { requestTimeout: 2s }'));
    try {
      const stream = await RawStream.open(gateway);
      server.holdsHello = true;
      const hello = { jsonrpc: '2.0', id: 'init', method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } } };
      assert.equal((await stream.post(hello, { ms: 30000 })).status, 504);
      server.release();
      assert.equal((await stream.post(hello)).status, 202);
      assert.equal((await stream.answerTo('init')).result?.serverInfo.name, 'polled');
      await stream.close();
    } finally { try { await gateway.stop(); } finally { server.stop(); } }
  });

  test('pages of a permitted origin may use it', async () => {
    const cors = '\ncors:\n  allowOrigins: ["https://page.test"]\n  allowHeaders: [content-type]\n  allowMethods: [GET, POST]';
    const gateway = await start((port) => mcpConfig(port, { policies: cors }));
    try {
      const preflight = await request(gateway.port, 'OPTIONS', '/sse?sessionId=x', { headers: { origin: 'https://page.test', 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' } });
      assert.equal(preflight.headers['access-control-allow-origin'], 'https://page.test');
      const stream = await RawStream.open(gateway, { headers: { origin: 'https://page.test' } });
      assert.equal(stream.answer.headers['access-control-allow-origin'], 'https://page.test');
      stream.headers = { origin: 'https://page.test' };
      await stream.initialize();
      const foreign = await stream.post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { headers: { origin: 'https://evil.test' } });
      assert.equal(foreign.status, 403);
      await stream.close();
    } finally { await gateway.stop(); }
  });

  test('when the gateway stops a call is answered first', async () => {
    const gateway = await start((port) => mcpConfig(port));
    const stream = await RawStream.open(gateway);
    await stream.initialize();
    assert.equal((await stream.post({ jsonrpc: '2.0', id: 'last', method: 'tools/call', params: { name: 'slow', arguments: { ms: 600 } } })).status, 202);
    const stopped = gateway.stop();
    assert.equal((await stream.answerTo('last')).result.content[0].text, 'slept 600');
    await until(() => stream.isOver, 'the stream ends');
    await stopped;
  });
});
