// How the gateway ends: what is open is finished or ended cleanly, within a bound.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { isAlive, mcpConfig, start, until } from './lib/gateway.mjs';
import { RawClient } from './lib/mcp.mjs';

/** An open connection and what has come over it. */
function open(port, text) {
  const socket = connect(port, '127.0.0.1');
  const stream = { text: '', ended: false, socket };
  socket.setEncoding('latin1').on('data', (piece) => { stream.text += piece; });
  socket.on('end', () => { stream.ended = true; }).on('error', (error) => { stream.error = error; });
  socket.write(text);
  return stream;
}

test('an idle stream ends cleanly: the last chunk, then the end of the connection', async () => {
  const gateway = await start((port) => mcpConfig(port));
  const client = new RawClient(gateway.port);
  await client.initialize();
  const stream = open(gateway.port, `GET /mcp HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nMcp-Session-Id: ${client.session}\r\n\r\n`);
  await until(() => stream.text.includes('200 OK'), 'the stream opens');
  await gateway.stop();
  await until(() => stream.ended || stream.error, 'the stream ends');
  assert.equal(stream.error, undefined);
  assert.ok(stream.text.endsWith('0\r\n\r\n'), JSON.stringify(stream.text.slice(-40)));
});

test('idle keep-alive connections do not delay the end', async () => {
  const gateway = await start((port) => mcpConfig(port));
  const idle = Array.from({ length: 5 }, () => open(gateway.port, 'OPTIONS /x HTTP/1.1\r\nHost: a\r\n\r\n'));
  await until(() => idle.every((connection) => connection.text.includes('HTTP/1.1')), 'all were answered');
  const begin = Date.now();
  await gateway.stop();
  assert.ok(Date.now() - begin < 3000, `${Date.now() - begin} ms`);
  idle.forEach((connection) => connection.socket.destroy());
});

test('a call that never ends is cut off at the deadline of the configuration', async () => {
  const gateway = await start((port) => `config: { connectionTerminationDeadline: 1s }\n${mcpConfig(port)}`);
  const client = new RawClient(gateway.port);
  await client.initialize();
  const call = client.tool('never', {}, { ms: 20000 }).catch((error) => error);
  await until(() => gateway.children().length > 0, 'the child runs');
  await new Promise((done) => setTimeout(done, 200));
  const children = gateway.everyProcess();
  gateway.signal('SIGTERM');
  const ended = await gateway.waitForExit(6000);
  assert.deepEqual(ended, { code: 0, signal: null }, gateway.output);
  await call;
  assert.deepEqual(children.filter(isAlive), []);
  gateway.assertClean();
});
