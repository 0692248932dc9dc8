// Targets over HTTP+SSE, the transport of 2024-11-05: real servers, behind the gateway, spoken to by the official SDK client.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { CreateMessageRequestSchema, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { everything2025, everything2026, freePort, patience, start, until } from './lib/gateway.mjs';
import { callText, connect, failure, toolNames } from './lib/mcp.mjs';
import { RemoteServer } from './lib/remote.mjs';

const sseConfig = (port, target, policies = '') => `
binds:
- port: ${port}
  listeners:
  - routes:
    - ${policies ? `policies: ${policies}\n      ` : ''}backends:
      - mcp: { targets: [{ name: older, ${target} }] }
`;

for (const [version, path, names, kind] of [
  ['2025.12.18', everything2025, { add: 'add', slow: 'longRunningOperation', sample: 'sampleLLM', prompt: 'simple_prompt' }, 'sse'],
  ['2026.8.31', everything2026, { add: 'get-sum', slow: 'trigger-long-running-operation', sample: 'trigger-sampling-request', prompt: 'simple-prompt' }, 'sse'],
  ['2025.12.18', everything2025, { add: 'add', slow: 'longRunningOperation', sample: 'sampleLLM', prompt: 'simple_prompt' }, 'mcp'],
]) {
  describe(`server-everything ${version} over HTTP+SSE, as a target of kind ${kind}`, () => {
    let server, gateway;
    before(async () => {
      server = await new RemoteServer(await freePort(), () => ['node', path, 'sse']).start();
      gateway = await start((port) => sseConfig(port, `${kind}: { host: "http://127.0.0.1:${server.port}/sse" }`));
    });
    after(async () => { try { await gateway?.stop(); } finally { await server?.kill(); } });

    test('tools, prompts, resources', async () => {
      const client = await connect(gateway.url());
      assert.match(client.getServerVersion().name, /everything/);
      assert.ok((await toolNames(client)).includes('echo'));
      assert.match(await callText(client, names.add, { a: 2, b: 3 }), /\b5\b/);
      assert.ok((await client.getPrompt({ name: names.prompt })).messages.length > 0);
      const { resources } = await client.listResources();
      assert.ok((await client.readResource({ uri: resources[0].uri })).contents[0].uri);
      await client.close();
    });

    test('progress arrives before the result', async () => {
      const client = await connect(gateway.url());
      const seen = [];
      assert.match(await callText(client, names.slow, { duration: 1, steps: 4 }, { onprogress: ({ progress }) => seen.push(progress) }), /completed/);
      assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
      assert.ok(seen.length >= 3, `progress: ${seen}`);
      await client.close();
    });

    test('the server asks the client and gets its answer', async () => {
      const client = await connect(gateway.url(), { capabilities: { sampling: {} }, set(client) {
        client.setRequestHandler(CreateMessageRequestSchema, async () => ({ model: 'canned', role: 'assistant', content: { type: 'text', text: 'canned answer' } }));
      } });
      assert.match(await callText(client, names.sample, { prompt: 'say it', maxTokens: 10 }), /canned answer/);
      await client.close();
    });

    test('a call is cancelled, and the next one works', async () => {
      const client = await connect(gateway.url());
      const stop = new AbortController();
      const call = client.callTool({ name: names.slow, arguments: { duration: 20, steps: 20 } }, undefined, { signal: stop.signal });
      setTimeout(() => stop.abort(), 200);
      await failure(call);
      assert.equal(await callText(client, 'echo', { message: 'next' }), 'Echo: next');
      await client.close();
    });

    test('many clients at once, each with a stream of its own', async () => {
      const clients = await Promise.all(Array.from({ length: 8 }, () => connect(gateway.url())));
      const texts = await Promise.all(clients.flatMap((client, at) => Array.from({ length: 5 }, (_, n) => callText(client, 'echo', { message: `${at}/${n}` }))));
      assert.deepEqual(texts, clients.flatMap((_, at) => Array.from({ length: 5 }, (__, n) => `Echo: ${at}/${n}`)));
      await Promise.all(clients.map((client) => client.close()));
    });

    test('a server that is started again is found again by the next call', async () => {
      const client = await connect(gateway.url());
      assert.equal(await callText(client, 'echo', { message: 'before' }), 'Echo: before');
      await server.kill();
      await failure(client.callTool({ name: 'echo', arguments: { message: 'gone' } }));
      await server.start();
      await until(async () => await callText(client, 'echo', { message: 'again' }).catch(() => '') === 'Echo: again', 'it is there again', 20000);
      await client.close();
    });
  });
}

/** A server over HTTP+SSE whose every word the test says. */
class ScriptedSse {
  static async start(endpoint = () => '/messages?s=1') {
    const self = Object.assign(new ScriptedSse(), { streams: [], posts: [], port: await freePort() });
    self.server = createServer(async (request, response) => {
      if (request.method === 'GET') {
        self.streams.push({ headers: request.headers, response });
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(`event: endpoint\ndata: ${endpoint()}\n\n`);
        return;
      }
      let body = '';
      for await (const part of request.setEncoding('utf8')) body += part;
      self.posts.push({ url: request.url, headers: request.headers, message: JSON.parse(body) });
      response.writeHead(202).end('Accepted');
      self.#answer(JSON.parse(body));
    });
    await new Promise((done) => self.server.listen(self.port, '127.0.0.1', done));
    return self;
  }
  say(message) { this.streams.at(-1).response.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`); }
  #answer({ id, method, params }) {
    if (method === 'initialize') this.say({ id, result: { protocolVersion: '2024-11-05', capabilities: { tools: { listChanged: true } }, serverInfo: { name: 'scripted', version: '1' } } });
    if (method === 'tools/list') this.say({ id, result: { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] } });
    if (method === 'tools/call' && !params.arguments.hangs) this.say({ id, result: { content: [{ type: 'text', text: JSON.stringify(params.arguments) }] } });
  }
  breakStreams() { for (const { response } of this.streams) response.destroy(); }
  async stop() { this.breakStreams(); this.server.closeAllConnections(); await new Promise((done) => this.server.close(done)); }
}

async function withScripted(use, { endpoint, policies } = {}) {
  const server = await ScriptedSse.start(endpoint);
  let gateway;
  try {
    gateway = await start((port) => sseConfig(port, `sse: { host: 127.0.0.1, port: ${server.port} }`, policies));
    await use({ server, gateway });
    await gateway.stop();
    gateway = undefined;
  } finally {
    gateway?.process.kill('SIGKILL');
    await server.stop();
  }
}

describe('a scripted server over HTTP+SSE', () => {
  test('gets the credentials of the configuration with its stream and every message, and nothing of the client', async () => {
    await withScripted(async ({ server, gateway }) => {
      const client = await connect(gateway.url(), { headers: { 'x-of-the-client': 'a', cookie: 'b=c' } });
      assert.equal(await callText(client, 'echo', { a: 1 }), '{"a":1}');
      for (const { headers } of [...server.streams, ...server.posts]) {
        assert.equal(headers.authorization, 'Bearer key-of-the-route');
        assert.deepEqual([headers['x-of-the-client'], headers.cookie], [undefined, undefined]);
      }
      assert.deepEqual(new Set(server.posts.map(({ url }) => url)), new Set(['/messages?s=1']));
      await client.transport.terminateSession();
      await client.close();
      await until(() => server.streams[0].response.destroyed || server.streams[0].response.closed, 'its stream ends with the session');
    }, { policies: '{ backendAuth: { key: key-of-the-route } }' });
  });

  test('an address for messages of another origin is not used', async () => {
    const other = await ScriptedSse.start();
    await withScripted(async ({ server, gateway }) => {
      await failure(connect(gateway.url()));
      assert.deepEqual([server.posts, other.posts], [[], []]);
      await until(() => gateway.hasLine(/another origin/), 'the log knows why');
    }, { endpoint: () => `http://127.0.0.1:${other.port}/messages` }).finally(() => other.stop());
  });

  test('a stream that breaks fails its calls at once, and is opened again for a client that listens', async () => {
    await withScripted(async ({ server, gateway }) => {
      const changed = [];
      const client = await connect(gateway.url(), { set(client) { client.setNotificationHandler(ToolListChangedNotificationSchema, () => { changed.push(1); }); } });
      const begun = Date.now();
      const hanging = failure(client.callTool({ name: 'echo', arguments: { hangs: true } }));
      await until(() => server.posts.some(({ message }) => message.method === 'tools/call'), 'the call is there');
      server.breakStreams();
      await hanging;
      assert.ok(Date.now() - begun < 10000 * patience);
      await until(() => server.streams.length === 2 && server.posts.filter(({ message }) => message.method === 'notifications/initialized').length === 2, 'it is opened again', 10000);
      server.say({ method: 'notifications/tools/list_changed' });
      await until(() => changed.length === 1, 'what the server says arrives');
      assert.equal(await callText(client, 'echo', { a: 2 }), '{"a":2}');
      await client.close();
    });
  });
});
