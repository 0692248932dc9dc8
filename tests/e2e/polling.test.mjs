// Servers that end the stream of an answer to be polled, and clients that come back for the rest (MCP 2025-11-25); calls
// that are cancelled meanwhile, or before they have begun.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { start, until } from './lib/gateway.mjs';
import { accept, callText, connect, RawClient } from './lib/mcp.mjs';
import { PolledServer } from './lib/polled.mjs';
import { remoteConfig } from './lib/remote.mjs';
import { EventStream } from './lib/sse.mjs';

const follow = (answer) => new EventStream(answer.body);
const ended = (stream) => until(() => stream.isOver, 'the end of the stream', 10000);

describe('a server that is polled', () => {
  let server, gateway;
  before(async () => {
    server = await new PolledServer().start();
    gateway = await start((port) => remoteConfig(port, server.url));
  });
  after(async () => { server?.release(); try { await gateway?.stop(); } finally { server?.stop(); } });

  const session = async (version = '2025-11-25', capabilities = {}) => { const client = new RawClient(gateway.port, { version }); await client.initialize(capabilities); return client; };
  const headersOf = (client) => ({ ...accept, 'mcp-session-id': client.session, 'mcp-protocol-version': client.version });
  /** Calls the tool: the server's call, and what comes of it here. */
  async function call(client, id = 7) {
    const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'polled', arguments: {} } });
    const at = server.calls.length;
    const answer = fetch(gateway.url(), { method: 'POST', headers: headersOf(client), body });
    return { answer, upstream: await server.call(at) };
  }
  const comeBack = async (client, id) => follow(await fetch(gateway.url(), { headers: { ...headersOf(client), accept: 'text/event-stream', 'last-event-id': id } }));

  test('its client is sent away, too, for as long, and gets the rest when it is back', async () => {
    const client = await session();
    const { answer, upstream } = await call(client);
    upstream.pause();
    const stream = follow(await answer);
    await ended(stream);
    assert.match(stream.text, /^retry: 300\nid: \d+-0\ndata: \n\n$/);
    await upstream.isBack(1);
    const rest = await comeBack(client, stream.lastId);
    upstream.finish('at last');
    await ended(rest);
    assert.equal(rest.messages.at(-1).id, 7);
    assert.equal(rest.messages.at(-1).result.content[0].text, 'at last');
    await client.remove();
  });

  test('as often as the server likes, and nothing is lost or said twice', async () => {
    const client = await session();
    const { answer, upstream } = await call(client);
    upstream.log('one');
    let stream = follow(await answer);
    await until(() => stream.messages.length === 1, 'what it says first');
    upstream.log('two');
    upstream.pause();
    await ended(stream);
    assert.match(stream.text, /retry: 300\nid: \d+-2\ndata: \n\n$/);
    const seen = [...stream.messages];
    for (let time = 1; time <= 8; time++) {
      await upstream.isBack(time);
      upstream.log(`time ${time}`);
      const last = stream.lastId;
      stream = await comeBack(client, last);
      await until(() => stream.messages.length > 0, 'what was said meanwhile');
      upstream.pause();
      await ended(stream);
      assert.match(stream.text, /retry: 300\nid: \d+-\d+\ndata: \n\n$/);
      seen.push(...stream.messages);
    }
    await upstream.isBack(9);
    upstream.finish('at last');
    const rest = await comeBack(client, stream.lastId);
    await ended(rest);
    seen.push(...rest.messages);
    assert.deepEqual(seen.slice(0, -1).map(({ params }) => params.data), ['one', 'two', ...Array.from({ length: 8 }, (_, at) => `time ${at + 1}`)]);
    assert.equal(seen.at(-1).result.content[0].text, 'at last');
    assert.equal(server.heard.filter(({ method }) => method === 'notifications/cancelled').length, 0);
    await client.remove();
  });

  test('what it has asked can be answered while no stream is open, and what it asks meanwhile waits', async () => {
    const client = await session('2025-11-25', { elicitation: {} });
    const { answer, upstream } = await call(client);
    const question = (id) => ({ id, method: 'elicitation/create', params: { mode: 'form', message: 'Name?', requestedSchema: { type: 'object', properties: {} } } });
    upstream.say(question('first'));
    upstream.pause();
    const stream = follow(await answer);
    await ended(stream);
    const asked = stream.messages[0];
    assert.equal(asked.method, 'elicitation/create');
    await upstream.isBack(1);
    upstream.say(question('second'));
    assert.equal((await client.post({ jsonrpc: '2.0', id: asked.id, result: { action: 'accept', content: {} } })).status, 202);
    const answered = (id) => until(() => server.heard.find((message) => message.id === id && !message.method), `the answer to ${id}`);
    assert.equal((await answered('first')).result.action, 'accept');
    const rest = await comeBack(client, stream.lastId);
    await until(() => rest.messages.length === 1, 'the second question');
    await client.post({ jsonrpc: '2.0', id: rest.messages[0].id, result: { action: 'decline' } });
    assert.equal((await answered('second')).result.action, 'decline');
    upstream.finish('thanks');
    await ended(rest);
    assert.equal(rest.messages.at(-1).result.content[0].text, 'thanks');
    await client.remove();
  });

  test('a call that its client cancels while it is away is over', async () => {
    const client = await session();
    const { answer, upstream } = await call(client, 'gone');
    upstream.pause();
    const stream = follow(await answer);
    await ended(stream);
    assert.equal((await client.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'gone' } })).status, 202);
    await until(() => server.heard.some(({ method, params }) => method === 'notifications/cancelled' && params.requestId === upstream.message.id), 'the server is told');
    const rest = await comeBack(client, stream.lastId);
    await ended(rest);
    assert.deepEqual(rest.messages, []);
    await client.remove();
  });

  test('the official client gets its answer', async () => {
    const asked = [];
    const client = await connect(gateway.url(), { capabilities: { elicitation: { form: {} } }, set(it) { it.setRequestHandler(ElicitRequestSchema, async (request) => { asked.push(request.params.message); return { action: 'accept', content: {} }; }); } });
    const at = server.calls.length;
    const text = callText(client, 'polled');
    const upstream = await server.call(at);
    upstream.pause();
    await upstream.isBack(1);
    upstream.say({ id: 'q', method: 'elicitation/create', params: { mode: 'form', message: 'Name?', requestedSchema: { type: 'object', properties: {} } } });
    upstream.pause();
    await upstream.isBack(2);
    await until(() => server.heard.some((message) => message.id === 'q' && message.result), 'its answer', 10000);
    upstream.finish('at last');
    assert.equal(await text, 'at last');
    assert.deepEqual(asked, ['Name?']);
    await client.close();
  });

  test('a call that is cancelled while the tools are listed never gets to the server', async () => {
    server.holdsLists = true;
    const client = await session();
    const before = server.calls.length;
    const answer = client.post({ jsonrpc: '2.0', id: 'early', method: 'tools/call', params: { name: 'polled', arguments: {} } }, { ms: 20000 });
    await until(() => server.held?.length > 0, 'the tools are asked for');
    assert.equal((await client.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'early' } })).status, 202);
    const { status, body } = await answer;
    assert.deepEqual([status, body], [202, '']);
    server.release();
    const later = await call(client, 'early');
    later.upstream.finish('this one');
    assert.equal((await (await later.answer).json()).result.content[0].text, 'this one');
    assert.equal(server.calls.length, before + 1);
    await client.remove();
  });

  test('a stream that merely breaks is gone on with by the gateway alone', async () => {
    const client = await session();
    const { answer, upstream } = await call(client);
    upstream.log('one');
    const stream = follow(await answer);
    await until(() => stream.messages.length === 1, 'what it says first');
    upstream.cut();
    await upstream.isBack(1);
    upstream.finish('at last');
    await ended(stream);
    assert.equal(stream.messages.at(-1).result.content[0].text, 'at last');
    await client.remove();
  });

  test('one of several servers', async () => {
    const both = await start((port) => remoteConfig(port, server.url).trimEnd() + `\n          - { name: other, mcp: { host: "${server.url}" } }\n`);
    try {
      const client = await connect(both.url());
      const at = server.calls.length;
      const text = callText(client, 'other_polled');
      const upstream = await server.call(at);
      upstream.pause();
      await upstream.isBack(1);
      upstream.finish('at last');
      assert.equal(await text, 'at last');
      await until(() => both.hasLine(/GET.*200/), 'the client came back', 10000);
      await client.close();
    } finally { await both.stop(); }
  });

  test('clients that cannot come back keep their streams', async () => {
    // Of an older revision, whose streams have no event to begin with.
    server.version = '2025-06-18';
    const older = await session('2025-06-18');
    server.version = '2025-11-25';
    const one = await call(older);
    one.upstream.pause();
    await one.upstream.isBack(1);
    one.upstream.finish('at last');
    assert.equal((await (await one.answer).json()).result.content[0].text, 'at last');
    await older.remove();
    // Over HTTP+SSE, whatever revision it says.
    const stop = new AbortController();
    const stream = follow(await fetch(gateway.url('/sse'), { headers: { accept: 'text/event-stream' }, signal: stop.signal }));
    await until(() => stream.events[0]?.event === 'endpoint', 'the address');
    const post = (message) => fetch(new URL(stream.events[0].data, gateway.url('/sse')), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', ...message }) });
    const answerTo = (id) => until(() => stream.messages.find((message) => message.id === id && !message.method), `the answer to ${id}`, 10000);
    await post({ id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } } });
    await answerTo(1);
    await post({ method: 'notifications/initialized' });
    const at = server.calls.length;
    await post({ id: 2, method: 'tools/call', params: { name: 'polled', arguments: {} } });
    const upstream = await server.call(at);
    upstream.log('one');
    upstream.pause();
    await upstream.isBack(1);
    upstream.finish('at last');
    assert.equal((await answerTo(2)).result.content[0].text, 'at last');
    stop.abort();
  });
});
