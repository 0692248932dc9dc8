// Gateways that share config.session.key: a session that one of them opened is gone on with by the others, and by
// one that was started anew, if its targets allow it.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer, request as forward } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as jose from 'jose';
import { fixture, freePort, jwtAuth, secret, sleep, start, until, workFolder } from './lib/gateway.mjs';
import { request } from './lib/http.mjs';
import { accept, callText, connect, RawClient, toolNames } from './lib/mcp.mjs';
import { PolledServer } from './lib/polled.mjs';
import { serveSdk } from './lib/remote.mjs';
import { at, behind, count, key, reload, remote, sessions, text, using } from './lib/replicas.mjs';

const shape = ({ status, headers, body }) => ({ status, headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'date')), body: body.replace(/"id":\d+/, '') });

/** Each request goes to the next of those ports. */
async function balancer(ports) {
  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    const passed = forward({ host: '127.0.0.1', port: ports[turn++ % ports.length], method: incoming.method, path: incoming.url, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    outgoing.on('close', () => passed.destroy());
    incoming.pipe(passed);
  });
  const port = await freePort();
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${port}/mcp`, kill: () => new Promise((done) => { server.close(done); server.closeAllConnections(); }) };
}

describe('two gateways in front of a server with sessions', () => {
  let server, one, two;
  before(async () => {
    server = await serveSdk();
    [one, two] = [await start(behind(remote(server.url))), await start(behind(remote(server.url)))];
  });
  after(async () => { for (const gateway of [one, two]) await gateway?.stop(); await server?.kill(); });

  test('the official client, each request at the next gateway', async () => {
    const opened = sessions(server);
    await using([() => balancer([one.port, two.port])], async ({ url }) => {
      const client = await connect(url);
      for (let i = 0; i < 10; i++) {
        assert.ok((await toolNames(client)).includes('hello'));
        assert.equal(await callText(client, 'hello'), 'hello from the SDK');
      }
      const seen = [];
      assert.equal(await callText(client, 'work', {}, { onprogress: ({ progress }) => seen.push(progress) }), 'worked');
      assert.deepEqual(seen, [1, 2, 3, 4]);
      assert.equal((await client.readResource({ uri: 'test://fact' })).contents[0].text, 'a fact');
      await client.transportOfTest.terminateSession();
      await client.close();
    });
    assert.equal(sessions(server), opened + 1, 'the server has had one session');
    for (const gateway of [one, two]) await until(() => count(gateway, /tools\/(call|list)/) >= 9, 'both served');
  });

  test('begins at one, goes on at the other, and back', async () => {
    const client = new RawClient(one.port);
    await client.initialize();
    const other = at(two, client);
    for (let i = 0; i < 3; i++) {
      assert.equal(text(await other.tool('hello')), 'hello from the SDK');
      assert.equal(text(await client.tool('hello')), 'hello from the SDK');
    }
    assert.equal((await other.call('ping')).status, 200);
    assert.ok(client.session.length < 2000, `${client.session.length} bytes`);
    await client.remove();
  });

  test('many requests at once bring it over once', async () => {
    const client = new RawClient(one.port);
    await client.initialize();
    const opened = sessions(server);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => Object.assign(at(two, client), { id: i }).tool('hello')));
    for (const answer of answers) assert.equal(text(answer), 'hello from the SDK');
    assert.equal(sessions(server), opened);
    await client.remove();
  });

  for (const [first, second] of [['the first', 'the second'], ['the second', 'the first']]) {
    test(`ended at ${first}, it is over at ${second}`, async () => {
      const client = new RawClient(one.port);
      await client.initialize();
      const other = at(two, client);
      assert.equal((await other.tool('hello')).status, 200);
      const [ends, learns] = first === 'the first' ? [client, other] : [other, client];
      const told = count(server, /^DELETE /);
      assert.equal((await ends.remove()).status, 202);
      await until(() => count(server, /^DELETE /) > told, 'the server is told');
      assert.equal((await ends.tool('hello')).status, 404);
      assert.equal((await learns.tool('hello')).status, 404);
      assert.equal((await learns.call('tools/list')).status, 404);
      assert.equal((await learns.call('ping')).status, 404);
    });
  }

  test('ended where nobody has used it', async () => {
    const client = new RawClient(one.port);
    await client.initialize();
    assert.equal((await at(two, client).remove()).status, 202);
    const other = at(two, client);
    assert.equal((await other.tool('hello')).status, 404);
    await until(async () => (await client.tool('hello')).status === 404, 'it is over at the first');
    assert.equal((await client.call('ping')).status, 404);
  });

  test('the stream outside of calls opens there, too', async () => {
    const client = new RawClient(one.port);
    await client.initialize();
    const stream = new AbortController();
    const answer = await fetch(two.url(), { headers: { accept: 'text/event-stream', 'mcp-session-id': client.session, 'mcp-protocol-version': client.version }, signal: stream.signal });
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /event-stream/);
    stream.abort();
    await client.remove();
  });

  test('another key makes it unknown; so does no key', async () => {
    const client = new RawClient(one.port);
    await client.initialize();
    const unknown = Object.assign(at(two, client), { session: 'AAAA' });
    for (const session of [`key: "${secret(randomBytes(32).toString('hex'))}"`, '']) {
      await using([() => start(behind(remote(server.url), { session }))], async (gateway) => {
        const refused = await at(gateway, client).tool('hello');
        assert.equal(refused.status, 404);
        assert.deepEqual(shape(refused), shape(await unknown.tool('hello')));
      });
    }
    await client.remove();
  });

  test('an id that was altered is unknown', async () => {
    const client = new RawClient(one.port);
    await client.initialize();
    for (const place of [0, 20, 60, 200, client.session.length - 3]) {
      const other = at(two, client);
      other.session = other.session.slice(0, place) + (other.session[place] === 'A' ? 'B' : 'A') + other.session.slice(place + 1);
      assert.equal((await other.tool('hello')).status, 404, `changed at ${place}`);
    }
    await client.remove();
  });

  test('another target of the same name makes it unknown', async () => {
    const client = new RawClient(one.port);
    await client.initialize();
    await using([() => serveSdk(), () => freePort().then((port) => ({ port, kill() {} }))], async (other) => {
      await using([() => start(behind(remote(other.url)))], async (gateway) => {
        assert.equal((await at(gateway, client).tool('hello')).status, 404);
        assert.equal(count(other, /^POST /), 0, 'the other server hears nothing of it');
      });
    });
    await client.remove();
  });
});

describe('whose it is', () => {
  let server, folders, mint, one, two;
  const rules = (who) => `${jwtAuth}\nmcpAuthorization:\n  rules:\n  - '${who}'`;
  before(async () => {
    server = await serveSdk();
    const keys = await jose.generateKeyPair('ES256', { extractable: true });
    mint = async (sub) => secret(await new jose.SignJWT({ sub }).setProtectedHeader({ alg: 'ES256', kid: 'k' }).setIssuer('agentgateway.dev')
      .setAudience('test.agentgateway.dev').setExpirationTime('10m').sign(keys.privateKey));
    const jwk = { ...(await jose.exportJWK(keys.publicKey)), kid: 'k', alg: 'ES256' };
    folders = [workFolder(), workFolder()];
    for (const folder of folders) writeFileSync(join(folder, 'manifests/jwt/pub-key'), JSON.stringify({ keys: [jwk] }));
    one = await start(behind(remote(server.url), { policies: rules('true') }), { folder: folders[0] });
    two = await start(behind(remote(server.url), { policies: rules('mcp.tool.name != "work"') }), { folder: folders[1] });
  });
  after(async () => { for (const gateway of [one, two]) await gateway?.stop(); await server?.kill(); });

  test('for another caller it does not exist, at any gateway', async () => {
    const alice = new RawClient(one.port, { token: await mint('alice') });
    await alice.initialize();
    const mallory = Object.assign(new RawClient(two.port, { token: await mint('mallory') }), { session: alice.session });
    const unknown = Object.assign(new RawClient(two.port, { token: await mint('mallory') }), { session: 'AAAA' });
    const before = count(server, /./);
    assert.deepEqual(shape(await mallory.tool('hello')), shape(await unknown.tool('hello')));
    assert.deepEqual(shape(await mallory.remove()), shape(await unknown.remove()));
    assert.equal((await mallory.call('tools/list')).status, 404);
    assert.equal(count(server, /./), before, 'the server hears nothing of it');
    assert.equal((await Object.assign(new RawClient(two.port), { session: alice.session }).tool('hello')).status, 404);
    assert.equal(text(await at(two, alice).tool('hello')), 'hello from the SDK');
    await alice.remove();
  });

  test('the rules of the gateway that is asked judge', async () => {
    const alice = new RawClient(one.port, { token: await mint('alice') });
    await alice.initialize();
    const other = at(two, alice);
    assert.equal(text(await alice.tool('work')), 'worked');
    assert.match(JSON.stringify((await other.tool('work')).message.error), /Unknown tool/);
    const names = (await other.call('tools/list')).message.result.tools.map(({ name }) => name);
    assert.ok(names.includes('hello') && !names.includes('work'));
    await alice.remove();
  });
});

describe('a gateway that is started anew', () => {
  test('its clients go on, and the server has not noticed', async () => {
    await using([() => serveSdk()], async (server) => {
      const config = behind(remote(server.url));
      const first = await start(config);
      const client = await connect(first.url());
      assert.equal(await callText(client, 'hello'), 'hello from the SDK');
      await callText(client, 'grow');
      const grown = (await toolNames(client)).find((name) => name.startsWith('grown-'));
      await first.stop();
      assert.equal(count(server, /^DELETE /), 0);
      await using([() => start(config, { port: first.port })], async () => {
        // The tool is of the server's own session.
        assert.equal(await callText(client, grown), 'grown');
        assert.ok((await toolNames(client)).includes(grown));
        await client.transportOfTest.terminateSession();
        await until(() => count(server, /^DELETE /) === 1, 'the server is told of the end');
        await client.close();
      });
      assert.equal(sessions(server), 1);
    });
  });

  test('a session that its server forgot meanwhile makes the client start over', async () => {
    await using([() => serveSdk()], async (server) => {
      await using([() => start(behind(remote(server.url)))], async (gateway) => {
        const client = new RawClient(gateway.port);
        await client.initialize();
        await server.kill();
        await server.start();
        assert.equal((await client.tool('hello')).status, 404);
        assert.equal((await client.tool('hello')).status, 404);
        const again = new RawClient(gateway.port);
        await again.initialize();
        assert.equal(text(await again.tool('hello')), 'hello from the SDK');
        await again.remove();
      });
    });
  });

  test('with resumableFor: 0s sessions stay where they are, and are opened again', async () => {
    await using([() => serveSdk()], async (server) => {
      const config = behind(remote(server.url), { session: `key: "${key}", resumableFor: 0s` });
      await using([() => start(config), () => start(config)], async (one, two) => {
        const client = new RawClient(one.port);
        await client.initialize();
        assert.ok(client.session.length < 300);
        assert.equal((await at(two, client).tool('hello')).status, 404);
        await server.kill();
        await server.start();
        assert.equal(text(await client.tool('hello')), 'hello from the SDK');
        await client.remove();
      });
    });
  });
});

describe('how long', () => {
  test('after resumableFor nobody else goes on with it', async () => {
    await using([() => serveSdk()], async (server) => {
      const config = behind(remote(server.url), { session: `key: "${key}", resumableFor: 1s` });
      await using([() => start(config), () => start(config)], async (one, two) => {
        const client = new RawClient(one.port);
        await client.initialize();
        await sleep(2100);  // the age is counted in seconds
        assert.equal((await at(two, client).tool('hello')).status, 404);
        assert.equal(text(await client.tool('hello')), 'hello from the SDK');
        await client.remove();
      });
    });
  });

  test('one that was idle for too long does not come back to where it was', async () => {
    await using([() => serveSdk()], async (server) => {
      const config = behind(remote(server.url), { mcp: 'sessionTtl: 200ms' });
      await using([() => start(config), () => start(config)], async (one, two) => {
        const client = new RawClient(one.port);
        await client.initialize();
        await until(() => one.hasLine(/idle sessions ended/), 'it ended', 20000);
        assert.equal((await client.tool('hello')).status, 404);
        assert.equal((await client.tool('hello')).status, 404);
        assert.equal(text(await at(two, client).tool('hello')), 'hello from the SDK');
      });
    });
  });

  test('a place is needed for it, as for a new one', async () => {
    await using([() => serveSdk()], async (server) => {
      const config = behind(remote(server.url), { limits: 'maxSessionsPerCaller: 1' });
      await using([() => start(config), () => start(config)], async (one, two) => {
        const [first, second] = [new RawClient(one.port), new RawClient(two.port)];
        await first.initialize();
        await second.initialize();
        const other = at(two, first);
        assert.equal((await other.tool('hello')).status, 429);
        await second.remove();
        assert.equal(text(await other.tool('hello')), 'hello from the SDK');
        assert.equal(text(await other.tool('hello')), 'hello from the SDK');
        await first.remove();
      });
    });
  });
});

describe('a reload', () => {
  test('keeps it, unless its target goes; then it does not come back', async () => {
    await using([() => serveSdk(), () => serveSdk()], async (server, another) => {
      const config = behind(remote(server.url));
      await using([() => start(config), () => start(config)], async (one, two) => {
        const client = new RawClient(one.port);
        await client.initialize();
        const other = at(two, client);
        assert.equal((await other.tool('hello')).status, 200);
        await reload(two, behind(remote(server.url), { policies: `mcpAuthorization:\n  rules: ['mcp.tool.name == "work"']` })(two.port));
        assert.match(JSON.stringify((await other.tool('hello')).message.error), /Unknown tool/);
        await reload(two, behind(remote(another.url))(two.port));
        assert.equal((await other.tool('hello')).status, 404);
        await reload(two, config(two.port));
        assert.equal((await other.tool('hello')).status, 404);
        assert.equal(text(await client.tool('hello')), 'hello from the SDK');
        assert.equal(count(server, /^DELETE /), 0, 'it goes on elsewhere');
        await client.remove();
      });
    });
  });

  const child = `{ name: child, stdio: { cmd: python3, args: ["${fixture}"] } }`;
  /** The same route at each of those ports. */
  const ports = (target, options, first, ...more) => [behind(target, options)(first), ...more.map((port) => behind(target, options)(port).split('binds:\n')[1])].join('');
  for (const [which, options] of [['a key of its own', { session: '' }], ['config.session.key', {}]]) {
    test(`that adds or takes away a port ends no session: ${which}`, async () => {
      await using([() => start((port) => ports(child, options, port))], async (gateway) => {
        const second = await freePort();
        const clients = [];
        const opens = async (port) => { clients.push(new RawClient(port)); await clients.at(-1).initialize(); };
        const allGoOn = async () => {
          for (const client of clients) assert.equal((await client.call('tools/list')).status, 200);
          assert.equal(gateway.children().length, clients.length, 'each has its child');
        };
        await opens(gateway.port);
        await allGoOn();
        await reload(gateway, ports(child, options, gateway.port, second));
        await allGoOn();
        await opens(gateway.port);
        await opens(second);
        await allGoOn();
        const beside = await at({ port: second }, clients[0]).call('tools/list');
        assert.equal(beside.status, options.session === '' ? 404 : 200, 'at the other port');
        await reload(gateway, ports(child, options, gateway.port));
        const [gone] = clients.splice(2, 1);
        for (const client of clients) assert.equal((await client.call('tools/list')).status, 200);
        await reload(gateway, ports(child, options, gateway.port, second));
        clients.push(gone);
        await allGoOn();
      });
    });
  }
});

test('what is left of a stream is not mistaken for that of a call at another gateway', async () => {
  await using([() => new PolledServer().start()], async (server) => {
    // One core each: both count the same requests.
    const config = (port) => behind(remote(server.url))(port).replace('config:', 'config:\n  workerThreads: 1');
    await using([() => start(config), () => start(config)], async (one, two) => {
      const client = new RawClient(one.port, { version: '2025-11-25' });
      await client.initialize();
      const other = at(two, client);
      const headers = { ...accept, 'mcp-session-id': client.session, 'mcp-protocol-version': client.version };
      /** A call in flight whose stream has broken off: what the server has of it, and the last id its client saw. */
      const brokenOff = async (gateway, id) => {
        const stream = new AbortController();
        const place = server.calls.length;
        const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'polled', arguments: {} } });
        const answer = fetch(gateway.url(), { method: 'POST', headers, body, signal: stream.signal });
        const call = await server.call(place);
        call.log('begun');
        let seen = '';
        const reader = (await answer).body.pipeThrough(new TextDecoderStream()).getReader();
        while (!seen.includes('begun')) seen += (await reader.read()).value;
        stream.abort();
        return { call, last: [...seen.matchAll(/^id: (\S+)$/gm)].at(-1)[1] };
      };
      const comeBack = (gateway, last) => fetch(gateway.url(), { headers: { ...headers, accept: 'text/event-stream', 'last-event-id': last } });
      const [first, second] = [await brokenOff(one, 100), await brokenOff(two, 500)];
      assert.notEqual(first.last, second.last);
      second.call.finish('of call 500');
      // The one that comes first gets it, if it is told apart by nothing.
      const stranger = await comeBack(two, first.last);
      const own = await (await comeBack(two, second.last)).text();
      assert.match(own, /"id":500/);
      assert.match(own, /of call 500/);
      await stranger.body.cancel();
      first.call.finish('of call 100');
      const rest = await (await comeBack(one, first.last)).text();
      assert.match(rest, /of call 100/);
      assert.ok(!rest.includes('of call 500'));
      assert.equal((await other.remove()).status, 202);
    });
  });
});

describe('a session whose server is slow to be gone on with', () => {
  /** A REST service whose document is at an address and comes when it is let go. */
  const slowService = async () => {
    const document = JSON.stringify({ openapi: '3.0.3', info: { title: 's', version: '1' }, paths: { '/items': { get: { operationId: 'items' } } } });
    const service = { held: [], isSlow: false, asked: 0 };
    const http = createServer((incoming, outgoing) => {
      const answer = () => outgoing.writeHead(200, { 'content-type': 'application/json' }).end(document);
      service.asked++;
      if (service.isSlow) service.held.push(answer); else answer();
    });
    await new Promise((done) => http.listen(0, '127.0.0.1', done));
    const host = `127.0.0.1:${http.address().port}`;
    service.target = (name) => `{ name: ${name}, openapi: { host: "${host}", path: /, schema: { url: "http://${host}/openapi.json" } } }`;
    service.release = () => { service.isSlow = false; for (const answer of service.held.splice(0)) answer(); };
    service.kill = () => new Promise((done) => { http.close(done); http.closeAllConnections(); });
    return service;
  };
  const limits = 'maxSessionsPerCaller: 1';

  /** A session of one gateway, while the other waits for the document. */
  const meanwhile = (work) => using([slowService], async (service) => {
    const config = behind(service.target('rest'), { limits });
    await using([() => start(config), () => start(config)], async (one, two) => {
      const client = new RawClient(one.port);
      await client.initialize();
      service.isSlow = true;
      await work({ service, config, two, client });
    });
  });

  test('takes one place, however many requests want it at once', () => meanwhile(async ({ service, two, client }) => {
    const asked = service.asked;
    const answers = Array.from({ length: 12 }, (_, i) => Object.assign(at(two, client), { id: i * 10 }).call('tools/list'));
    await until(() => service.held.length > 0, 'the document is wanted');
    await sleep(300);  // so that most of them have come
    service.release();
    assert.deepEqual((await Promise.all(answers)).map(({ status }) => status), Array(12).fill(200));
    assert.equal(service.asked, asked + 1, 'one has brought it');
    assert.equal((await new RawClient(two.port).call('initialize', { protocolVersion: client.version, capabilities: {}, clientInfo: { name: 't', version: '1' } })).status, 429);
    await at(two, client).remove();
    await new RawClient(two.port).initialize();
  }));

  test('holds no place, and can come again, if a reload takes the server away meanwhile', () => meanwhile(async ({ service, config, two, client }) => {
    const answer = at(two, client).call('tools/list');
    await until(() => service.held.length > 0, 'the document is wanted');
    await reload(two, behind(service.target('other'), { limits })(two.port));
    service.release();
    assert.equal((await answer).status, 404);
    const another = new RawClient(two.port);
    await another.initialize();
    await another.remove();
    await reload(two, config(two.port));
    assert.equal((await at(two, client).call('tools/list')).status, 200);
    await client.remove();
  }));
});
