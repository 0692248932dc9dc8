// A server made with the official SDK, over Streamable HTTP:  sdk_server.mjs PORT [--json] [--stateless] [--polling]
// --json: answers are JSON and no streams. --polling: the answer of `polled` comes on a second stream.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

const [port, ...options] = process.argv.slice(2);
const isStateless = options.includes('--stateless');
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const say = (text) => ({ content: [{ type: 'text', text }] });

/** Events that were sent, so that a stream can be gone on with. */
class EventStore {
  events = [];
  async storeEvent(stream, message) {
    this.events.push({ id: `event-${this.events.length}`, stream, message });
    return this.events.at(-1).id;
  }
  async getStreamIdForEventId(id) { return this.events.find((event) => event.id === id)?.stream; }
  async replayEventsAfter(id, { send }) {
    const at = this.events.findIndex((event) => event.id === id);
    const { stream } = this.events[at];
    for (const event of this.events.slice(at + 1))
      if (event.stream === stream && Object.keys(event.message).length > 0) await send(event.id, event.message);
    return stream;
  }
}

function makeServer() {
  const server = new McpServer({ name: 'sdk-server', version: '1' }, { capabilities: { logging: {}, tools: { listChanged: true } } });
  const tool = (name, work) => server.registerTool(name, { description: name }, work);
  tool('hello', async () => say('hello from the SDK'));
  tool('grow', async () => { tool(`grown-${Date.now()}`, async () => say('grown')); return say('grown'); });
  tool('work', async (extra) => {
    for (let step = 1; step <= 4; step++) {
      await sleep(20);
      if (extra._meta?.progressToken !== undefined) await extra.sendNotification({ method: 'notifications/progress', params: { progressToken: extra._meta.progressToken, progress: step, total: 4 } });
    }
    return say('worked');
  });
  tool('wait', async (extra) => {
    await new Promise((done) => { const timer = setTimeout(done, 20000); extra.signal.addEventListener('abort', () => { clearTimeout(timer); done(); }); });
    process.stdout.write(extra.signal.aborted ? 'cancelled\n' : 'waited\n');
    return say('waited');
  });
  tool('ask', async (extra) => {
    const answer = await extra.sendRequest({ method: 'elicitation/create', params: { mode: 'form', message: 'Name?', requestedSchema: { type: 'object', properties: { name: { type: 'string' } } } } }, (await import('@modelcontextprotocol/sdk/types.js')).ElicitResultSchema);
    return say(`${answer.action} ${answer.content?.name ?? ''}`);
  });
  tool('polled', async (extra) => { extra.closeSSEStream?.(); await sleep(100); return say('polled'); });
  server.registerPrompt('greet', { description: 'greets' }, async () => ({ messages: [{ role: 'user', content: { type: 'text', text: 'greetings' } }] }));
  server.registerResource('fact', 'test://fact', { mimeType: 'text/plain' }, async (uri) => ({ contents: [{ uri: uri.href, text: 'a fact' }] }));
  return server;
}

const transports = new Map();

async function transportOf(request) {
  const named = request.headers['mcp-session-id'];
  if (!isStateless && named) return transports.get(named);
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: isStateless ? undefined : randomUUID,
    enableJsonResponse: options.includes('--json'),
    eventStore: options.includes('--polling') ? new EventStore() : undefined,
    retryInterval: options.includes('--polling') ? 50 : undefined,
    onsessioninitialized: (id) => { transports.set(id, transport); },
  });
  transport.onclose = () => transports.delete(transport.sessionId);
  await makeServer().connect(transport);
  return transport;
}

createServer(async (request, response) => {
  process.stdout.write(`${request.method} ${request.headers['mcp-session-id'] ?? '-'} ${request.headers['last-event-id'] ?? '-'}\n`);
  const transport = await transportOf(request);
  if (transport) return transport.handleRequest(request, response);
  return response.writeHead(404, { 'content-type': 'application/json' }).end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}');
}).listen(Number(port), '127.0.0.1');
