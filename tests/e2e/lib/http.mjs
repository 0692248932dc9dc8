// HTTP as bytes: what SDK clients cannot send and do not show.
import { connect } from 'node:net';
import assert from 'node:assert/strict';
import { patience } from './gateway.mjs';

/** Sends `text` and returns everything that comes back until the peer closes, or until `enough(text)`; `from` is an address of the loopback network. */
export function raw(port, text, { enough, ms = 5000, end = false, from } = {}) {
  return new Promise((done, fail) => {
    let answer = '';
    const socket = connect({ port, host: '127.0.0.1', localAddress: from }, () => { if (end) socket.end(text, 'latin1'); else socket.write(text, 'latin1'); });
    const timer = setTimeout(() => { socket.destroy(); fail(new Error(`no complete answer within ${ms * patience} ms; so far:\n${answer}`)); }, ms * patience);
    const finish = () => { clearTimeout(timer); socket.destroy(); done(answer); };
    socket.setEncoding('latin1');
    socket.on('data', (piece) => { answer += piece; if (enough?.(answer)) finish(); });
    socket.on('error', (error) => (answer ? finish() : (clearTimeout(timer), fail(error))));
    socket.on('close', finish);
  });
}

/** Cuts a byte stream into responses: [{ status, headers, body }]. */
export function responses(text) {
  const found = [];
  for (let rest = text; rest.length > 0;) {
    const split = rest.indexOf('\r\n\r\n');
    assert.ok(split >= 0, `not a response: ${rest.slice(0, 200)}`);
    const [first, ...lines] = rest.slice(0, split).split('\r\n');
    const match = /^HTTP\/1\.1 (\d{3}) ?(.*)$/.exec(first);
    assert.ok(match, `not a status line: ${first}`);
    const headers = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      headers[name] = name in headers ? `${headers[name]}, ${line.slice(colon + 1).trim()}` : line.slice(colon + 1).trim();
    }
    rest = rest.slice(split + 4);
    const status = Number(match[1]);
    let body = '';
    if (headers['transfer-encoding'] === 'chunked') [body, rest] = unchunk(rest);
    else if (headers['content-length'] !== undefined) { const size = Number(headers['content-length']); body = rest.slice(0, size); rest = rest.slice(size); }
    else if (status !== 204 && status !== 304 && status >= 200) { body = rest; rest = ''; }
    found.push({ status, headers, body });
  }
  return found;
}

function unchunk(rest) {
  let body = '';
  for (;;) {
    const line = rest.indexOf('\r\n');
    if (line < 0) return [body, ''];
    const size = parseInt(rest.slice(0, line), 16);
    rest = rest.slice(line + 2);
    if (size === 0) return [body, rest.replace(/^\r\n/, '')];
    body += rest.slice(0, size);
    rest = rest.slice(size + 2);
  }
}

/** One request on a connection of its own. */
export async function request(port, method, path, { headers = {}, body = '', ms } = {}) {
  const all = { host: `127.0.0.1:${port}`, connection: 'close', ...headers };
  if (body !== '' || method === 'POST') all['content-length'] ??= Buffer.byteLength(body);
  const head = Object.entries(all).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}\r\n`)).join('');
  const text = `${method} ${path} HTTP/1.1\r\n${head}\r\n${Buffer.from(body).toString('latin1')}`;
  const found = responses(await raw(port, text, { ms }));
  assert.ok(found.length > 0, `no answer to ${method} ${path}`);
  return found.at(-1);
}
