// HTTP and JSON-RPC mistakes: each gets its exact answer, and none hurts the next request.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { jwtAuth, mcpConfig, start, token, secret } from './lib/gateway.mjs';
import { accept, messages, RawClient } from './lib/mcp.mjs';
import { raw, request, responses } from './lib/http.mjs';

describe('raw HTTP', () => {
  let gateway, client;
  before(async () => {
    gateway = await start((port) => mcpConfig(port));
    client = new RawClient(gateway.port);
    await client.initialize();
  });
  after(() => gateway?.stop());

  const post = (body, headers = {}) => request(gateway.port, 'POST', '/mcp', { headers: { ...accept, 'mcp-session-id': client.session, 'mcp-protocol-version': '2025-06-18', ...headers }, body });
  const error = (answer) => messages(answer).at(-1).error;

  const unparsable = {
    'no JSON': '{"jsonrpc": "2.0", "id": 1, "method": ',
    'duplicate names': '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}',
    'duplicate names, written differently': '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","n\\u0061me":"add"}}',
    'duplicate names, deep': '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":{"b":1,"b":2}}}}',
    'trailing bytes': '{"jsonrpc":"2.0","id":1,"method":"ping"} {}',
    'bad UTF-8': Buffer.from('{"jsonrpc":"2.0","id":1,"method":"pi\xffng"}', 'latin1'),
    empty: '',
  };
  for (const [name, body] of Object.entries(unparsable)) {
    test(`${name}: 400 and a JSON-RPC error`, async () => {
      const answer = await post(body);
      assert.equal(answer.status, 400);
      assert.match(answer.headers['content-type'], /^application\/json/);
      assert.ok([-32700, -32600].includes(error(answer).code), JSON.stringify(error(answer)));
    });
  }
  test('what is no JSON at all is -32700', async () => assert.equal(error(await post('nonsense')).code, -32700));

  const invalid = {
    'a batch': '[{"jsonrpc":"2.0","id":1,"method":"ping"}]',
    'an empty batch': '[]',
    'no version': '{"id":1,"method":"ping"}',
    'another version': '{"jsonrpc":"1.0","id":1,"method":"ping"}',
    'null id': '{"jsonrpc":"2.0","id":null,"method":"ping"}',
    'an id that is an object': '{"jsonrpc":"2.0","id":{},"method":"ping"}',
    'a number as method': '{"jsonrpc":"2.0","id":1,"method":5}',
    'a string': '"ping"',
  };
  for (const [name, body] of Object.entries(invalid)) {
    test(`${name}: 400 and -32600`, async () => {
      const answer = await post(body);
      assert.equal(answer.status, 400);
      assert.equal(error(answer).code, -32600);
    });
  }

  test('an unknown method: 200 and -32601', async () => {
    const answer = await client.call('tools/destroy');
    assert.equal(answer.status, 200);
    assert.equal(answer.message.error.code, -32601);
  });
  test('tools/call without a name: -32602', async () => {
    assert.equal((await client.call('tools/call', {})).message.error.code, -32602);
    assert.equal((await client.call('tools/call', { name: 5 })).message.error.code, -32602);
  });

  test('statuses of the transport', async () => {
    const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
    assert.equal((await post(ping, { 'content-type': 'text/plain' })).status, 415);
    assert.equal((await post(ping, { accept: 'text/html' })).status, 406);
    assert.equal((await post(ping, { accept: 'application/json' })).status, 406);
    assert.equal((await post(ping, { accept: '*/*' })).status, 200);
    assert.equal((await post(ping, { 'content-type': 'application/json; charset=utf-8' })).status, 200);
    assert.equal((await post(ping, { 'mcp-protocol-version': '1999-01-01' })).status, 400);
    for (const method of ['GET', 'DELETE']) {
      const headers = { accept: 'text/event-stream', 'mcp-session-id': client.session, 'mcp-protocol-version': '1999-01-01' };
      assert.equal((await request(gateway.port, method, '/mcp', { headers })).status, 400, method);
    }
    assert.equal((await post(ping)).status, 200);
    assert.equal((await request(gateway.port, 'PUT', '/mcp', { headers: accept, body: ping })).status, 405);
    assert.equal((await request(gateway.port, 'GET', '/mcp', { headers: { accept: 'application/json', 'mcp-session-id': client.session } })).status, 406);
    assert.equal((await request(gateway.port, 'GET', '/mcp', { headers: { accept: 'text/event-stream' } })).status, 400);
  });

  test('a notification is 202 without a body', async () => {
    const answer = await post('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":777}}');
    assert.equal(answer.status, 202);
    assert.equal(answer.body, '');
  });

  test('the id comes back as it was: text, zero, large, negative', async () => {
    for (const id of ['"text"', '0', '-5', '9007199254740993', '"ü\\u00e9"', '""']) {
      const answer = await post(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo","arguments":{"message":"m"}}}`);
      assert.equal(answer.status, 200, id);
      const text = Buffer.from(answer.body, 'latin1').toString('utf8');
      if (id.startsWith('"')) assert.equal(JSON.parse(text).id, JSON.parse(id));
      else assert.ok(text.replace(/\s/g, '').includes(`"id":${id}`), `${id} in ${text}`);
    }
  });

  test('arguments arrive as they were sent', async () => {
    const args = '{"big":12345678901234567890,"float":1.10,"exp":1e400,"nested":{"list":[1,[2,{"x":null}]]},"text":"\\u0000\\ud83d\\ude00 ü"}';
    const answer = await post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"raw","arguments":${args}}}`);
    const text = messages(answer).at(-1).result.content[0].text;
    assert.ok(text.includes('12345678901234567890'), text);
    assert.ok(text.includes('Infinity'), text); // Python's reading of 1e400: the text arrived unchanged
    assert.deepEqual(JSON.parse(text.replace('Infinity', '1')).nested, { list: [1, [2, { x: null }]] });
  });

  test('the wrong length of a body, or none', async () => {
    const answer = responses(await raw(gateway.port, `POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n\r\n`))[0];
    assert.equal(answer.status, 400);
  });

  test('a body over the limit is 413', async () => {
    const answer = await raw(gateway.port, `POST /mcp HTTP/1.1\r\nHost: a\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n`);
    assert.equal(responses(answer)[0].status, 413);
  });

  test('Content-Length and Transfer-Encoding together are refused', async () => {
    const answer = await raw(gateway.port, 'POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n');
    assert.equal(responses(answer)[0].status, 400);
    assert.equal(responses(answer).length, 1);
  });

  test('no Host, two Hosts, a bare LF, a header name with a space: 400', async () => {
    for (const head of ['GET / HTTP/1.1\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 'GET / HTTP/1.1\nHost: a\n\n', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'])
      assert.equal(responses(await raw(gateway.port, head))[0].status, 400, JSON.stringify(head));
  });

  test('a head that is too large is 431', async () => {
    const answer = await raw(gateway.port, `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(70000)}\r\n\r\n`);
    assert.equal(responses(answer)[0].status, 431);
  });

  test('keep-alive: many requests on one connection', async () => {
    const one = (id, last) => {
      const body = `{"jsonrpc":"2.0","id":${id},"method":"ping"}`;
      return `POST /mcp HTTP/1.1\r\nHost: a\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\nMcp-Session-Id: ${client.session}\r\n${last ? 'Connection: close\r\n' : ''}Content-Length: ${body.length}\r\n\r\n${body}`;
    };
    const answer = responses(await raw(gateway.port, [1, 2, 3, 4, 5].map((id) => one(id, id === 5)).join(''), { ms: 8000 }));
    assert.deepEqual(answer.map(({ status }) => status), [200, 200, 200, 200, 200]);
    assert.deepEqual(answer.map((one) => messages(one).at(-1).id), [1, 2, 3, 4, 5]); // pipelined, in order
  });

  test('chunked request bodies, in pieces', async () => {
    const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
    const chunks = [body.slice(0, 7), body.slice(7)].map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('') + '0\r\n\r\n';
    const answer = await raw(gateway.port, `POST /mcp HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept: */*\r\nContent-Type: application/json\r\nMcp-Session-Id: ${client.session}\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`);
    assert.equal(responses(answer)[0].status, 200);
  });

  test('Expect: 100-continue is answered before the body', async () => {
    const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
    const { connect } = await import('node:net');
    const socket = connect(gateway.port, '127.0.0.1');
    socket.setEncoding('latin1');
    let text = '';
    socket.on('data', (piece) => { text += piece; });
    socket.write(`POST /mcp HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nAccept: */*\r\nContent-Type: application/json\r\nMcp-Session-Id: ${client.session}\r\nContent-Length: ${body.length}\r\n\r\n`);
    const { until } = await import('./lib/gateway.mjs');
    await until(() => text.startsWith('HTTP/1.1 100'), '100 Continue');
    socket.write(body);
    await until(() => text.includes('HTTP/1.1 200'), 'the answer');
    socket.destroy();
  });

  test('a client that stops in the middle of a body hurts nobody', async () => {
    const { connect } = await import('node:net');
    const socket = connect(gateway.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"json`);
    assert.equal((await client.call('ping')).status, 200);
    socket.destroy();
    assert.equal((await client.call('ping')).status, 200);
  });

  test('a GET stream opens, carries what the server says by itself, and a second one is told so', async () => {
    const { connect } = await import('node:net');
    const socket = connect(gateway.port, '127.0.0.1');
    socket.setEncoding('latin1');
    let text = '';
    socket.on('data', (piece) => { text += piece; });
    socket.write(`GET /mcp HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nMcp-Session-Id: ${client.session}\r\nMcp-Protocol-Version: 2025-06-18\r\n\r\n`);
    const { until } = await import('./lib/gateway.mjs');
    await until(() => /^HTTP\/1\.1 200/.test(text) && /text\/event-stream/i.test(text), 'the stream opens');
    await client.call('resources/subscribe', { uri: 'test://item/1' });
    await client.tool('change');
    await until(() => text.includes('list_changed'), 'a notification on the stream');
    socket.destroy();
  });
});

describe('where the request came from', () => {
  test('a page of another site may not talk to a gateway on loopback by a rebound name', async () => {
    const gateway = await start((port) => mcpConfig(port));
    try {
      const client = new RawClient(gateway.port, { headers: { origin: 'http://evil.example' } });
      assert.equal((await client.initialize()).status, 403);
    } finally { await gateway.stop(); }
  });
});

describe('cors and authentication', () => {
  const cors = `
cors:
  allowOrigins: ["http://app.example"]
  allowHeaders: ["authorization", "content-type", "mcp-session-id"]
  allowMethods: ["GET", "POST", "DELETE"]
  exposeHeaders: ["Mcp-Session-Id"]`;
  const strict = jwtAuth + '\n  mode: strict';
  let gateway;
  before(async () => { gateway = await start((port) => mcpConfig(port, { policies: cors + strict })); });
  after(() => gateway?.stop());

  test('a preflight is answered before authentication', async () => {
    const answer = await request(gateway.port, 'OPTIONS', '/mcp', { headers: { origin: 'http://app.example', 'access-control-request-method': 'POST' } });
    assert.ok([200, 204].includes(answer.status), `status ${answer.status}`);
    assert.equal(answer.headers['access-control-allow-origin'], 'http://app.example');
    assert.match(answer.headers['access-control-allow-headers'], /authorization/i);
    assert.match(answer.headers.vary ?? '', /origin/i);
  });
  test('a preflight of another origin gets no permission', async () => {
    const answer = await request(gateway.port, 'OPTIONS', '/mcp', { headers: { origin: 'http://other.example', 'access-control-request-method': 'POST' } });
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  });
  test('strict: no token is a 401 with a challenge that a page can read', async () => {
    const answer = await request(gateway.port, 'POST', '/mcp', { headers: { ...accept, origin: 'http://app.example' }, body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' });
    assert.equal(answer.status, 401);
    assert.match(answer.headers['www-authenticate'], /^Bearer/);
    assert.doesNotMatch(answer.headers['www-authenticate'], /error=/); // RFC 6750, 3.1: none was sent, so no error
    assert.equal(answer.headers['access-control-allow-origin'], 'http://app.example');
  });
  test('with a token it works, and the session id is exposed', async () => {
    const client = new RawClient(gateway.port, { token: token('example2'), headers: { origin: 'http://app.example' } });
    const answer = await client.initialize();
    assert.equal(answer.status, 200);
    assert.match(answer.headers['access-control-expose-headers'] ?? '', /mcp-session-id/i);
  });
  test('a cookie of the caller reaches neither target nor log', async () => {
    const cookie = secret('session=canary-cookie-5f2b91');
    const client = new RawClient(gateway.port, { token: token('example2'), headers: { cookie } });
    await client.initialize();
    const env = await client.tool('printEnv');
    assert.ok(!JSON.stringify(env.message).includes('canary-cookie'));
  });
});
