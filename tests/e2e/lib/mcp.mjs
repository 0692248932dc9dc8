// MCP clients for tests: the official SDK client, and one that shows every byte.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import assert from 'node:assert/strict';
import { request } from './http.mjs';
import { patience } from './gateway.mjs';
import { messagesIn } from './sse.mjs';

export const bearer = (token) => (token ? { authorization: `Bearer ${token}` } : {});

/** The official client, connected. `set(client)` may register handlers before it connects. */
export async function connect(url, { token, headers = {}, capabilities = {}, set } = {}) {
  const client = new Client({ name: 'e2e', version: '1' }, { capabilities });
  set?.(client);
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { ...bearer(token), ...headers } } });
  await client.connect(transport, { timeout: 20000 * patience });
  client.transportOfTest = transport;
  return client;
}

export const toolNames = async (client) => (await client.listTools()).tools.map((tool) => tool.name);
export const textOf = (result) => result.content.map((part) => part.text).join('');
export const callText = async (client, name, args = {}, options) => textOf(await client.callTool({ name, arguments: args }, undefined, options));

/** The addresses of all resources, page by page; none comes twice. */
export async function resourceUris(client) {
  const uris = [];
  let cursor, pages = 0;
  do {
    const page = await client.listResources(cursor ? { cursor } : {});
    uris.push(...page.resources.map((resource) => resource.uri));
    cursor = page.nextCursor;
    assert.ok(++pages < 50);
  } while (cursor);
  assert.equal(new Set(uris).size, uris.length);
  return uris;
}

/** The error that a promise is rejected with. */
export async function failure(promise) {
  try { await promise; } catch (error) { return error; }
  return assert.fail('it should have failed');
}

/** JSON-RPC messages of a JSON or SSE body. */
export function messages(answer) {
  const type = answer.headers['content-type'] ?? '';
  const text = Buffer.from(answer.body, 'latin1').toString('utf8');
  if (type.startsWith('text/event-stream')) return messagesIn(text);
  return type.startsWith('application/json') && text !== '' ? [JSON.parse(text)] : [];
}

export const accept = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };

/** A session by hand. */
export class RawClient {
  constructor(port, { token, path = '/mcp', headers = {}, version = '2025-06-18' } = {}) {
    Object.assign(this, { port, path, version, id: 0, headers: { ...bearer(token), ...headers } });
  }

  async post(message, { headers = {}, ms } = {}) {
    const body = typeof message === 'string' ? message : JSON.stringify(message);
    const session = this.session ? { 'mcp-session-id': this.session, 'mcp-protocol-version': this.version } : {};
    const answer = await request(this.port, 'POST', this.path, { headers: { ...accept, ...this.headers, ...session, ...headers }, body, ms });
    return answer;
  }

  async initialize(capabilities = {}) {
    const answer = await this.post({ jsonrpc: '2.0', id: 'init', method: 'initialize',
      params: { protocolVersion: this.version, capabilities, clientInfo: { name: 'raw', version: '1' } } }, { ms: 20000 });
    if (answer.status !== 200) return answer;
    this.session = answer.headers['mcp-session-id'];
    this.initialized = messages(answer).at(-1);
    if (this.initialized?.error) return answer;
    const noted = await this.post({ jsonrpc: '2.0', method: 'notifications/initialized' });
    assert.equal(noted.status, 202);
    return answer;
  }

  /** A request's final message: { status, headers, message, all }. */
  async call(method, params, options) {
    const id = ++this.id;
    const answer = await this.post({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) }, options);
    const all = answer.body ? messages(answer) : [];
    return { ...answer, all, message: all.find((message) => message.id === id && !message.method) ?? all.at(-1) };
  }

  tool(name, args = {}, options) { return this.call('tools/call', { name, arguments: args }, options); }
  remove() { return request(this.port, 'DELETE', this.path, { headers: { ...this.headers, 'mcp-session-id': this.session, 'mcp-protocol-version': this.version } }); }
}
