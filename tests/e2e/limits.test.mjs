// Every limit that stands between one peer and everybody else, breached against the real binary.
// What the limits are for is asserted with them: others are served on, and nothing is left behind.
import { test, after, before, describe } from 'node:test';
import { createServer } from 'node:net';
import { readFileSync, readdirSync } from 'node:fs';
import assert from 'node:assert/strict';
import { hostConfig, mcpConfig, patience, preset, sleep, start, until } from './lib/gateway.mjs';
import { messages, RawClient } from './lib/mcp.mjs';
import { raw, responses } from './lib/http.mjs';
import { readAnswers, Wire, within } from './lib/wire.mjs';

const limits = (text) => `config:\n  limits: {${text}}\n`;
const post = (fields, body = '') => `POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n${fields}\r\n${body}`;
const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const initialize = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'c', version: '1' } } });
const statusOf = (wire) => readAnswers(wire.bytes, { isEnded: wire.isClosed }).answers.at(-1)?.status;

async function dial(port, from) {
  const wire = new Wire(port, from);
  await wire.opened.catch(() => {});  // refused so soon that connecting failed
  return wire;
}

/** Starts a gateway for one test and stops it afterwards. */
const withGateway = (config, use, options) => async () => {
  const gateway = await start(config, options);
  try {
    await use(gateway);
  } finally {
    await gateway.stop();
  }
};

/** An upstream that does what `serve(socket)` says for each connection. */
async function upstreamThat(serve) {
  const sockets = new Set();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { port: server.address().port, sockets, stop() { for (const socket of sockets) socket.destroy(); server.close(); } };
}

describe('slow peers', () => {
  let gateway;
  before(async () => {
    gateway = await start((port) => limits('headerTimeout: 400ms, bodyTimeout: 400ms, writeTimeout: 500ms') +
      `frontendPolicies: {http: {http1IdleTimeout: 600ms}}\n${mcpConfig(port)}`);
  });
  after(() => gateway?.stop());

  /** Sends a byte of `text` every 50 ms; how long it took until the gateway closed. */
  async function drip(head, text) {
    const wire = await dial(gateway.port);
    const began = Date.now();
    wire.write(head);
    for (let at = 0; !wire.isClosed && Date.now() - began < 5000 * patience; at++) {
      wire.write(text[at % text.length]);
      await sleep(50);
    }
    assert.ok(wire.isClosed, 'not closed');
    wire.socket.destroy();
    return { status: statusOf(wire), ms: Date.now() - began };
  }

  test('a head that comes byte by byte: 408', async () => {
    const { status, ms } = await drip('GET / HTTP/1.1\r\nHost: h\r\n', 'X-A: b\r\n');
    assert.equal(status, 408);
    assert.ok(ms >= 350 && ms < 2000 * patience, `${ms} ms`);
  });
  test('a body that comes byte by byte: 408', async () => {
    const { status, ms } = await drip(post('Content-Length: 100000\r\n'), 'x');
    assert.equal(status, 408);
    assert.ok(ms >= 350 && ms < 2000 * patience, `${ms} ms`);
  });
  test('a body that does not come: 408', async () => {
    const wire = await dial(gateway.port);
    wire.write(post('Content-Length: 10\r\n', '{'));
    assert.ok(await within(wire.ended, 3000));
    assert.equal(statusOf(wire), 408);
  });
  test('a connection without a request is closed', async () => {
    const wire = await dial(gateway.port);
    const began = Date.now();
    assert.ok(await within(wire.ended, 3000));
    assert.equal(wire.bytes.length, 0);
    assert.ok(Date.now() - began >= 550);
    wire.socket.destroy();
  });
  test('others are served', async () => assert.equal((await new RawClient(gateway.port).initialize()).status, 200));
});

describe('slow readers', () => {
  const size = 24 << 20;
  let upstream, gateway;
  before(async () => {
    upstream = await upstreamThat((socket) => socket.on('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      socket.write(Buffer.alloc(size, 'x'));
    }));
    gateway = await start((port) => limits('writeTimeout: 700ms') + hostConfig(port, upstream.port));
  });
  after(async () => {
    await gateway?.stop();
    upstream?.stop();
  });
  const get = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n';

  test('a client that reads nothing is given up, and what it asked for as well', async () => {
    const wire = await dial(gateway.port);
    wire.socket.pause();
    wire.write(get);
    await until(() => upstream.sockets.size === 1, 'the upstream is asked');
    await until(() => upstream.sockets.size === 0, 'the upstream is let go');
    wire.socket.destroy();
    await until(() => gateway.hasLine(/before the deadline/), 'the log says so');
  });
  test('a client that reads slowly but steadily gets all of it, however long that takes', async () => {
    const wire = await dial(gateway.port);
    const began = Date.now();
    let got = 0;
    wire.socket.removeAllListeners('data');
    wire.socket.pause();
    wire.write(get);
    while (got < size && !wire.isClosed && Date.now() - began < 60_000) {
      await sleep(60);
      for (let taken = 0, piece; taken < 512 << 10 && (piece = wire.socket.read()) !== null; taken += piece.length) got += piece.length;
    }
    assert.ok(got >= size, `${got} bytes`);
    assert.ok(Date.now() - began > 1400, `in ${Date.now() - began} ms`);
    wire.socket.destroy();
  });
  test('an upstream that stops within its answer is cut', async () => {
    const silent = await upstreamThat((socket) => socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')));
    await withGateway((port) => limits('upstreamBodyTimeout: 500ms') + hostConfig(port, silent.port), async ({ port }) => {
      const wire = await dial(port);
      wire.write(get);
      assert.ok(await within(wire.ended, 4000));
      assert.ok(wire.bytes.includes('half'));
      assert.equal(readAnswers(wire.bytes).answers.length, 0, 'it looks complete');
      await until(() => silent.sockets.size === 0, 'the connection to the upstream is dropped');
    })();
    silent.stop();
  });
});

describe('sizes', () => {
  let gateway;
  before(async () => {
    gateway = await start((port) => limits('requestLine: 2KiB, headers: 8KiB, childLine: 64KiB') +
      `frontendPolicies: {http: {http1MaxHeaders: 20, maxBufferSize: 100KiB}}\n${mcpConfig(port)}`);
  });
  after(() => gateway?.stop());
  const first = async (text) => responses(await raw(gateway.port, text, { end: true }))[0];

  test('a long request line: 414', async () => assert.equal((await first(`GET /${'a'.repeat(3000)} HTTP/1.1\r\nHost: h\r\n\r\n`)).status, 414));
  test('large fields: 431', async () => assert.equal((await first(`GET / HTTP/1.1\r\nHost: h\r\nX: ${'a'.repeat(9000)}\r\n\r\n`)).status, 431));
  test('many fields: 431', async () => {
    const fields = (count) => 'X: y\r\n'.repeat(count);
    assert.equal((await first(`GET / HTTP/1.1\r\nHost: h\r\n${fields(20)}\r\n`)).status, 431);
    assert.notEqual((await first(`GET / HTTP/1.1\r\nHost: h\r\n${fields(19)}\r\n`)).status, 431);
  });
  test('a flood of fields that never ends: 431, with no more read than that', async () => {
    const wire = await dial(gateway.port);
    wire.write('GET / HTTP/1.1\r\nHost: h\r\n');
    for (let sent = 0; !wire.isClosed && sent < 1000; sent++) {
      wire.write('X-Flood: y\r\n'.repeat(100));
      await sleep(1);
    }
    assert.ok(wire.isClosed);
    assert.equal(statusOf(wire), 431);
  });
  test('a body that is too large, announced: 413 before it is sent', async () => {
    const wire = await dial(gateway.port);
    wire.write(post(`Content-Length: ${101 << 10}\r\n`));
    assert.ok(await within(wire.ended, 4000));
    assert.equal(statusOf(wire), 413);
  });
  test('a body that is too large, in chunks: 413', async () => {
    const wire = await dial(gateway.port);
    wire.write(post('Transfer-Encoding: chunked\r\n'));
    for (let sent = 0; !wire.isClosed && sent < 200; sent++) {
      wire.write(`400\r\n${'x'.repeat(1024)}\r\n`);
      if (sent % 10 === 0) await sleep(1);
    }
    assert.ok(await within(wire.ended, 4000));
    assert.equal(statusOf(wire), 413);
  });
  test('deep and wide JSON: 400', async () => {
    const client = new RawClient(gateway.port);
    await client.initialize();
    const call = (args) => client.post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":${args}}}`);
    const deep = await call('{"a":'.repeat(130) + '1' + '}'.repeat(130));
    assert.equal(deep.status, 400);
    assert.ok([-32700, -32600].includes(messages(deep).at(-1).error.code));
    assert.notEqual((await call('{"a":'.repeat(100) + '1' + '}'.repeat(100))).status, 400);
    const deepest = await call('['.repeat(50_000));
    assert.equal(deepest.status, 400);
  });
  test('a line of a child that is too long ends that child, and the session goes on with another', async () => {
    const client = new RawClient(gateway.port);
    await client.initialize();
    const huge = await client.tool('echo', { message: 'x'.repeat(70 << 10) });
    assert.equal(huge.message.error?.code, -32603, JSON.stringify(huge.message).slice(0, 300));
    await until(() => gateway.hasLine(/sent a line longer than 65536 bytes/), 'the log says so');
    const again = await client.tool('echo', { message: 'hello' });
    assert.match(JSON.stringify(again.message), /hello/);
  });
});

describe('numbers', () => {
  test('too many members of JSON: 400', withGateway((port) => mcpConfig(port), async (gateway) => {
    const client = new RawClient(gateway.port);
    await client.initialize();
    const wide = await client.post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":[${'1,'.repeat(120_000)}1]}}}`);
    assert.equal(wide.status, 400);
  }));

  test('too many connections: the newest are refused, and taken again when others have gone', withGateway(
    (port) => limits('maxConnections: 30, maxConnectionsPerAddress: 20') + mcpConfig(port), async (gateway) => {
      const wires = [];
      const open = async (from, count) => {
        const some = await Promise.all(Array.from({ length: count }, () => dial(gateway.port, from)));
        wires.push(...some);
        await sleep(150 * patience);
        return some.filter((wire) => !wire.isClosed);
      };
      const one = await open('127.0.0.9', 25);
      assert.equal(one.length, 20, 'from one address');
      const other = await open('127.0.0.10', 15);
      assert.equal(other.length, 10, 'together');
      one[0].write(post(`Content-Length: ${ping.length}\r\n`, ping));
      await until(() => statusOf(one[0]) === 400, 'an old connection is served');  // it has no session
      for (const wire of one) wire.socket.destroy();
      await until(async () => (await open('127.0.0.11', 1)).length === 1, 'a new connection is taken');
      for (const wire of wires) wire.socket.destroy();
      const lines = gateway.output.split('\n').filter((line) => line.includes('connections refused'));
      assert.ok(lines.length >= 1 && lines.length <= 8, lines.join('\n'));
    }));

  test('too many sessions: 429 for one caller, 503 for all', withGateway(
    (port) => limits('maxSessions: 5, maxSessionsPerCaller: 3') + mcpConfig(port), async (gateway) => {
      const open = async (from) => {
        const wire = await dial(gateway.port, from);
        wire.end(post(`Content-Length: ${initialize.length}\r\n`, initialize));
        await wire.finish(15_000);
        return statusOf(wire);
      };
      const mine = [];
      for (let i = 0; i < 4; i++) mine.push(await open('127.0.0.9'));
      assert.deepEqual(mine, [200, 200, 200, 429]);
      const others = [];
      for (let i = 0; i < 3; i++) others.push(await open('127.0.0.10'));
      assert.deepEqual(others, [200, 200, 503]);
      assert.equal(gateway.children().length, 5);
    }));

  test('too many children of one caller: 429 that says so, and one that ends makes room', withGateway(
    (port) => limits('maxChildrenPerCaller: 2') + mcpConfig(port), async (gateway) => {
      const clients = [0, 1, 2].map(() => new RawClient(gateway.port));
      await clients[0].initialize();
      await clients[1].initialize();
      const third = await clients[2].initialize();
      assert.equal(third.status, 429);
      assert.equal(messages(third).at(-1).error.message, 'this caller has too many child processes');
      assert.equal(gateway.children().length, 2);
      await clients[0].remove();
      assert.equal((await clients[2].initialize()).status, 200);
    }));

  test('too many children: no more are started, and one that ends makes room', withGateway(
    (port) => limits('maxChildren: 2') + mcpConfig(port), async (gateway) => {
      const clients = [0, 1, 2].map(() => new RawClient(gateway.port));
      await clients[0].initialize();
      await clients[1].initialize();
      const third = await clients[2].initialize();
      assert.equal(messages(third).at(-1).error.code, -32603);
      assert.equal(gateway.children().length, 2);
      await until(() => gateway.hasLine(/too many child processes/), 'the log says so');
      await clients[0].remove();
      await until(() => gateway.children().length === 1, 'the child has ended');
      assert.equal((await clients[2].initialize()).status, 200);
      assert.match(JSON.stringify((await clients[2].tool('echo', { message: 'there' })).message), /there/);
    }));
});

const descriptorsOf = (pid) => readdirSync(`/proc/${pid}/fd`).length;
const ticksOf = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).reduce((sum, ticks) => sum + Number(ticks), 0);
const kibibytesOf = (pid, name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

describe('descriptors', () => {
  // UBSan looks at memory through a pipe before it trusts a pointer to an object: without a
  // descriptor it takes every object for an invalid one.
  const needsOne = preset === 'dev' && 'UBSan needs descriptors of its own';
  test('when none are left it neither spins nor forgets: what is open is served, and accepting resumes', { skip: needsOne }, async () => {
    // The first connections are answered when all 60 have asked: each request has one of its own, which is kept.
    const alone = (socket) => socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    const asking = [];
    let isTogether = true;
    const upstream = await upstreamThat((socket) => {
      if (!isTogether) { alone(socket); return; }
      socket.once('data', () => { asking.push(socket); alone(socket); });
    });
    const config = (port) => `
config: {workerThreads: 1}
binds:
- port: ${port}
  listeners:
  - routes:
    - {matches: [{path: {exact: /a}}], backends: [{host: "127.0.0.1:${upstream.port}"}]}
    - {matches: [{path: {exact: /b}}], backends: [{host: "localhost:${upstream.port}"}]}
`;
    const gateway = await start(config, { descriptors: 200 });
    const get = (path) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`;
    const wires = [];
    try {
      for (const path of ['/a', '/b']) {
        const some = await Promise.all(Array.from({ length: 60 }, () => dial(gateway.port)));
        for (const wire of some) wire.write(get(path));
        await until(() => asking.length === 60, 'all have reached the upstream');
        for (const socket of asking.splice(0)) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        await until(() => some.every((wire) => statusOf(wire) === 200), 'all are answered');
        for (const wire of some) wire.socket.destroy();
      }
      isTogether = false;
      await until(() => descriptorsOf(gateway.pid) < 160, 'the clients have gone');
      const kept = descriptorsOf(gateway.pid);
      assert.ok(kept >= 130, `${kept} descriptors`);
      wires.push(...await Promise.all(Array.from({ length: 90 }, () => dial(gateway.port))));
      await until(() => descriptorsOf(gateway.pid) >= 199, 'descriptors are exhausted');
      const ticks = ticksOf(gateway.pid);
      await sleep(1000);
      const spent = ticksOf(gateway.pid) - ticks;
      assert.ok(spent < 20, `${spent} ms/10 of processor time in a second of shortage`);
      // Those that were accepted are served over the kept connections to the upstream; without a
      // descriptor for another one a request is refused and not left waiting.
      for (const wire of wires) wire.write(get('/a'));
      const answered = () => wires.filter((wire) => statusOf(wire) !== undefined);
      await until(() => answered().length >= 199 - kept, 'those that were accepted are answered');
      assert.ok(answered().length < 85, `${answered().length} of 90`);
      assert.ok(answered().every((wire) => [200, 503].includes(statusOf(wire))));
      const served = answered().filter((wire) => statusOf(wire) === 200);
      assert.ok(served.length >= 50, `${served.length} served`);
      const waiting = wires.filter((wire) => statusOf(wire) === undefined);
      const released = Date.now();
      for (const wire of served.slice(0, 45)) wire.socket.destroy();
      await until(() => waiting.every((wire) => statusOf(wire) === 200), 'those that waited are served');
      assert.ok(Date.now() - released < 1000 * patience, `after ${Date.now() - released} ms`);
    } finally {
      for (const wire of wires) wire.socket.destroy();
      await gateway.stop();
      upstream.stop();
    }
  });
});

describe('memory', () => {
  // Under sanitizers memory is another matter: what is freed is kept, and everything is larger.
  const isPlain = preset === 'release';

  test('500 bodies of 2 MiB at once: as many as there is room for, 503 for the others', { skip: !isPlain && 'sanitizers keep what is freed' }, withGateway(
    (port) => limits('memory: 512MiB') + `frontendPolicies: {http: {maxBufferSize: 2MiB}}\n${mcpConfig(port)}`, async (gateway) => {
      const base = kibibytesOf(gateway.pid, 'VmHWM');
      const size = 2 << 20;
      const wires = await Promise.all(Array.from({ length: 500 }, () => dial(gateway.port)));
      const most = Buffer.alloc(size - 1, ' ');
      for (const wire of wires) wire.write(post(`Content-Length: ${size}\r\n`));
      for (const wire of wires) wire.write(most);
      const refused = () => wires.filter((wire) => statusOf(wire) === 503).length;
      await until(() => refused() >= 468, 'most are refused', 20_000);
      const peak = kibibytesOf(gateway.pid, 'VmHWM');
      // The others are still being read: their last byte is theirs to send.
      const held = wires.filter((wire) => wire.bytes.length === 0);
      assert.ok(held.length >= 20 && held.length <= 32, `${held.length} are held`);
      for (const wire of held) wire.write(' ');
      await until(() => held.every((wire) => statusOf(wire) === 400), 'those that were held are answered', 20_000);
      for (const wire of wires) wire.socket.destroy();
      assert.ok(peak - base < 4 * 64 * 1024, `${base} KiB before, ${peak} KiB at most`);
      assert.equal((await new RawClient(gateway.port).initialize()).status, 200);
    }));

  test('near its limit it begins nothing new, and recovers', { skip: !isPlain && 'sanitizers keep what is freed' }, withGateway(
    (port) => limits('memory: 64MiB, headerTimeout: 60s') + mcpConfig(port), async (gateway) => {
      const client = new RawClient(gateway.port);
      await client.initialize();
      const kept = await dial(gateway.port);
      // Heads that never end, from many addresses.
      const head = `GET / HTTP/1.1\r\nHost: h\r\nX: ${'a'.repeat(60_000)}`;
      const wires = [];
      await until(async () => {
        const some = await Promise.all(Array.from({ length: 100 }, () => dial(gateway.port).catch(() => undefined)));
        for (const wire of some) wire?.write(head);
        wires.push(...some.filter(Boolean));
        await sleep(100);
        return gateway.hasLine(/short of memory/);
      }, 'memory is short', 20_000);
      const refused = await dial(gateway.port);
      assert.ok(await within(refused.ended, 3000), 'a new connection is taken');
      kept.write(post(`Content-Length: ${ping.length}\r\n`, ping));
      await until(() => statusOf(kept) === 503, 'a message on an old connection is refused');
      assert.ok(kibibytesOf(gateway.pid, 'VmHWM') < 64 * 1024, `${kibibytesOf(gateway.pid, 'VmHWM')} KiB`);
      for (const wire of wires) wire.socket.destroy();
      await until(async () => {
        try { return (await client.tool('echo', { message: 'well' })).status === 200; } catch { return false; }
      }, 'it is well again', 10_000);
    }));
});
