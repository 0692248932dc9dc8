// The plain `host` backend: the same data path without MCP.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { createServer as createHttp } from 'node:http';
import { createServer as createTcp, connect } from 'node:net';
import { freePort, hostConfig, jwtAuth, secret, start, token, until } from './lib/gateway.mjs';
import { raw, request, responses } from './lib/http.mjs';

const listen = (server) => new Promise((done) => server.listen(0, '127.0.0.1', () => done(server.address().port)));

describe('a plain upstream', () => {
  let upstream, gateway, seen = [];
  before(async () => {
    upstream = createHttp((incoming, answer) => {
      const pieces = [];
      incoming.on('data', (piece) => pieces.push(piece));
      incoming.on('error', () => {});
      incoming.on('end', () => {
        const body = Buffer.concat(pieces);
        seen.push({ method: incoming.method, url: incoming.url, headers: incoming.headers, raw: incoming.rawHeaders, body });
        if (incoming.url === '/none') { answer.writeHead(204); answer.end(); return; }
        if (incoming.url === '/stream') {
          answer.writeHead(200, { 'content-type': 'text/event-stream' });
          let count = 0;
          const timer = setInterval(() => { answer.write(`data: ${++count}\n\n`); if (count === 3) { clearInterval(timer); answer.end(); } }, 100);
          return;
        }
        if (incoming.url === '/forever') { answer.writeHead(200, { 'content-type': 'text/event-stream' }); answer.write('data: begin\n\n'); const timer = setInterval(() => answer.write(': more\n\n'), 50); answer.on('close', () => { clearInterval(timer); seen.push('closed'); }); return; }
        if (incoming.url === '/large') { answer.end(Buffer.alloc(3000000, 'x')); return; }
        if (incoming.url === '/never') return;
        if (incoming.url === '/error') { answer.writeHead(418, { 'x-kind': 'teapot' }); answer.end('short and stout'); return; }
        answer.writeHead(200, { 'content-type': 'application/json', 'x-echo': 'yes', 'set-cookie': ['a=1', 'b=2'] });
        answer.end(JSON.stringify({ method: incoming.method, url: incoming.url, headers: incoming.headers, size: body.length, body: body.toString('latin1').slice(0, 100) }));
      });
    });
    const port = await listen(upstream);
    gateway = await start((own) => hostConfig(own, port, `
requestHeaderModifier:
  add: { x-added: one }
  set: { x-set: two }
  remove: [x-removed]
responseHeaderModifier:
  add: { x-answer: three }
  remove: [x-echo]
timeout: { requestTimeout: 2s }`));
  });
  after(async () => { await gateway?.stop(); upstream.closeAllConnections(); upstream.close(); });

  const get = async (path, options) => request(gateway.port, 'GET', path, options);

  test('method, path, query, headers and body arrive', async () => {
    const answer = await request(gateway.port, 'POST', '/a%20b/c?x=1&y=%2F', { headers: { 'x-own': 'mine', 'content-type': 'text/plain' }, body: 'the body' });
    const echo = JSON.parse(answer.body);
    assert.equal(answer.status, 200);
    assert.equal(echo.method, 'POST');
    assert.equal(echo.url, '/a%20b/c?x=1&y=%2F');
    assert.equal(echo.headers['x-own'], 'mine');
    assert.equal(echo.body, 'the body');
    assert.equal(echo.headers.host, `127.0.0.1:${gateway.port}`);
  });

  test('header modifiers, both ways', async () => {
    const answer = await get('/', { headers: { 'x-removed': 'gone', 'x-set': 'old' } });
    const { headers } = JSON.parse(answer.body);
    assert.equal(headers['x-added'], 'one');
    assert.equal(headers['x-set'], 'two');
    assert.equal(headers['x-removed'], undefined);
    assert.equal(answer.headers['x-answer'], 'three');
    assert.equal(answer.headers['x-echo'], undefined);
  });

  test('hop-by-hop headers stay on their hop', async () => {
    const answer = await get('/', { headers: { connection: 'close, x-hop', 'x-hop': '1', 'keep-alive': 'timeout=5', te: 'trailers', 'proxy-authorization': 'Basic eA==' } });
    const { headers } = JSON.parse(answer.body);
    for (const name of ['x-hop', 'keep-alive', 'te', 'proxy-authorization']) assert.equal(headers[name], undefined, name);
  });

  test('repeated answer headers stay repeated', async () => {
    const text = await raw(gateway.port, `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    assert.equal(text.match(/^set-cookie:/gim).length, 2);
  });

  test('statuses and bodies come back as they are', async () => {
    const answer = await get('/error');
    assert.deepEqual([answer.status, answer.headers['x-kind'], answer.body], [418, 'teapot', 'short and stout']);
    const none = await get('/none');
    assert.deepEqual([none.status, none.body], [204, '']);
  });

  test('HEAD has a length and no body', async () => {
    const answer = responses(await raw(gateway.port, 'HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n').then((text) => text.slice(0, text.indexOf('\r\n\r\n') + 4).replace(/content-length: \d+\r\n/i, 'content-length: 0\r\n')))[0];
    assert.equal(answer.status, 200);
  });

  test('large bodies both ways', async () => {
    assert.equal((await get('/large', { ms: 15000 })).body.length, 3000000);
    const answer = await request(gateway.port, 'POST', '/', { body: 'y'.repeat(1500000), ms: 15000 });
    assert.equal(JSON.parse(answer.body).size, 1500000);
  });

  test('a stream arrives piece by piece', async () => {
    const times = [];
    await raw(gateway.port, 'GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', { enough: (text) => { const count = (text.match(/data: /g) ?? []).length; while (times.length < count) times.push(Date.now()); return false; } });
    assert.equal(times.length, 3);
    assert.ok(times[2] - times[0] > 80, 'not all at once');
  });

  test('a client that leaves ends the upstream request', async () => {
    const socket = connect(gateway.port, '127.0.0.1');
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (piece) => { text += piece; });
    socket.write('GET /forever HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => text.includes('begin'), 'the stream begins');
    socket.destroy();
    await until(() => seen.includes('closed'), 'the upstream sees the end');
  });

  test('an upstream that never answers: 504 after the timeout', async () => {
    const begin = Date.now();
    const answer = await get('/never', { ms: 10000 });
    assert.equal(answer.status, 504);
    assert.ok(Date.now() - begin >= 1900);
  });

  test('a dead upstream connection in the pool is not the client\'s trouble', async () => {
    assert.equal((await get('/')).status, 200);
    upstream.closeAllConnections();
    assert.equal((await get('/')).status, 200);
  });
});

test('an upstream that is not there: 502, soon', async () => {
  const dead = await freePort();
  const proxy = await start((port) => hostConfig(port, dead));
  try {
    const begin = Date.now();
    const answer = await request(proxy.port, 'GET', '/');
    assert.ok([502, 503].includes(answer.status), `status ${answer.status}`);
    assert.ok(Date.now() - begin < 5000);
  } finally { await proxy.stop(); }
});

for (const [name, bytes] of [
  ['garbage', 'this is not HTTP\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!'],
  ['nothing', ''],
  ['half a head', 'HTTP/1.1 200 OK\r\nContent-'],
]) {
  test(`an upstream that answers ${name}: 502`, async () => {
    const upstream = createTcp((socket) => { socket.on('error', () => {}); socket.once('data', () => socket.end(bytes)); });
    const port = await listen(upstream);
    const gateway = await start((own) => hostConfig(own, port));
    try {
      assert.equal((await request(gateway.port, 'GET', '/')).status, 502);
    } finally { await gateway.stop(); upstream.close(); }
  });
}

// An upstream that answers with those bytes as soon as it has seen a head, and reads no further.
async function hasty(bytes, { closes }) {
  const server = createTcp((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => { socket.pause(); if (closes) socket.end(bytes); else socket.write(bytes); });
  });
  const sockets = new Set();
  server.on('connection', (socket) => { sockets.add(socket); socket.on('close', () => sockets.delete(socket)); });
  const port = await listen(server);
  return { port, close: () => { for (const socket of sockets) socket.destroy(); server.close(); } };
}

for (const closes of [true, false]) {
  test(`an upstream that refuses an upload before its end${closes ? ' and closes' : ''} is heard`, async () => {
    const refusal = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig';
    const upstream = await hasty(refusal, { closes });
    const gateway = await start((own) => hostConfig(own, upstream.port));
    const client = connect(gateway.port, '127.0.0.1');
    client.on('error', () => {});
    try {
      let text = '';
      client.on('data', (piece) => { text += piece; });
      client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${32 << 20}\r\n\r\n`);
      client.write(Buffer.alloc(16 << 20, 'x'));  // and never the rest
      await until(() => text.endsWith('big'), 'the refusal');
      assert.match(text, /^HTTP\/1.1 413 /);
    } finally { client.destroy(); await gateway.stop(); upstream.close(); }
  });
}

test('a HEAD whose length the upstream does not say has none', async () => {
  const upstream = createTcp((socket) => { socket.on('error', () => {}); socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')); });
  const port = await listen(upstream);
  const gateway = await start((own) => hostConfig(own, port));
  try {
    const answer = await raw(gateway.port, 'HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    assert.match(answer, /^HTTP\/1.1 200 /);
    assert.doesNotMatch(answer, /content-length/i);
  } finally { await gateway.stop(); upstream.close(); }
});

test('a short body is never passed on as a whole one', async () => {
  const upstream = createTcp((socket) => { socket.on('error', () => {}); socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort')); });
  const port = await listen(upstream);
  const gateway = await start((own) => hostConfig(own, port));
  try {
    const answer = await request(gateway.port, 'GET', '/').catch(() => null);
    assert.ok(answer === null || answer.status === 502 || answer.body.length < Number(answer.headers['content-length'] ?? Infinity));
  } finally { await gateway.stop(); upstream.close(); }
});

test('the verified token does not reach the upstream', async () => {
  let seen;
  const upstream = createHttp((incoming, answer) => { seen = incoming.headers; answer.end('ok'); });
  const port = await listen(upstream);
  const gateway = await start((own) => hostConfig(own, port, jwtAuth + `
authorization:
  rules:
  - 'jwt.sub == "test-user" && request.path.startsWith("/open")'`));
  try {
    assert.equal((await request(gateway.port, 'GET', '/open/x', { headers: { authorization: `Bearer ${token('example2')}` } })).status, 200);
    assert.equal(seen.authorization, undefined);
    assert.equal((await request(gateway.port, 'GET', '/closed', { headers: { authorization: `Bearer ${token('example2')}` } })).status, 403);
    assert.equal((await request(gateway.port, 'GET', '/open/x')).status, 403);
  } finally { await gateway.stop(); upstream.closeAllConnections(); upstream.close(); }
});
