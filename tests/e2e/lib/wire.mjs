// Bytes on real sockets: connections that send given pieces, an upstream that records what it is
// sent and reads it as strictly as can be, and one that plays given bytes.
import { connect, createServer } from 'node:net';
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { patience, root, sleep } from './gateway.mjs';

// -- corpora -------------------------------------------------------------------------------------

const shared = process.env.SHARED_DIR ?? join(root, '..', 'shared');
/** Why tests of corpora are skipped; false if the corpora are there. Where CI is true they must be. */
export const noCorpora = !existsSync(join(shared, 'corpora')) && process.env.CI !== 'true' && 'no corpora here';

/** The cases in a file of a corpus; their number must be what the corpus says. */
export function lines(name, file, count) {
  const found = readFileSync(join(shared, 'corpora', name, file), 'utf8').split('\n').filter(Boolean);
  assert.equal(found.length, count, `cases of ${name}`);
  return found.map((line) => JSON.parse(line));
}

/** The same of the corpora of HTTP, with `bytes`. */
export function corpus(name, count) {
  return lines(name, 'cases.jsonl', count).map((one) => {
    const packed = one.bytes_gzip_b64;
    return { ...one, bytes: packed ? gunzipSync(Buffer.from(packed, 'base64')) : Buffer.from(one.bytes_b64 ?? '', 'base64') };
  });
}

/** Cuts in two at every place; of more than 2 KiB at 40 places. */
export function splits(bytes) {
  const step = bytes.length <= 2048 ? 1 : Math.ceil(bytes.length / 41);
  const found = [];
  for (let at = step; at < bytes.length; at += step) found.push([bytes.subarray(0, at), bytes.subarray(at)]);
  return found;
}

/** Byte by byte; what has more than 2 KiB in about 1,000 pieces. */
export function singles(bytes) {
  const step = bytes.length <= 2048 ? 1 : Math.ceil(bytes.length / 1000);
  const found = [];
  for (let at = 0; at < bytes.length; at += step) found.push(bytes.subarray(at, at + step));
  return found;
}

// -- answers -------------------------------------------------------------------------------------

/** Reads a byte stream of responses: { answers: [{status, head, body}], rest }. Never more lenient than it must be. */
export function readAnswers(bytes, { isEnded = true, methods = [] } = {}) {
  let rest = bytes.toString('latin1');
  const answers = [];
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) break;
    const head = rest.slice(0, end);
    const match = /^HTTP\/1\.1 (\d{3}) [^\r\n\0]*(\r\n[!#-'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*)*$/.exec(head);
    assert.ok(match, `a malformed answer: ${JSON.stringify(head.slice(0, 300))}`);
    const status = Number(match[1]);
    let after = rest.slice(end + 4), body = '';
    const length = /\r\ncontent-length: *(\d+)/i.exec(head);
    if (methods[answers.filter((one) => one.status >= 200).length] === 'HEAD' || status < 200 || status === 204 || status === 304) {
      // no body
    } else if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      const chunks = unchunk(after);
      if (!chunks) break;
      ({ body, after } = chunks);
    } else if (length) {
      if (after.length < Number(length[1])) break;
      body = after.slice(0, Number(length[1]));
      after = after.slice(Number(length[1]));
    } else {
      if (!isEnded) break;
      body = after;
      after = '';
    }
    answers.push({ status, head, body });
    rest = after;
  }
  return { answers, rest };
}

function unchunk(text) {
  let body = '', after = text;
  for (;;) {
    const line = /^([0-9A-Fa-f]{1,8})\r\n/.exec(after);
    if (!line) return undefined;
    const size = parseInt(line[1], 16);
    after = after.slice(line[0].length);
    if (size === 0) return after.startsWith('\r\n') ? { body, after: after.slice(2) } : undefined;
    if (after.length < size + 2 || after.slice(size, size + 2) !== '\r\n') return undefined;
    body += after.slice(0, size);
    after = after.slice(size + 2);
  }
}

// -- clients -------------------------------------------------------------------------------------

let dialled = 0;

/** A connection to the gateway, `from` an address of the loopback network or else from one of many loopback addresses, so that no limit of one address is met. */
export class Wire {
  constructor(port, from = undefined) {
    dialled++;
    this.received = [];
    this.isClosed = false;
    this.opened = new Promise((done, fail) => {
      this.socket = connect({ port, host: '127.0.0.1', localAddress: from ?? `127.0.${1 + (dialled % 50)}.1`, allowHalfOpen: true, noDelay: true });
      this.socket.once('connect', done);
      this.socket.once('error', (error) => { this.error = error; fail(error); });
    });
    this.ended = new Promise((done) => { this.#done = done; });
    this.socket.on('data', (piece) => { this.received.push(piece); this.onData?.(); });
    this.socket.on('end', () => this.#over());
    this.socket.on('error', (error) => { this.error = error; this.#over(); });
    this.socket.on('close', () => this.#over());
  }
  #done;
  #over() {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#done();
  }
  get bytes() { return Buffer.concat(this.received); }
  write(bytes) { if (!this.socket.destroyed && this.socket.writable) this.socket.write(bytes); }
  end(bytes) { if (!this.socket.destroyed && this.socket.writable) this.socket.end(bytes); }
  /** The peer's end, at most after `ms`; then drops the connection. */
  async finish(ms = 5000) {
    await within(this.ended, ms);
    this.socket.destroy();
    return this;
  }
}

/** False if `promise` is not done within `ms` (times the preset's patience). */
export async function within(promise, ms) {
  let timer;
  const late = new Promise((done) => { timer = setTimeout(() => done(false), ms * patience); });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Long enough for the gateway to read what was just sent by itself; not sure to be, so cuts are not promised. */
export const settle = () => sleep(3 * patience);

/** Runs `each(item)` for all, `width` at a time. */
export async function inParallel(items, width, each) {
  const queue = [...items.entries()];
  await Promise.all(Array.from({ length: Math.min(width, queue.length) }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await each(next[1], next[0]);
  }));
}

// -- upstreams -----------------------------------------------------------------------------------

const fieldLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\t\x20-\x7e\x80-\xff]*)$/;

/**
 * One request at the start of `text`, read so strictly that no two readers can disagree:
 * { request, rest }, or undefined if more is needed. Throws on anything that is not plain.
 */
function readRequest(text) {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first, ...lines] = text.slice(0, end).split('\r\n');
  const start = /^([A-Z-]+) (\/[\x21-\x7e]*|\*) HTTP\/1\.1$/.exec(first);
  if (!start) throw new Error(`request line ${JSON.stringify(first)}`);
  const fields = [];
  for (const line of lines) {
    const field = fieldLine.exec(line);
    if (!field) throw new Error(`field ${JSON.stringify(line)}`);
    fields.push([field[1].toLowerCase(), field[2].trim()]);
  }
  const all = (name) => fields.filter(([key]) => key === name).map(([, value]) => value);
  if (all('host').length !== 1) throw new Error(`${all('host').length} Host fields`);
  const lengths = all('content-length'), codings = all('transfer-encoding');
  if (lengths.length + codings.length > 1) throw new Error('two framings');
  if (lengths.length && !/^(0|[1-9]\d*)$/.test(lengths[0])) throw new Error(`Content-Length ${lengths[0]}`);
  if (codings.length && codings[0] !== 'chunked') throw new Error(`Transfer-Encoding ${codings[0]}`);
  for (const name of ['connection', 'keep-alive', 'upgrade', 'te', 'trailer', 'http2-settings', 'proxy-connection', 'proxy-authorization', 'expect'])
    if (all(name).length) throw new Error(`hop-by-hop field ${name}`);
  let rest = text.slice(end + 4), body = '';
  if (codings.length) {
    const chunks = unchunk(rest);
    if (!chunks) {
      if (!/^([0-9A-Fa-f]*|[0-9A-Fa-f]+\r(\n[^]*)?)$/.test(rest)) throw new Error('a malformed chunk');
      return undefined;
    }
    ({ body, after: rest } = chunks);
  } else if (lengths.length) {
    if (rest.length < Number(lengths[0])) return undefined;
    body = rest.slice(0, Number(lengths[0]));
    rest = rest.slice(Number(lengths[0]));
  }
  const kept = fields.filter(([name]) => name !== 'content-length' && name !== 'transfer-encoding').map((field) => field.join(': ')).sort();
  return { request: { method: start[1], target: start[2], fields, body, text: [start[0], ...kept, '', body].join('\n') }, rest };
}

/** Answers every complete request with 200 and remembers it; `ambiguous` holds what it could not read without a doubt. */
export class RecordingUpstream {
  constructor() {
    this.requests = [];
    this.ambiguous = [];
    this.connections = 0;
    this.sockets = new Set();
  }
  async start() {
    this.server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.port = this.server.address().port;
    return this;
  }
  #serve(socket) {
    this.connections++;
    this.sockets.add(socket);
    let text = '';
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('data', (piece) => {
      text += piece;
      try {
        for (let read = readRequest(text); read; read = readRequest(text)) {
          text = read.rest;
          this.requests.push(read.request.text);
          socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n${read.request.method === 'HEAD' ? '' : 'ok'}`);
        }
      } catch (error) {
        this.ambiguous.push(`${error.message} in ${JSON.stringify(text.slice(0, 500))}`);
        socket.destroy();
      }
    });
  }
  /** What came since the last call. */
  take() { return this.requests.splice(0); }
  stop() {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

/**
 * Reads one request at a time and plays the script that its `x-play` field names: pieces of bytes,
 * then `keep-open`, `close`, `reset` or `hang`. Without that field it answers with the request's
 * `x-mark`.
 */
export class PlayingUpstream {
  constructor() {
    this.scripts = new Map();
    this.sockets = new Set();
  }
  async start() {
    this.server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
    await new Promise((done) => this.server.listen(0, '0.0.0.0', done));  // every address of the loopback network
    this.port = this.server.address().port;
    return this;
  }
  #serve(socket) {
    this.sockets.add(socket);
    let text = '', isPlaying = false;
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('close', () => { this.sockets.delete(socket); socket.onClosed?.(); });
    socket.on('data', async (piece) => {
      text += piece;
      if (isPlaying) return;
      for (let read = readRequest(text); read; read = readRequest(text)) {
        text = read.rest;
        const field = (name) => read.request.fields.find(([key]) => key === name)?.[1];
        const script = this.scripts.get(field('x-play'));
        if (script) {
          isPlaying = true;
          await this.#play(socket, script);
          isPlaying = false;
        } else {
          const mark = field('x-mark') ?? 'none';
          socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${mark.length}\r\n\r\n${mark}`);
        }
      }
    });
  }
  async #play(socket, { pieces, then, closed }) {
    if (closed) socket.onClosed = closed;
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) await (pieces.length === 2 ? settle() : new Promise((done) => setTimeout(done, 1)));
      if (socket.destroyed) return;
      socket.write(piece);
    }
    if (then === 'close') socket.end();
    if (then === 'reset') { await settle(); socket.resetAndDestroy(); }
  }
  stop() {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}
