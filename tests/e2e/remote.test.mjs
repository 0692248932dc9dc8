// Targets over Streamable HTTP: real servers, behind the gateway, spoken to by the official SDK client.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema, LoggingMessageNotificationSchema, ResourceUpdatedNotificationSchema, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { everything2025, everything2026, freePort, jwtAuth, received, secret, start, token, until, workFolder } from './lib/gateway.mjs';
import { callText, connect, failure, RawClient, toolNames } from './lib/mcp.mjs';
import { remoteConfig, remoteFixture, RemoteServer, serveEverything, serveFixture, serveSdk } from './lib/remote.mjs';

const full = { sampling: {}, elicitation: { form: {} }, roots: { listChanged: true } };

const obliging = (url, asked) => connect(url, {
  capabilities: full, set(client) {
    client.setRequestHandler(CreateMessageRequestSchema, async (request) => { asked.push(request.method); return { model: 'canned', role: 'assistant', content: { type: 'text', text: 'canned answer' } }; });
    client.setRequestHandler(ElicitRequestSchema, async (request) => { asked.push(request.method); return { action: 'accept', content: { name: 'somebody' } }; });
    client.setRequestHandler(ListRootsRequestSchema, async (request) => { asked.push(request.method); return { roots: [{ uri: 'file:///tmp/a-root', name: 'the root' }] }; });
  },
});

/** A server and a gateway in front of it, for the tests of a describe(). */
function behind(serve, policies) {
  const both = {};
  before(async () => {
    both.server = await serve();
    both.gateway = await start((port) => remoteConfig(port, both.server.url, policies));
  });
  after(async () => {
    try { await both.gateway?.stop(); } finally { await both.server?.kill(); }
  });
  return both;
}

for (const [version, path, names] of [
  ['2025.12.18', everything2025, { add: 'add', slow: 'longRunningOperation', sample: 'sampleLLM', elicit: 'startElicitation', prompt: 'simple_prompt' }],
  ['2026.8.31', everything2026, { add: 'get-sum', slow: 'trigger-long-running-operation', sample: 'trigger-sampling-request', elicit: 'trigger-elicitation-request', prompt: 'simple-prompt' }],
]) {
  describe(`server-everything ${version} over HTTP`, () => {
    const both = behind(() => serveEverything(path));

    test('tools, prompts, resources, completion', async () => {
      const client = await connect(both.gateway.url());
      assert.match(client.getServerVersion().name, /everything/);
      assert.ok((await toolNames(client)).includes('echo'));
      assert.match(await callText(client, names.add, { a: 2, b: 3 }), /\b5\b/);
      assert.ok((await client.listPrompts()).prompts.length >= 3);
      assert.ok((await client.getPrompt({ name: names.prompt })).messages.length > 0);
      const { resources } = await client.listResources();
      assert.ok((await client.readResource({ uri: resources[0].uri })).contents[0].uri);
      assert.ok((await client.listResourceTemplates()).resourceTemplates.length > 0);
      await client.close();
    });

    test('progress arrives before the result', async () => {
      const client = await connect(both.gateway.url());
      const seen = [];
      assert.match(await callText(client, names.slow, { duration: 1, steps: 4 }, { onprogress: ({ progress }) => seen.push(progress) }), /completed/);
      assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
      assert.ok(seen.length >= 3, `progress: ${seen}`);
      await client.close();
    });

    test('the server asks the client and gets its answers', async () => {
      const asked = [];
      const client = await obliging(both.gateway.url(), asked);
      assert.match(await callText(client, names.sample, { prompt: 'say it', maxTokens: 10 }), /canned answer/);
      assert.match(await callText(client, names.elicit), /accept|somebody/i);
      for (const method of ['sampling/createMessage', 'elicitation/create']) assert.ok(asked.includes(method), `${method} in ${asked}`);
      await client.close();
    });

    test('a call is cancelled, and the next one works', async () => {
      const client = await connect(both.gateway.url());
      const stop = new AbortController();
      const call = client.callTool({ name: names.slow, arguments: { duration: 20, steps: 20 } }, undefined, { signal: stop.signal });
      setTimeout(() => stop.abort(), 200);
      await failure(call);
      assert.equal(await callText(client, 'echo', { message: 'next' }), 'Echo: next');
      await client.close();
    });

    test('many clients at once', async () => {
      const clients = await Promise.all(Array.from({ length: 8 }, () => connect(both.gateway.url())));
      const texts = await Promise.all(clients.flatMap((client, at) => Array.from({ length: 5 }, (_, n) => callText(client, 'echo', { message: `${at}/${n}` }))));
      assert.deepEqual(texts, clients.flatMap((_, at) => Array.from({ length: 5 }, (__, n) => `Echo: ${at}/${n}`)));
      await Promise.all(clients.map((client) => client.close()));
    });
  });
}

for (const kind of [[], ['--json'], ['--stateless'], ['--json', '--stateless']]) {
  describe(`a server of the official SDK ${kind.join(' ')}`, () => {
    const both = behind(() => serveSdk(...kind));

    test('tools, prompts, resources', async () => {
      const client = await connect(both.gateway.url());
      assert.equal(await callText(client, 'hello'), 'hello from the SDK');
      assert.match(JSON.stringify(await client.getPrompt({ name: 'greet' })), /greetings/);
      assert.equal((await client.readResource({ uri: 'test://fact' })).contents[0].text, 'a fact');
      await client.close();
    });

    test('the server never sees the id of the client\'s session, nor the client the server\'s', async () => {
      const client = new RawClient(both.gateway.port);
      const opened = await client.initialize();
      await client.tool('hello');
      assert.ok(!both.server.output.includes(client.session));
      for (const [, id] of both.server.output.matchAll(/POST ([0-9a-f-]{36})/g)) assert.ok(!JSON.stringify(opened).includes(id));
      await client.remove();
    });
  });
}

describe('a server of the official SDK with sessions', () => {
  const both = behind(() => serveSdk());

  test('list_changed comes on the stream outside of calls', async () => {
    const changed = [];
    const client = await connect(both.gateway.url(), { set(client) { client.setNotificationHandler(ToolListChangedNotificationSchema, () => { changed.push(1); }); } });
    await until(() => both.server.output.includes('GET '), 'the gateway listens to the server');
    await callText(client, 'grow');
    await until(() => changed.length > 0, 'the change arrives');
    assert.ok((await toolNames(client)).some((name) => name.startsWith('grown-')));
    await client.close();
  });

  test('progress, and a question in the middle of a call', async () => {
    const asked = [], seen = [];
    const client = await obliging(both.gateway.url(), asked);
    assert.equal(await callText(client, 'work', {}, { onprogress: ({ progress }) => seen.push(progress) }), 'worked');
    assert.deepEqual(seen, [1, 2, 3, 4]);
    assert.equal(await callText(client, 'ask'), 'accept somebody');
    assert.deepEqual(asked, ['elicitation/create']);
    await client.close();
  });

  test('a cancellation reaches the server', async () => {
    const client = await connect(both.gateway.url());
    const stop = new AbortController();
    const call = client.callTool({ name: 'wait', arguments: {} }, undefined, { signal: stop.signal });
    setTimeout(() => stop.abort(), 200);
    await failure(call);
    await until(() => both.server.output.includes('cancelled'), 'the server heard of it');
    await client.close();
  });

  test('the server\'s session ends with the client\'s', async () => {
    const client = await connect(both.gateway.url());
    await callText(client, 'hello');
    const before = both.server.output.split('\n').filter((line) => line.startsWith('DELETE')).length;
    await client.transportOfTest.terminateSession();
    await client.close();
    await until(() => both.server.output.split('\n').filter((line) => line.startsWith('DELETE')).length > before, 'the DELETE arrives');
  });
});

describe('a server that closes a stream before the answer', () => {
  const both = behind(() => serveSdk('--polling'));

  test('the client goes on where the server stopped', async () => {
    const client = await connect(both.gateway.url());
    assert.equal(await callText(client, 'polled'), 'polled');
    await client.close();
  });
});

test('a server that is killed and started again', async () => {
  const server = await serveSdk();
  const gateway = await start((port) => remoteConfig(port, server.url));
  try {
    const client = await connect(gateway.url());
    assert.equal(await callText(client, 'hello'), 'hello from the SDK');
    const waiting = failure(callText(client, 'wait'));
    await until(() => /POST/.test(server.output), 'the call is there');
    await new Promise((done) => setTimeout(done, 200));
    await server.kill();
    assert.equal((await waiting).code, -32603);
    const begin = Date.now();
    assert.match((await failure(callText(client, 'hello'))).message, /the target is not available/);
    assert.ok(Date.now() - begin < 2000, 'and says so at once');
    await server.start();
    assert.equal(await callText(client, 'hello'), 'hello from the SDK');
    await until(() => gateway.hasLine(/session opened again target=remote/), 'the log says so');
    await client.close();
  } finally {
    try { await gateway.stop(); } finally { await server.kill(); }
  }
});

test('a server that comes back with another revision has its clients start over', async () => {
  let version = '2025-06-18';
  const server = new RemoteServer(await freePort(), (port) => ['python3', remoteFixture, '--port', String(port), '--version', version]);
  await server.start();
  const gateway = await start((port) => remoteConfig(port, server.url));
  try {
    const client = new RawClient(gateway.port);
    await client.initialize();
    assert.equal((await client.tool('echo', { message: 'one' })).message.result.content[0].text, 'Echo: one');
    await server.kill();
    version = '2025-03-26';
    await server.start();
    for (let i = 0; i < 2; i++) {
      const answer = await client.tool('echo', { message: 'two' });
      assert.equal(answer.status, 404);
      assert.equal(answer.message.error.message, 'Session not found');
    }
    const again = new RawClient(gateway.port, { version });
    await again.initialize();
    assert.equal((await again.tool('echo', { message: 'three' })).message.result.content[0].text, 'Echo: three');
  } finally {
    try { await gateway.stop(); } finally { await server.kill(); }
  }
});

test('a server that is down hurts nobody else', async () => {
  const server = await serveFixture();
  const gateway = await start((port) => `
binds:
- port: ${port}
  listeners:
  - routes:
    - matches: [{ path: { pathPrefix: /down } }]
      backends: [{ mcp: { targets: [{ name: down, mcp: { host: "http://127.0.0.1:1/mcp" } }] } }]
    - matches: [{ path: { pathPrefix: /silent } }]
      backends: [{ mcp: { targets: [{ name: silent, mcp: { host: "${server.url.replace('/mcp', '/silent')}" } }] } }]
    - backends: [{ mcp: { targets: [{ name: up, mcp: { host: "${server.url}" } }] } }]
`);
  try {
    const silent = Array.from({ length: 20 }, () => failure(connect(gateway.url('/silent'))));
    for (let i = 0; i < 20; i++) await failure(connect(gateway.url('/down')));
    const client = await connect(gateway.url('/up'));
    const begin = Date.now();
    for (let i = 0; i < 20; i++) assert.equal(await callText(client, 'echo', { message: `${i}` }), `Echo: ${i}`);
    assert.ok(Date.now() - begin < 4000, `20 calls took ${Date.now() - begin} ms`);
    await client.close();
    await Promise.all(silent);
  } finally {
    try { await gateway.stop(); } finally { await server.kill(); }
  }
});

test('no credential of the caller reaches the server', async () => {
  const folder = workFolder();
  const log = join(folder, 'requests.jsonl');
  const server = await serveFixture('--log', log);
  const gateway = await start((port) => remoteConfig(port, server.url, jwtAuth), { folder });
  try {
    const cookie = secret('cookie-of-the-caller-4711');
    const headers = { cookie: `session=${cookie}`, 'x-api-key': secret('key-of-the-caller-4712'), dpop: secret('proof-of-the-caller-4713') };
    const client = new RawClient(gateway.port, { token: token('example1'), headers });
    await client.initialize();
    assert.equal((await client.tool('echo', { message: 'hi' })).message.result.content[0].text, 'Echo: hi');
    await client.remove();
    await until(() => received(log).some((line) => line.http === 'DELETE'), 'all requests are there');
    const text = readFileSync(log, 'utf8');
    for (const hidden of [token('example1'), cookie, '4712', '4713']) assert.ok(!text.includes(hidden), hidden.slice(0, 10));
    const names = new Set(received(log).flatMap((line) => Object.keys(line.headers)));
    assert.deepEqual([...names].sort(), ['accept', 'accept-encoding', 'content-length', 'content-type', 'host', 'mcp-method', 'mcp-protocol-version', 'mcp-session-id']);
  } finally {
    try { await gateway.stop(); } finally { await server.kill(); }
  }
});

describe('what passes between a client and a remote server', () => {
  const both = behind(() => serveFixture('--page', '3'));

  test('log messages, list changes and updates', async () => {
    const seen = [], changed = [], updated = [];
    const client = await connect(both.gateway.url(), { set(client) {
      client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => { seen.push(params.data); });
      client.setNotificationHandler(ToolListChangedNotificationSchema, () => { changed.push(1); });
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => { updated.push(params.uri); });
    } });
    await client.setLoggingLevel('debug');
    await callText(client, 'notify', { count: 3 });
    await callText(client, 'change');
    await client.subscribeResource({ uri: 'test://item/3' });
    await until(() => seen.length === 3 && changed.length > 0 && updated.includes('test://item/3'), 'all arrive');
    await client.close();
  });

  test('two clients with the same request ids do not get each others answers', async () => {
    const [one, two] = [new RawClient(both.gateway.port), new RawClient(both.gateway.port)];
    await Promise.all([one.initialize(), two.initialize()]);
    const answers = await Promise.all(Array.from({ length: 40 }, (_, at) => {
      const client = at % 2 ? one : two;
      client.id = 500 + (at >> 1);
      return client.tool('echo', { message: `${at}` });
    }));
    answers.forEach((answer, at) => assert.equal(answer.message.result.content[0].text, `Echo: ${at}`));
  });

  test('a large answer', async () => {
    const client = await connect(both.gateway.url());
    assert.equal((await callText(client, 'big', { size: 3000000 })).length, 3000000);
    await client.close();
  });

  test('each protocol revision is negotiated', async () => {
    for (const version of ['2025-03-26', '2025-06-18', '2025-11-25']) {
      const client = new RawClient(both.gateway.port, { version });
      await client.initialize();
      assert.equal(client.initialized.result.protocolVersion, version);
      const headers = JSON.parse((await client.tool('headers')).message.result.content[0].text);
      assert.equal(headers['mcp-protocol-version'], version);
    }
  });
});

test('a reload that changes the target ends its sessions, one that does not keeps them', async () => {
  const [one, two] = [await serveFixture(), await serveFixture()];
  const gateway = await start((port) => remoteConfig(port, one.url));
  try {
    const client = new RawClient(gateway.port);
    await client.initialize();
    gateway.write(remoteConfig(gateway.port, one.url) + '# the same\n');
    await until(() => gateway.hasLine(/configuration reloaded|configuration unchanged/), 'the reload');
    assert.equal((await client.tool('echo', { message: 'kept' })).message.result.content[0].text, 'Echo: kept');
    gateway.write(remoteConfig(gateway.port, two.url));
    await until(async () => (await client.tool('echo', { message: 'gone' })).status === 404, 'the session has ended');
    const again = new RawClient(gateway.port);
    await again.initialize();
    assert.equal((await again.tool('echo', { message: 'there' })).message.result.content[0].text, 'Echo: there');
  } finally {
    try { await gateway.stop(); } finally { await Promise.all([one.kill(), two.kill()]); }
  }
});
