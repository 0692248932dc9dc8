// Streams of calls that break off, and clients that come back for the rest.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fixture, jwtAuth, mcpConfig, received, start, token, until, workFolder } from './lib/gateway.mjs';
import { RawClient } from './lib/mcp.mjs';
import { EventStream } from './lib/sse.mjs';

describe('a stream that breaks off', () => {
  let gateway, log;
  before(async () => {
    const folder = workFolder();
    log = join(folder, 'received');
    gateway = await start((port) => mcpConfig(port, { args: [fixture, '--log', log], policies: jwtAuth }), { folder });
  });
  after(() => gateway?.stop());

  const session = async (options) => { const client = new RawClient(gateway.port, { version: '2025-11-25', ...options }); await client.initialize(); return client; };
  const headersOf = (client) => ({ accept: 'application/json, text/event-stream', 'content-type': 'application/json', ...client.headers, 'mcp-session-id': client.session, 'mcp-protocol-version': client.version });

  const follow = (answer) => new EventStream(answer.body);
  /** The events that hold a message. */
  const said = (stream) => stream.events.filter(({ data }) => data);
  const progressOf = (stream) => stream.messages.filter(({ method }) => method).map(({ params }) => params.progress);

  async function call(client, ms, cutAfter) {
    const stop = new AbortController();
    const body = JSON.stringify({ jsonrpc: '2.0', id: 'slow', method: 'tools/call', params: { name: 'slow', arguments: { ms }, _meta: { progressToken: 'p' } } });
    const answer = await fetch(gateway.url(), { method: 'POST', headers: headersOf(client), body, signal: stop.signal });
    const stream = follow(answer);
    await until(() => stream.messages.length >= cutAfter, 'the first events');
    stop.abort();
    return said(stream);
  }
  const resume = async (client, id) => fetch(gateway.url(), { headers: { ...headersOf(client), accept: 'text/event-stream', 'last-event-id': id } });

  test('goes on where the client says, with what it missed and the result', async () => {
    const client = await session();
    const seen = await call(client, 1200, 1);
    const rest = follow(await resume(client, seen[0].id));
    await until(() => rest.isOver, 'the end of the rest', 10000);
    assert.deepEqual(progressOf(rest), [2, 3, 4]);
    assert.equal(rest.messages.at(-1).result.content[0].text, 'slept 1200');
    assert.equal(rest.messages.at(-1).id, 'slow');
    assert.equal(new Set([seen[0].id, ...said(rest).map(({ id }) => id)]).size, 5, 'every event has an id of its own');
    assert.equal(received(log).filter((line) => line.params?.name === 'slow').length, 1);
    assert.ok(!received(log).some((line) => line.method === 'notifications/cancelled'));
  });

  test('begins with an id to come back with, from 2025-11-25 on', async () => {
    const firstOf = async (client) => {
      const answer = await fetch(gateway.url(), { method: 'POST', headers: headersOf(client), body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'notify', arguments: { count: 1 } } }) });
      return (await answer.text()).split('\n\n')[0].split('\n');
    };
    const client = await session();
    const first = await firstOf(client);
    assert.equal(first[0], 'retry: 1000');
    assert.match(first[1], /^id: \d+-0$/);
    assert.deepEqual(first.slice(2), ['data: ']);
    const rest = follow(await resume(client, first[1].slice(4)));
    await new Promise((done) => setTimeout(done, 300));
    assert.deepEqual(rest.messages, [], 'nothing is kept of a stream that came to its end');
    const older = new RawClient(gateway.port, { version: '2025-06-18', ...{ headers: client.headers } });
    await older.initialize();
    assert.match((await firstOf(older)).join(), /^id: \d+-1,data: \{/);
  });

  test('may be gone on with from its very beginning', async () => {
    const client = await session();
    const stop = new AbortController();
    const answer = await fetch(gateway.url(), { method: 'POST', headers: headersOf(client), signal: stop.signal, body: JSON.stringify({ jsonrpc: '2.0', id: 'slow', method: 'tools/call', params: { name: 'slow', arguments: { ms: 1200 }, _meta: { progressToken: 'p' } } }) });
    const stream = follow(answer);
    await until(() => stream.messages.length >= 1, 'the first message');
    stop.abort();
    const beginning = said(stream)[0].id.replace(/-\d+$/, '-0');
    const rest = follow(await resume(client, beginning));
    await until(() => rest.isOver, 'the end of the rest', 10000);
    assert.deepEqual(progressOf(rest), [1, 2, 3, 4]);
    assert.equal(rest.messages.at(-1).result.content[0].text, 'slept 1200');
  });

  test('is kept when it has come to its end', async () => {
    const client = await session();
    const seen = await call(client, 400, 2);
    await new Promise((done) => setTimeout(done, 1000));
    const rest = follow(await resume(client, seen[0].id));
    await until(() => rest.isOver, 'the end of the rest');
    assert.deepEqual(progressOf(rest), [2, 3, 4]);
    assert.equal(rest.messages.at(-1).result.content[0].text, 'slept 400');
  });

  test('may break off again', async () => {
    const client = await session();
    const seen = await call(client, 2000, 1);
    const stop = new AbortController();
    const again = follow(await fetch(gateway.url(), { headers: { ...headersOf(client), accept: 'text/event-stream', 'last-event-id': seen[0].id }, signal: stop.signal }));
    await until(() => again.messages.length >= 1, 'one more');
    stop.abort();
    await new Promise((done) => setTimeout(done, 200));
    const rest = follow(await resume(client, said(again)[0].id));
    await until(() => rest.isOver, 'the end of the rest', 10000);
    assert.deepEqual(progressOf(rest), [3, 4]);
    assert.equal(rest.messages.at(-1).result.content[0].text, 'slept 2000');
  });

  test("is nothing to another session or caller", async () => {
    const client = await session();
    const seen = await call(client, 400, 1);
    const other = await session();
    const [stream, event] = seen[0].id.split('-').map(Number);
    for (const [thief, id] of [[other, seen[0].id], [client, 'x'], [client, `${stream + 1000}-${event}`], [client, `0${seen[0].id}`]]) {
      const stop = new AbortController();
      const answer = await fetch(gateway.url(), { headers: { ...headersOf(thief), accept: 'text/event-stream', 'last-event-id': id }, signal: stop.signal });
      assert.equal(answer.status, 200);
      const listening = follow(answer);
      await new Promise((done) => setTimeout(done, 300));
      assert.deepEqual(listening.messages, [], 'an ordinary stream');
      stop.abort();
    }
    const stranger = await fetch(gateway.url(), { headers: { ...headersOf(client), authorization: `Bearer ${token('example1')}`, accept: 'text/event-stream', 'last-event-id': seen[0].id } });
    assert.equal(stranger.status, 404);
  });
});
