// Which targets let a session that one gateway opened be gone on with by another that shares config.session.key.
import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fixture, freePort, root, start, until } from './lib/gateway.mjs';
import { request } from './lib/http.mjs';
import { accept, RawClient } from './lib/mcp.mjs';
import { RemoteServer, serveSdk } from './lib/remote.mjs';
import { at, behind, count, remote, sessions, text, using } from './lib/replicas.mjs';

const suiteServer = join(root, 'tests/e2e/lib/suite_server.mjs');

describe('other targets', () => {
  const both = async (targets, options, work) => {
    const config = behind(targets, options);
    await using([() => start(config), () => start(config)], work);
  };
  const stdio = `{ name: child, stdio: { cmd: python3, args: ["${fixture}"] } }`;

  test('a child lives in one process', async () => {
    await both(stdio, {}, async (one, two) => {
      const client = new RawClient(one.port);
      await client.initialize();
      const other = at(two, client);
      assert.equal((await other.call('tools/list')).status, 404);
      await other.initialize();
      assert.equal((await other.call('tools/list')).status, 200);
      assert.equal((await client.call('tools/list')).status, 200);
    });
  });

  test('a server that has no sessions', async () => {
    await using([() => serveSdk('--stateless')], (server) => both(remote(server.url), {}, async (one, two) => {
      const client = new RawClient(one.port);
      await client.initialize();
      const other = at(two, client);
      for (const each of [other, client, other]) assert.equal(text(await each.tool('hello')), 'hello from the SDK');
      assert.equal((await client.remove()).status, 202);
      assert.equal((await client.tool('hello')).status, 404);
    }));
  });

  test('a server of 2026-07-28', async () => {
    const serve = async () => new RemoteServer(await freePort(), (port) => [process.execPath, suiteServer, 'http', String(port), 'modern']).start();
    await using([serve], (server) => both(remote(server.url), {}, async (one, two) => {
      const client = new RawClient(one.port, { version: '2025-11-25' });
      await client.initialize();
      const other = at(two, client);
      for (const each of [other, client, other]) assert.match(text(await each.tool('test_simple_text')), /simple text/);
      await client.remove();
    }));
  });

  test('a REST service', async () => {
    const service = async () => {
      const http = createServer((incoming, outgoing) => outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ path: incoming.url })));
      const port = await freePort();
      await new Promise((done) => http.listen(port, '127.0.0.1', done));
      return { port, kill: () => new Promise((done) => { http.close(done); http.closeAllConnections(); }) };
    };
    const schema = JSON.stringify({ openapi: '3.0.3', info: { title: 's', version: '1' }, paths: { '/items/{id}': { get: { operationId: 'getItem', parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }] } } } });
    await using([service], ({ port }) => both(`{ name: rest, openapi: { host: "127.0.0.1:${port}", path: /, schema: ${JSON.stringify(schema)} } }`, {}, async (one, two) => {
      const client = new RawClient(one.port);
      await client.initialize();
      for (const each of [at(two, client), client, at(two, client)]) assert.match(JSON.stringify((await each.tool('getItem', { path: { id: '7' } })).message.result), /items\/7/);
      await client.remove();
    }));
  });

  for (const failureMode of ['failClosed', 'failOpen']) {
    test(`several of them, ${failureMode}`, async () => {
      await using([() => serveSdk(), () => serveSdk('--stateless')], (first, second) => both([remote(first.url, 'a'), remote(second.url, 'b')], { failureMode }, async (one, two) => {
        const client = new RawClient(one.port);
        await client.initialize();
        const other = at(two, client);
        for (const each of [other, client, other]) {
          for (const name of ['a_hello', 'b_hello']) assert.equal(text(await each.tool(name)), 'hello from the SDK');
          assert.ok((await each.call('tools/list')).message.result.tools.some(({ name }) => name === 'b_work'));
        }
        assert.equal(sessions(first), 1);
        await other.remove();
        await until(() => count(first, /^DELETE /) === 1, 'the server is told');
        assert.equal((await client.call('tools/list')).status, 404);
      }));
    });
  }

  test('several of them, one a child', async () => {
    await using([() => serveSdk()], (server) => both([remote(server.url, 'a'), stdio], {}, async (one, two) => {
      const client = new RawClient(one.port);
      await client.initialize();
      assert.equal((await at(two, client).tool('a_hello')).status, 404);
      assert.equal(text(await client.tool('a_hello')), 'hello from the SDK');
    }));
  });

  test('a client that says too much of itself stays where it is', async () => {
    await using([() => serveSdk()], (server) => both(remote(server.url), {}, async (one, two) => {
      const client = new RawClient(one.port);
      await client.initialize({ experimental: { much: { text: 'x'.repeat(3000) } } });
      assert.ok(client.session.length < 300);
      assert.equal((await at(two, client).tool('hello')).status, 404);
      assert.equal(text(await client.tool('hello')), 'hello from the SDK');
    }));
  });
});

test('an id of one transport is none of the other', async () => {
  await using([() => serveSdk()], (server) => using([() => start(behind(remote(server.url)))], async (gateway) => {
    const client = new RawClient(gateway.port);
    await client.initialize();
    const answer = await request(gateway.port, 'POST', `/mcp/sse?sessionId=${client.session}`, { headers: { ...accept }, body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' });
    assert.equal(answer.status, 404);
    await client.remove();
  }));
});
