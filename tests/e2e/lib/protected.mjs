// One HTTP request to a protected MCP endpoint, and what its refusals must look like.
import assert from 'node:assert/strict';
import { raw, responses } from './http.mjs';
import { accept, RawClient } from './mcp.mjs';

export const versions = ['2025-06-18', '2025-11-25'];
/** The revision without sessions: every request says of which revision it is and what its client can do. */
export const stateless = '2026-07-28';
export const eras = [...versions, stateless];
export const methods = ['POST', 'GET', 'DELETE'];
let asked = 0;
/** Another address each time, so that many bad requests are not those of one address, which is answered with 429 some day. */
const anAddress = () => `127.0.${1 + (asked++ % 200)}.1`;

/** A message as the stateless revision has it, and the fields that repeat what is in it. */
function withMeta(text) {
  const message = JSON.parse(text);
  const prefix = 'io.modelcontextprotocol/';
  const _meta = { [`${prefix}protocolVersion`]: stateless, [`${prefix}clientCapabilities`]: {}, [`${prefix}clientInfo`]: { name: 'raw', version: '1' } };
  const name = message.params?.name ?? message.params?.uri;
  const fields = [['mcp-protocol-version', stateless], ['mcp-method', message.method], ...(name === undefined ? [] : [['mcp-name', name]])];
  return { text: JSON.stringify({ ...message, params: { ...message.params, _meta } }), fields };
}

/** What a good token gets: nothing but POST is there in the stateless revision. */
export const isServed = (answer, method, version) =>
  version === stateless && method !== 'POST' ? answer.status === 405 : answer.status >= 200 && answer.status < 300;

export const listTools = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/list' });

/**
 * Sends one request of a session. `fields` are [name, value] pairs, so that a name may occur twice. A stream that begins
 * is cut off after its head, or when `enough(text)` says so.
 */
export async function ask(port, method, { path = '/mcp', session, version = versions[0], fields = [], body, enough, ms = 5000 } = {}) {
  let content = body ?? (method === 'POST' ? listTools : '');
  const all = [['connection', 'close'], ...fields];
  const has = (name) => all.some(([key]) => key.toLowerCase() === name);
  const add = (name, value) => { if (!has(name)) all.push([name, value]); };
  add('host', `127.0.0.1:${port}`);
  if (method === 'POST') for (const [name, value] of Object.entries(accept)) add(name, value);
  if (method === 'GET') add('accept', 'text/event-stream');
  if (session !== undefined) { add('mcp-session-id', session); add('mcp-protocol-version', version); }
  if (version === stateless) add('mcp-protocol-version', version);
  if (version === stateless && content.startsWith('{')) {
    const { text, fields: said } = withMeta(content);
    content = text;
    for (const [name, value] of said) add(name, value);
  }
  if (method === 'POST' || content) add('content-length', String(Buffer.byteLength(content)));
  const head = all.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const begun = (text) => /^HTTP\/1\.1 200[^]*\r\ncontent-type: text\/event-stream[^]*\r\n\r\n/i.test(text);
  const text = await raw(port, `${method} ${path} HTTP/1.1\r\n${head}\r\n${Buffer.from(content).toString('latin1')}`,
    { enough: enough ?? (method === 'GET' ? begun : undefined), ms, from: anAddress() });
  if (begun(text) && method === 'GET') {
    const [first, ...lines] = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n');
    const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
    return { status: Number(first.split(' ')[1]), headers, body: text.slice(text.indexOf('\r\n\r\n') + 4) };
  }
  const found = responses(text);
  assert.equal(found.length, 1, `one answer to ${method} ${path}: ${text.slice(0, 300)}`);
  return found[0];
}

export const withToken = (token) => [['authorization', `Bearer ${token}`]];

/** Everything of an answer that a caller can tell apart. */
export const shape = ({ status, headers, body }) => ({ status, headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'date')), body });

/** The parameters of a Bearer challenge (RFC 9110, 11.2), read strictly. */
export function challenge(answer) {
  const text = answer.headers['www-authenticate'];
  assert.ok(text !== undefined, `status ${answer.status} without WWW-Authenticate`);
  const match = /^Bearer( .*)?$/.exec(text);
  assert.ok(match, `no Bearer challenge: ${text}`);
  const found = {};
  let rest = (match[1] ?? '').trim();
  while (rest) {
    const one = /^([A-Za-z_]+)="((?:[^"\\]|\\.)*)"(, |$)/.exec(rest);
    assert.ok(one, `a malformed challenge: ${text}`);
    assert.ok(!(one[1] in found), `${one[1]} twice: ${text}`);
    found[one[1]] = one[2].replace(/\\(.)/g, '$1');
    rest = rest.slice(one[0].length);
  }
  return found;
}

/** Talks to the gateway without a session. */
class StatelessClient extends RawClient {
  async post(message, { headers = {}, ms } = {}) {
    const { text, fields } = withMeta(typeof message === 'string' ? message : JSON.stringify(message));
    return super.post(text, { headers: { ...Object.fromEntries(fields), ...headers }, ms });
  }
}

/** Opens a session of that revision with that token; of the stateless one, what does as well without. */
export async function openSession(port, token, version = versions[0], { path, headers } = {}) {
  if (version === stateless) {
    const client = new StatelessClient(port, { token, version, path, headers });
    const { status, body, message } = await client.call('server/discover', {}, { ms: 20000 });
    assert.equal(status, 200, `server/discover: ${status} ${body}`);
    assert.ok(message.result.supportedVersions.includes(stateless));
    return client;
  }
  const client = new RawClient(port, { token, version, path, headers });
  const answer = await client.initialize();
  assert.equal(answer.status, 200, `initialize: ${answer.status} ${answer.body}`);
  assert.equal(client.initialized.result.protocolVersion, version);
  assert.ok(client.session);
  return client;
}
