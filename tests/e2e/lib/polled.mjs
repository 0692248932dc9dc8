// An MCP server over Streamable HTTP whose one tool, `polled`, is answered as the test says: on streams that the server
// ends when it is told to.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { until } from './gateway.mjs';

export class PolledServer {
  /** `retry` is what it says before it ends a stream; `version` the one it speaks. */
  constructor({ retry = 300, version = '2025-11-25' } = {}) {
    Object.assign(this, { retry, version, calls: [], resumed: [], heard: [], events: 0, lists: 0 });
  }

  async start() {
    this.server = createServer((request, response) => this.#serve(request, response));
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${this.server.address().port}/mcp`;
    return this;
  }
  stop() { this.server.closeAllConnections(); this.server.close(); }

  async #serve(request, response) {
    let body = '';
    for await (const part of request) body += part;
    if (request.method === 'GET') return this.#resume(request, response);
    if (request.method === 'DELETE') return response.writeHead(200).end();
    const message = JSON.parse(body);
    if (message.method !== 'initialize') this.heard.push(message);
    if (message.id === undefined || message.method === undefined) return response.writeHead(202).end();
    if (message.method === 'tools/call') return this.calls.push(new PolledCall(this, message, response));
    const answer = () => response.writeHead(200, { 'content-type': 'application/json', ...(message.method === 'initialize' ? { 'mcp-session-id': randomUUID() } : {}) })
      .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: this.#result(message.method) }));
    if ((message.method === 'tools/list' && this.holdsLists) || (message.method === 'initialize' && this.holdsHello)) return (this.held ??= []).push(answer);
    return answer();
  }
  #result(method) {
    if (method === 'initialize') return { protocolVersion: this.version, capabilities: { tools: {}, logging: {} }, serverInfo: { name: 'polled', version: '1' } };
    return method === 'tools/list' ? { tools: [{ name: 'polled', inputSchema: { type: 'object' } }] } : {};
  }
  /** Answers the requests that were held: for lists, to begin. */
  release() { this.holdsLists = this.holdsHello = false; for (const answer of (this.held ?? []).splice(0)) answer(); }

  #resume(request, response) {
    const last = request.headers['last-event-id'];
    const call = last === undefined ? undefined : this.calls.find((one) => one.ids.has(last));
    if (!call) return response.writeHead(405).end();
    this.resumed.push(last);
    return call.goOn(response);
  }

  /** The call of that place, once it is there. */
  async call(at) { await until(() => this.calls.length > at, `call ${at + 1}`); return this.calls[at]; }
}

/** One call in flight. */
class PolledCall {
  constructor(server, message, response) {
    Object.assign(this, { server, message, ids: new Set(), streams: 0 });
    this.goOn(response);
  }
  goOn(response) {
    this.response = response;
    this.streams++;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    this.#write('');
  }
  #write(data) {
    const id = `e${++this.server.events}`;
    this.ids.add(id);
    this.response.write(`id: ${id}\ndata: ${data}\n\n`);
  }
  /** Says something on the stream that is open. */
  say(message) { this.#write(JSON.stringify({ jsonrpc: '2.0', ...message })); }
  log(data) { this.say({ method: 'notifications/message', params: { level: 'info', data } }); }
  /** Ends the stream, to be polled. */
  pause() { this.response.end(`retry: ${this.server.retry}\n\n`); }
  /** Ends it as something between would. */
  cut() { this.response.destroy(); }
  finish(text) {
    this.say({ id: this.message.id, result: { content: [{ type: 'text', text }] } });
    this.response.end();
  }
  /** The gateway has come back that often. */
  async isBack(times) { await until(() => this.streams > times, `the gateway is back ${times} times`, 10000); }
}
