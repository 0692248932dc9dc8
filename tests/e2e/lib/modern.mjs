// Clients of the stateless revision 2026-07-28: the official SDK client, and one that shows every byte.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { request } from './http.mjs';
import { accept, bearer, messages } from './mcp.mjs';
import { patience } from './gateway.mjs';

export const revision = '2026-07-28';
const meta = 'io.modelcontextprotocol/';

/** The official client, pinned to the revision. `set(client)` may register handlers before it connects. */
export async function connectModern(url, { token, capabilities = {}, set, options = {} } = {}) {
  const client = new Client({ name: 'e2e-modern', version: '1' }, { capabilities, versionNegotiation: { mode: { pin: revision } }, ...options });
  set?.(client);
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: bearer(token) } }), { timeout: 20000 * patience });
  return client;
}

export const named = { 'tools/call': 'name', 'prompts/get': 'name', 'resources/read': 'uri', 'tasks/get': 'taskId', 'tasks/update': 'taskId', 'tasks/cancel': 'taskId' };

/** Requests by hand. */
export class RawModern {
  constructor(port, { token, path = '/mcp', capabilities = {} } = {}) {
    Object.assign(this, { port, token, path, capabilities, id: 0 });
  }

  message(method, params = {}, { capabilities = this.capabilities, level, id = ++this.id, meta: more = {} } = {}) {
    const _meta = { [`${meta}protocolVersion`]: revision, [`${meta}clientCapabilities`]: capabilities, [`${meta}clientInfo`]: { name: 'raw', version: '1' },
      ...(level && { [`${meta}logLevel`]: level }), ...more };
    return { jsonrpc: '2.0', id, method, params: { ...params, _meta } };
  }

  headers(message) {
    const name = named[message.method];
    return { ...accept, ...bearer(this.token), 'mcp-protocol-version': revision, 'mcp-method': message.method, ...(name && { 'mcp-name': message.params[name] }) };
  }

  /** Sends any message: { status, headers, all, message }; `headers` of undefined are left out. */
  async post(message, { headers = {}, ms = 20000 } = {}) {
    const sent = Object.fromEntries(Object.entries({ ...this.headers(message), ...headers }).filter(([, value]) => value !== undefined));
    const answer = await request(this.port, 'POST', this.path, { headers: sent, body: JSON.stringify(message), ms });
    const all = answer.body ? messages(answer) : [];
    return { ...answer, all, message: all.find((one) => one.id === message.id && !one.method) };
  }

  call(method, params, options = {}) { return this.post(this.message(method, params, options), options); }
  tool(name, args = {}, { params = {}, ...options } = {}) { return this.call('tools/call', { name, arguments: args, ...params }, options); }
}
