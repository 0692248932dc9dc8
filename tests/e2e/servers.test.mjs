// Real MCP servers from npm behind the gateway, spoken to by the official SDK client.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema, LoggingMessageNotificationSchema, ResourceUpdatedNotificationSchema, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { everything2025, everything2026, fixture, mcpConfig, received, root, start, until, workFolder } from './lib/gateway.mjs';
import { callText, connect, failure, RawClient, resourceUris, textOf, toolNames } from './lib/mcp.mjs';

const everything = (server) => (port) => mcpConfig(port, { cmd: 'node', args: [server, 'stdio'] });
const full = { sampling: {}, elicitation: { form: {} }, roots: { listChanged: true } };

/** A client that answers everything a server may ask, and remembers what it was asked. */
async function obliging(url, asked, options = {}) {
  return connect(url, {
    ...options, capabilities: full, set(client) {
      client.setRequestHandler(CreateMessageRequestSchema, async (request) => { asked.push(request); return { model: 'canned', role: 'assistant', content: { type: 'text', text: 'canned answer' } }; });
      client.setRequestHandler(ElicitRequestSchema, async (request) => { asked.push(request); return { action: 'decline' }; });
      client.setRequestHandler(ListRootsRequestSchema, async (request) => { asked.push(request); return { roots: [{ uri: 'file:///tmp/a-root', name: 'the root' }] }; });
    },
  });
}

for (const [version, server, names] of [
  ['2025.12.18', everything2025, { add: 'add', slow: 'longRunningOperation', sample: 'sampleLLM', elicit: 'startElicitation', roots: 'listRoots', prompt: 'simple_prompt', args: 'complex_prompt' }],
  ['2026.8.31', everything2026, { add: 'get-sum', slow: 'trigger-long-running-operation', sample: 'trigger-sampling-request', elicit: 'trigger-elicitation-request', roots: 'get-roots-list', prompt: 'simple-prompt', args: 'args-prompt' }],
]) {
  describe(`server-everything ${version}`, () => {
    let gateway;
    before(async () => { gateway = await start(everything(server)); });
    after(() => gateway?.stop());

    test('initialize names the server and its capabilities', async () => {
      const client = await connect(gateway.url());
      assert.match(client.getServerVersion().name, /everything/);
      for (const capability of ['tools', 'prompts', 'resources', 'logging', 'completions']) assert.ok(client.getServerCapabilities()[capability], capability);
      await client.close();
    });

    test('tools are listed and called', async () => {
      const client = await connect(gateway.url());
      const names_ = await toolNames(client);
      assert.ok(names_.includes('echo') && names_.includes(names.add), names_.join());
      assert.match(await callText(client, names.add, { a: 2, b: 3 }), /\b5\b/);
      await client.close();
    });

    test('prompts, with arguments', async () => {
      const client = await connect(gateway.url());
      const { prompts } = await client.listPrompts();
      assert.ok(prompts.some((prompt) => prompt.name === names.prompt));
      assert.ok((await client.getPrompt({ name: names.prompt })).messages.length > 0);
      const prompt = prompts.find((one) => one.name === names.args);
      const args = Object.fromEntries(prompt.arguments.map((argument) => [argument.name, '0.5']));
      assert.match(JSON.stringify(await client.getPrompt({ name: names.args, arguments: args })), /0\.5/);
      await client.close();
    });

    test('resources: all pages, reading, templates', async () => {
      const client = await connect(gateway.url());
      const uris = await resourceUris(client);
      assert.equal(uris.length, version === '2025.12.18' ? 100 : 7);
      assert.ok((await client.readResource({ uri: uris.at(-1) })).contents[0].uri);
      assert.ok((await client.listResourceTemplates()).resourceTemplates.length > 0);
      await client.close();
    });

    test('completion', async () => {
      const client = await connect(gateway.url());
      const ref = version === '2025.12.18' ? { type: 'ref/prompt', name: 'complex_prompt' } : { type: 'ref/prompt', name: 'completable-prompt' };
      const argument = version === '2025.12.18' ? { name: 'style', value: '' } : { name: 'department', value: '' };
      assert.ok((await client.complete({ ref, argument })).completion.values.length > 0);
      await client.close();
    });

    test('progress arrives before the result', async () => {
      const client = await connect(gateway.url());
      const seen = [];
      const text = await callText(client, names.slow, { duration: 1, steps: 4 }, { onprogress: (progress) => seen.push(progress.progress) });
      assert.match(text, /completed/);
      assert.ok(seen.length >= 3, `progress: ${seen}`);
      assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
      await client.close();
    });

    test('sampling, elicitation and roots go to the client and back', async () => {
      const asked = [];
      const client = await obliging(gateway.url(), asked);
      assert.match(await callText(client, names.sample, { prompt: 'say it', maxTokens: 10 }), /canned answer/);
      await until(async () => (await toolNames(client)).includes(names.elicit), 'the tools that need capabilities are offered');
      assert.match(await callText(client, names.elicit), /declined/);
      assert.match(await callText(client, names.roots), /file:\/\/\/tmp\/a-root/);
      const methods = asked.map((request) => request.method);
      for (const method of ['sampling/createMessage', 'elicitation/create', 'roots/list']) assert.ok(methods.includes(method), `${method} in ${methods}`);
      await client.close();
    });

    test('a call is cancelled at the server', async () => {
      const client = await connect(gateway.url());
      const stop = new AbortController();
      const call = client.callTool({ name: names.slow, arguments: { duration: 20, steps: 20 } }, undefined, { signal: stop.signal });
      setTimeout(() => stop.abort(), 200);
      await failure(call);
      assert.equal(await callText(client, 'echo', { message: 'next' }), 'Echo: next');
      await client.close();
    });

    test('the client of the second SDK generation, in its legacy mode', async () => {
      const client = new ClientV2({ name: 'v2', version: '1' }, { versionNegotiation: { mode: 'legacy' } });
      await client.connect(new TransportV2(new URL(gateway.url())));
      assert.ok((await client.listTools()).tools.length > 5);
      assert.equal(textOf(await client.callTool({ name: 'echo', arguments: { message: 'v2' } })), 'Echo: v2');
      await client.close();
    });

    test('many clients at once, each with its own child', async () => {
      const clients = await Promise.all(Array.from({ length: 5 }, () => connect(gateway.url())));
      const texts = await Promise.all(clients.map((client, at) => callText(client, 'echo', { message: `from ${at}` })));
      assert.deepEqual(texts, clients.map((_, at) => `Echo: from ${at}`));
      await Promise.all(clients.map((client) => client.close()));
    });
  });
}

test('server-filesystem: writes and reads in the folder it was given', async () => {
  const data = mkdtempSync(join(tmpdir(), 'agw-fs-'));
  writeFileSync(join(data, 'hello.txt'), 'from a file');
  const gateway = await start((port) => mcpConfig(port, { cmd: 'node', args: [join(root, 'tests/e2e/node_modules/@modelcontextprotocol/server-filesystem/dist/index.js'), data] }));
  try {
    const client = await connect(gateway.url());
    assert.match(await callText(client, 'read_text_file', { path: join(data, 'hello.txt') }), /from a file/);
    await client.callTool({ name: 'write_file', arguments: { path: join(data, 'new.txt'), content: 'written ü\n' } });
    assert.equal(readFileSync(join(data, 'new.txt'), 'utf8'), 'written ü\n');
    assert.equal((await client.callTool({ name: 'read_text_file', arguments: { path: '/etc/hostname' } })).isError, true);
    await client.close();
  } finally { await gateway.stop(); }
});

test('server-memory: keeps what it is told, with its file named in env', async () => {
  const folder = workFolder();
  const file = join(folder, 'memory.jsonl');
  const gateway = await start((port) => mcpConfig(port, { cmd: 'node', args: [join(root, 'tests/e2e/node_modules/@modelcontextprotocol/server-memory/dist/index.js')], env: { MEMORY_FILE_PATH: file } }), { folder });
  try {
    const client = await connect(gateway.url());
    await client.callTool({ name: 'create_entities', arguments: { entities: [{ name: 'gateway', entityType: 'program', observations: ['is small'] }] } });
    assert.match(await callText(client, 'read_graph'), /is small/);
    assert.match(readFileSync(file, 'utf8'), /gateway/);
    await client.close();
  } finally { await gateway.stop(); }
});

describe('what passes between a client and its child', () => {
  let gateway, log;
  before(async () => {
    const folder = workFolder();
    log = join(folder, 'received.jsonl');
    gateway = await start((port) => mcpConfig(port, { args: [fixture, '--log', log, '--page', '3', '--banner', 'a line that is no JSON'] }), { folder });
  });
  after(() => gateway?.stop());

  test('log messages and list changes reach the client', async () => {
    const seen = [], changed = [];
    const client = await connect(gateway.url(), { set(client) {
      client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => { seen.push(params.data); });
      client.setNotificationHandler(ToolListChangedNotificationSchema, () => { changed.push(1); });
    } });
    await client.setLoggingLevel('debug');
    await callText(client, 'notify', { count: 3 });
    await callText(client, 'change');
    await until(() => seen.length === 3 && changed.length > 0, 'the notifications arrive');
    assert.deepEqual(seen, ['line 0', 'line 1', 'line 2']);
    await client.close();
  });

  test('resource updates reach the subscriber', async () => {
    const updated = [];
    const client = await connect(gateway.url(), { set(client) {
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => { updated.push(params.uri); });
    } });
    await client.subscribeResource({ uri: 'test://item/3' });
    await until(() => updated.includes('test://item/3'), 'the update arrives');
    await client.close();
  });

  test('every page of every list is reachable', async () => {
    const client = await connect(gateway.url());
    for (const [list, kind, count] of [['listTools', 'tools', 17], ['listPrompts', 'prompts', 3], ['listResources', 'resources', 7]]) {
      const names = [];
      let cursor;
      do {
        const page = await client[list](cursor ? { cursor } : {});
        names.push(...page[kind].map((item) => item.name));
        cursor = page.nextCursor;
      } while (cursor);
      assert.equal(names.length, count, kind);
      assert.equal(new Set(names).size, count, kind);
    }
    await client.close();
  });

  test('cancellation reaches the child with the id the child knows', async () => {
    const client = await connect(gateway.url());
    const stop = new AbortController();
    const call = client.callTool({ name: 'slow', arguments: { ms: 8000, mark: 'cancel me' } }, undefined, { signal: stop.signal });
    await until(() => received(log).some((message) => message.params?.arguments?.mark === 'cancel me'), 'the call reached the child');
    stop.abort();
    await failure(call);
    const sent = received(log).find((message) => message.params?.arguments?.mark === 'cancel me');
    await until(() => received(log).some((message) => message.method === 'notifications/cancelled' && message.params.requestId === sent.id), 'the cancellation reached the child');
    await client.close();
  });

  test('the child sees the client as it introduced itself, and its own progress tokens', async () => {
    const client = await connect(gateway.url());
    await callText(client, 'echo', { message: 'x' });
    const hello = received(log).filter((message) => message.method === 'initialize').at(-1);
    assert.equal(typeof hello.params.clientInfo.name, 'string');
    await client.close();
  });

  test('two clients with the same request ids do not get each others answers', async () => {
    const [one, two] = [new RawClient(gateway.port), new RawClient(gateway.port)];
    await Promise.all([one.initialize(), two.initialize()]);
    const answers = await Promise.all(Array.from({ length: 40 }, (_, at) => {
      const client = at % 2 ? one : two;
      client.id = 500 + (at >> 1);
      return client.tool('echo', { message: `${at}` });
    }));
    answers.forEach((answer, at) => assert.equal(answer.message.result.content[0].text, `Echo: ${at}`));
  });

  test('calls of one session run side by side', async () => {
    const client = await connect(gateway.url());
    const begin = Date.now();
    await Promise.all(Array.from({ length: 4 }, () => callText(client, 'slow', { ms: 600 })));
    assert.ok(Date.now() - begin < 1800 * 2, 'four calls of 600 ms');
    await client.close();
  });

  test('an error of the server is passed on as it is', async () => {
    const client = await connect(gateway.url());
    const error = await failure(client.callTool({ name: 'fail', arguments: {} }));
    assert.equal(error.code, -32050);
    assert.match(error.message, /as told/);
    await client.close();
  });

  test('a large answer, and a line on stdout that is no message', async () => {
    const client = await connect(gateway.url());
    assert.equal((await callText(client, 'big', { size: 1000000 })).length, 1000000);
    assert.equal(await callText(client, 'noise'), 'after the noise');
    await client.close();
  });

  test('each protocol revision is negotiated', async () => {
    for (const version of ['2025-03-26', '2025-06-18', '2025-11-25']) {
      const client = new RawClient(gateway.port, { version });
      await client.initialize();
      assert.equal(client.initialized.result.protocolVersion, version);
      assert.equal((await client.tool('echo', { message: version })).message.result.content[0].text, `Echo: ${version}`);
    }
    const future = new RawClient(gateway.port, { version: '2099-01-01' });
    const answer = await future.post({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2099-01-01', capabilities: {}, clientInfo: { name: 'f', version: '1' } } });
    assert.equal(answer.status, 200);
    assert.match(answer.body, /"protocolVersion":"2025-\d\d-\d\d"/);
  });
});

describe('rules for prompts, resources and their templates', () => {
  const rules = `
mcpAuthorization:
  rules:
  - 'mcp.prompt.name == "greet"'
  - 'mcp.resource.name == "test://item/1" || mcp.resource.name == "test://item/5"'
  - 'mcp.tool.name == "echo"'`;
  let gateway, log;
  before(async () => {
    const folder = workFolder();
    log = join(folder, 'received.jsonl');
    gateway = await start((port) => mcpConfig(port, { policies: rules, args: [fixture, '--log', log, '--page', '2'] }), { folder });
  });
  after(() => gateway?.stop());

  test('lists hold only what may be used, on every page', async () => {
    const client = await connect(gateway.url());
    const all = async (list, kind) => {
      const found = [];
      let cursor;
      do { const page = await client[list](cursor ? { cursor } : {}); found.push(...page[kind]); cursor = page.nextCursor; } while (cursor);
      return found;
    };
    assert.deepEqual((await all('listPrompts', 'prompts')).map((prompt) => prompt.name), ['greet']);
    assert.deepEqual((await all('listResources', 'resources')).map((resource) => resource.uri), ['test://item/1', 'test://item/5']);
    assert.deepEqual((await all('listTools', 'tools')).map((tool) => tool.name), ['echo']);
    assert.deepEqual((await all('listResourceTemplates', 'resourceTemplates')), []);
    await client.close();
  });

  test('what is refused is unknown, and never reaches the child', async () => {
    const client = await connect(gateway.url());
    const before = received(log).length;
    const cases = [
      [() => client.getPrompt({ name: 'secret_prompt' }), 'Unknown prompt: secret_prompt'],
      [() => client.getPrompt({ name: 'nothing' }), 'Unknown prompt: nothing'],
      [() => client.readResource({ uri: 'test://item/2' }), 'Unknown resource: test://item/2'],
      [() => client.subscribeResource({ uri: 'test://item/2' }), 'Unknown resource: test://item/2'],
      [() => client.callTool({ name: 'printEnv', arguments: {} }), 'Unknown tool: printEnv'],
    ];
    for (const [ask, text] of cases) {
      const error = await failure(ask());
      assert.equal(error.code, -32602);
      assert.ok(error.message.endsWith(text), error.message);
    }
    await failure(client.complete({ ref: { type: 'ref/prompt', name: 'secret_prompt' }, argument: { name: 'a', value: '' } }));
    const names = received(log).slice(before).map((message) => message.method);
    for (const method of ['prompts/get', 'resources/read', 'resources/subscribe', 'tools/call', 'completion/complete']) assert.ok(!names.includes(method), method);
    await client.close();
  });

  test('what is allowed works', async () => {
    const client = await connect(gateway.url());
    assert.match(JSON.stringify(await client.getPrompt({ name: 'greet', arguments: { name: 'you' } })), /greet/);
    assert.equal((await client.readResource({ uri: 'test://item/5' })).contents[0].text, 'Item 5');
    await client.close();
  });
});
