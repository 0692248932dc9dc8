// The corpora of messages and of event streams, end to end: real sockets on both sides of the binary, to servers over HTTP
// that record every byte they are sent.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { patience, root, start } from './lib/gateway.mjs';
import { accept, messages, RawClient } from './lib/mcp.mjs';
import { request } from './lib/http.mjs';
import { calls, readCarelessly, ScriptedServer, writeSlowly } from './lib/scripted.mjs';
import { corpus, lines, noCorpora, singles } from './lib/wire.mjs';

// -- event streams ---------------------------------------------------------------------------------

const streams = 48;
/** Nothing may hang: a call is answered well before this. */
const longest = 4000 * patience;
const config = (port, targets, policies = '') => `
binds:
- port: ${port}
  listeners:
  - routes:
    - ${policies}backends:
      - mcp:
          targets:${targets.map(([name, how]) => `\n          - { name: ${name}, ${how} }`).join('')}
`;

/** Whether a call must get its result from a stream with these events; undefined: it may. What is no message ends it. */
function isAnswered(events) {
  for (const { event, data } of events ?? []) {
    if (data === null) return undefined;  // left out of the corpus for its size
    if (event !== 'message' || data === '') continue;
    let message;
    try { message = JSON.parse(data); } catch { return false; }
    if (message.jsonrpc !== '2.0' || Array.isArray(message)) return false;
    if (message.id === 1 && message.result !== undefined) return true;
  }
  return false;
}

const cutAfterReturns = (bytes) => bytes.toString('latin1').split(/(?<=\r)/).map((piece) => Buffer.from(piece, 'latin1'));

describe('event streams of servers', { skip: noCorpora }, () => {
  let gateway, server, client, bystander;
  before(async () => {
    server = await new ScriptedServer({ tools: ['play', 'next'] }).start();
    gateway = await start((port) => config(port, [['alpha', `mcp: { host: "${server.url}" }`]]));
    [client, bystander] = [new RawClient(gateway.port), new RawClient(gateway.port)];
    await client.initialize();
    await bystander.initialize();
  });
  after(async () => { await gateway?.stop(); server?.stop(); });

  for (const [how, cut] of [['at once', (bytes) => [bytes]], ['byte by byte', singles], ['cut between CR and LF', cutAfterReturns]])
    test(`${how}: a call gets its result or an error, and nobody else gets either`, async () => {
      let answered = 0;
      for (const { name, bytes, events } of corpus('sse-streams', streams)) {
        server.script = ({ id, method, params }, response) => {
          if (method !== 'tools/call' || params.name !== 'play') return false;
          response.writeHead(200, { 'content-type': 'text/event-stream', connection: 'close' });
          // The corpus answers a request 1; the gateway has ids of its own.
          const own = Buffer.from(bytes.toString('latin1').replace(/"id":1,/g, `"id":${id},`), 'latin1');
          void writeSlowly(response, cut(own).filter((piece) => piece.length > 0));
          return true;
        };
        const [got, other] = await Promise.all([client.tool('play', {}, { ms: longest }), bystander.tool('next')]);
        assert.equal(got.status, 200, name);
        const must = events && isAnswered(events);
        if (must) {
          assert.deepEqual(got.message.result, {}, name);
          answered++;
        } else if (must === false) {
          assert.equal(got.message.error?.code, -32603, `${name}: ${got.body}`);
        } else {
          assert.ok(got.message.result ?? got.message.error, name);
        }
        assert.equal(got.message.id, client.id, name);
        assert.equal(other.message.result.content[0].text, 'called next', name);
        assert.equal((await client.tool('next')).message.result.content[0].text, 'called next', `after ${name}`);
      }
      assert.ok(answered >= 8, `${answered} of the streams hold the answer`);
    });
});

// -- messages --------------------------------------------------------------------------------------

const allMessages = 211;
const offers = {
  alpha: { tools: ['echo', 'admin_delete'], prompts: ['public_prompt', 'secret_prompt'], resources: ['file:///public', 'file:///secret'] },
  beta: { tools: ['secret'], resources: ['file:///secret'] },
};
const rules = `policies:
        mcpAuthorization:
          rules: ['mcp.tool.name == "echo"', 'mcp.prompt.name == "public_prompt"', 'mcp.resource.name == "file:///public"']
      `;

const bytesOf = ({ body_b64: plain, body_gzip_b64: packed, text }) => (packed ? gunzipSync(Buffer.from(packed, 'base64')) : Buffer.from(plain ?? text ?? '', plain === undefined ? 'utf8' : 'base64'));

/** No careless reader may see anything but what the rules allow. */
function assertPermitted(body, name) {
  for (const { how, method, ...seen } of readCarelessly(body)) {
    const what = `${name}: a server for which ${how} would see ${JSON.stringify({ method, ...seen })}`;
    if (method === 'tools/call') assert.equal(seen.name, 'echo', what);
    if (method === 'prompts/get') assert.equal(seen.name, 'public_prompt', what);
    if (/^resources\/(read|subscribe|unsubscribe)$/.test(method)) assert.equal(seen.uri, 'file:///public', what);
    if (method === 'completion/complete') assert.ok(['public_prompt', undefined].includes(seen.refName) && ['file:///public', undefined].includes(seen.refUri), what);
    assert.equal(seen.task, undefined, what);
  }
}

/** Checks an answer against what the corpus says; `reached` is what came to the servers. */
function judge(one, answer, reached) {
  const { name, expected, error_codes: codes = [], status } = one;
  const message = answer.body ? messages(answer).at(-1) : undefined;
  const said = `${name}: ${answer.status} ${answer.body.slice(0, 300)}`;
  assert.ok(answer.status < 500, said);
  for (const body of reached) assertPermitted(body, name);
  if (expected === 'forward') {
    assert.equal(answer.status, 200, said);
    assert.deepEqual(message.id, JSON.parse(bytesOf(one)).id, said);
    assert.ok(message.result, said);
    if (JSON.parse(bytesOf(one)).method !== 'ping') assert.equal(reached.length, 1, said);
  } else if (expected === 'accept202') {
    assert.equal(answer.status, 202, said);
    assert.equal(answer.body, '', said);
  } else if (expected !== 'safe') {
    assert.equal(reached.length, 0, `${said}\nreached a server: ${reached}`);
    // What is no request, an answer to nothing or a notification that is none, has nobody to be told: it is dropped.
    const isRequest = /"method"/.test(bytesOf(one).toString('latin1')) && /"id"/.test(bytesOf(one).toString('latin1'));
    const isRefused = answer.status >= 400 || message?.error || (answer.status === 202 && !isRequest);
    assert.ok(isRefused, said);
    if (expected === 'reject' && message?.error && codes.length > 0) assert.ok(codes.includes(message.error.code), said);
    if (status) assert.ok(status.includes(answer.status), said);
  }
}

/** The revision without sessions. */
const modern = '2026-07-28';

/** How the two servers are reached: their targets and what each was sent. */
const kinds = {
  async 'over HTTP'() {
    const servers = await Promise.all(['alpha', 'beta'].map(async (name) => [name, await new ScriptedServer(offers[name]).start()]));
    return {
      targets: servers.map(([name, server]) => [name, `mcp: { host: "${server.url}" }`]),
      received: () => servers.map(([, server]) => server.bodies),
      stop: () => { for (const [, server] of servers) server.stop(); },
    };
  },
  async 'as child processes'() {
    const folder = mkdtempSync(join(tmpdir(), 'agentgateway-e2e-'));
    const log = (name) => join(folder, `${name}.jsonl`);
    return {
      targets: ['alpha', 'beta'].map((name) => [name, `stdio: { cmd: node, args: ${JSON.stringify([join(root, 'tests/e2e/lib/scripted_child.mjs'), log(name), JSON.stringify(offers[name])])} }`]),
      received: () => ['alpha', 'beta'].map((name) => (existsSync(log(name)) ? readFileSync(log(name), 'utf8').split('\n').filter((line) => line !== '') : [])),
      stop: () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};

for (const [kind, makeServers] of Object.entries(kinds))
  describe(`messages of clients, to servers ${kind}`, { skip: noCorpora }, () => {
    let gateway, servers;
    before(async () => {
      servers = await makeServers();
      gateway = await start((port) => config(port, servers.targets, rules));
    });
    after(async () => { await gateway?.stop(); servers?.stop(); });

    const clients = new Map();
    /** One session for all cases of a revision, but for those that may end it. */
    async function clientOf({ protocol, name }) {
      const isOwn = name === 'path-initialize-twice';
      if (!isOwn && clients.has(protocol)) return clients.get(protocol);
      const client = new RawClient(gateway.port, { version: protocol });
      if (protocol !== modern) await client.initialize();
      if (!isOwn) clients.set(protocol, client);
      return client;
    }

    /** Sends the case, twice at once where it is about that: { answers, reached }. */
    async function play(one) {
      const client = await clientOf(one);
      const begin = servers.received().map((bodies) => bodies.length);
      const session = client.session ? { 'mcp-session-id': client.session, 'mcp-protocol-version': client.version } : {};
      const own = {};
      for (const [name, value] of one.headers ?? []) (own[name.toLowerCase()] ??= []).push(value);
      const headers = { ...accept, ...session, ...own };
      const send = () => request(gateway.port, 'POST', '/mcp', { headers, body: bytesOf(one), ms: longest });
      const answers = await Promise.all(one.name === 'id-reuse-inflight' ? [send(), send()] : [send()]);
      return { answers, reached: servers.received().map((bodies, at) => calls(bodies.slice(begin[at]))) };
    }

    test('each is forwarded, denied or refused as the corpus says, and no server sees what is forbidden', async () => {
      const wrong = [];
      for (const one of lines('mcp-messages', 'cases.jsonl', allMessages)) {
        try {
          const { answers, reached: [alpha, beta] } = await play(one);
          for (const answer of answers) judge(one, answer, alpha);
          assert.deepEqual(beta, [], `${one.name} reached beta`);
        } catch (error) { wrong.push(`${one.name}: ${error.message}`); }
      }
      assert.deepEqual(wrong, []);
    });
  });
