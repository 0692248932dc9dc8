// Key sets that are fetched: rotation, outage, storms of unknown keys, answers that are none. Whatever the issuer does, a good
// token of a key that is known is served, and no other.
import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { fixture, freePort, hostConfig, mcpConfig, patience, sleep, start, until } from './lib/gateway.mjs';
import { Issuer, makeKey, sign } from './lib/issuer.mjs';
import { ask, challenge, methods, openSession, versions, withToken } from './lib/protected.mjs';
import { RecordingUpstream } from './lib/wire.mjs';

const jwtAuth = (...issuers) => `
jwtAuth:
  mode: strict
  providers:
${issuers.map((issuer) => `  - { issuer: "${issuer.name}", audiences: ["${issuer.audience}"], jwks: { url: "${issuer.jwksUrl}" } }`).join('\n')}`;

/** One gateway in front of a plain server that notes what reached it, with these issuers; `use` gets all of it. */
async function withGateway(issuers, use, { config = hostConfig } = {}) {
  const upstream = await new RecordingUpstream().start();
  let gateway;
  try {
    const port = await freePort();
    gateway = await start(config === hostConfig ? hostConfig(port, upstream.port, jwtAuth(...issuers)) : config(port, { args: [fixture], policies: jwtAuth(...issuers) }), { port });
    const status = async (token, path = '/x') => (await ask(port, 'GET', { path, ms: 15000, fields: token === undefined ? [] : withToken(token) })).status;
    await use({ gateway, port, upstream, status, config: (more = '') => hostConfig(port, upstream.port, jwtAuth(...issuers) + more) });
    await gateway.stop();
    gateway = undefined;
  } finally {
    gateway?.process.kill('SIGKILL');
    upstream.stop();
    for (const issuer of issuers) await issuer.stop();
  }
}
const served = (status, token, what, ms = 20000) => until(async () => (await status(token)) === 200, what, ms);
const unknown = (issuer) => issuer.token({}, { header: { kid: `nobody-${Math.random()}` } });

describe('key sets by URL', { concurrency: 3 }, () => {
  test('fetched when the gateway starts, and not for each request', async () => {
    const issuer = await Issuer.start();
    await withGateway([issuer], async ({ status }) => {
      await served(status, issuer.token(), 'the keys are there');
      for (let i = 0; i < 50; i++) assert.equal(await status(issuer.token()), 200);
      assert.equal(issuer.fetches, 1);
    });
  });

  test('a new key is found by itself, an old one that is gone counts no more', async () => {
    const issuer = await Issuer.start();
    await withGateway([issuer], async ({ status }) => {
      await served(status, issuer.token(), 'the keys are there');
      const [old] = issuer.keys;
      const before = issuer.token();
      const fresh = issuer.rotate();
      const after = issuer.token({}, { key: fresh });
      assert.equal(await status(before), 200, 'the old key is not forgotten before it is known to be gone');
      await served(status, after, 'the new key is found');
      assert.ok(issuer.fetches <= 3, `${issuer.fetches} fetches`);
      assert.equal(await status(before), 401, 'the old key is gone');
      assert.equal(await status(issuer.token({}, { key: old })), 401);
    });
  });

  test('overlapping rotation, as issuers do it: no good token is ever refused', async () => {
    const issuer = await Issuer.start();
    await withGateway([issuer], async ({ status }) => {
      await served(status, issuer.token(), 'the keys are there');
      const [old] = issuer.keys;
      const fresh = issuer.rotate({ retire: false });  // published, not used yet
      await until(async () => (await status(issuer.token({}, { key: fresh }))) === 200, 'the new key is found', 20000);
      for (let i = 0; i < 20; i++) for (const key of [old, fresh]) assert.equal(await status(issuer.token({}, { key })), 200);
    });
  });

  test('a storm of unknown keys is one fetch, and good tokens are served meanwhile', async () => {
    const issuer = await Issuer.start();
    await withGateway([issuer], async ({ status }) => {
      await served(status, issuer.token(), 'the keys are there');
      issuer.behave({ delay: 300 });
      const before = issuer.fetches;
      const began = Date.now();
      const storm = Array.from({ length: 300 }, () => status(unknown(issuer)));
      for (let i = 0; i < 10; i++) assert.equal(await status(issuer.token()), 200);
      for (const one of await Promise.all(storm)) assert.equal(one, 401);
      for (let i = 0; i < 100; i++) assert.equal(await status(unknown(issuer)), 401);
      const allowed = 1 + Math.floor((Date.now() - began) / 10000);
      assert.ok(issuer.fetches - before <= allowed, `${issuer.fetches - before} fetches`);
    });
  });

  test('forged issuers and kids of other issuers ask nobody', async () => {
    const issuer = await Issuer.start();
    await withGateway([issuer], async ({ status }) => {
      await served(status, issuer.token(), 'the keys are there');
      const before = issuer.fetches;
      for (let i = 0; i < 20; i++) assert.equal(await status(issuer.token({ iss: `https://evil-${i}.test` }, { header: { kid: 'other' } })), 401);
      assert.equal(issuer.fetches + issuer.documents, before);
    });
  });

  test('an outage: known keys keep working, nothing else does, and it ends by itself', async () => {
    const issuer = await Issuer.start();
    await withGateway([issuer], async ({ status, upstream }) => {
      await served(status, issuer.token(), 'the keys are there');
      await issuer.goDown();
      for (let i = 0; i < 20; i++) assert.equal(await status(issuer.token()), 200, 'a fresh token of a known key');
      const sent = upstream.take().length;
      assert.ok(sent > 0);
      const stranger = makeKey('key-9');
      for (const bad of [unknown(issuer), issuer.token({}, { key: stranger }), sign({ alg: 'none' }, issuer.claims()), 'garbage'])
        assert.ok([401, 503].includes(await status(bad)));
      assert.deepEqual(upstream.take(), [], 'an outage lets nobody in');
      const fresh = issuer.rotate({ retire: false });
      await issuer.comeUp();
      await served(status, issuer.token({}, { key: fresh }), 'the new key is found after the outage', 40000);
    });
  });

  test('started without the issuer: 503, nothing passes; then its keys come and all is well', async () => {
    const issuer = await Issuer.start();
    await issuer.goDown();
    await withGateway([issuer], async ({ status, upstream, port }) => {
      for (const method of methods) {
        const answer = await ask(port, method, { path: '/x', fields: withToken(issuer.token()) });
        assert.equal(answer.status, 503, method);
      }
      assert.equal(await status(issuer.token()), 503);
      assert.ok([401, 503].includes(await status(undefined)));
      assert.ok([401, 503].includes(await status(sign({ alg: 'none' }, issuer.claims()))));
      assert.deepEqual(upstream.take(), []);
      await issuer.comeUp();
      await served(status, issuer.token(), 'its keys come', 40000);
      assert.equal(await status(sign({ alg: 'none' }, issuer.claims())), 401);
    });
  });

  test('one issuer that is down is no trouble of another', async () => {
    const up = await Issuer.start(), down = await Issuer.start();
    await down.goDown();
    await withGateway([down, up], async ({ status }) => {
      await served(status, up.token(), 'the keys are there');
      for (let i = 0; i < 20; i++) assert.equal(await status(up.token()), 200);
      assert.equal(await status(down.token()), 503);
      assert.equal(await status(up.token({ iss: down.name })), 503);
      assert.equal(await status(down.token({ iss: up.name })), 401);
    });
  });

  test('a reload during an outage forgets no key', async () => {
    const issuer = await Issuer.start();
    await withGateway([issuer], async ({ gateway, status, config }) => {
      await served(status, issuer.token(), 'the keys are there');
      await issuer.goDown();
      gateway.write(config(`\nresponseHeaderModifier: { set: { x-generation: two } }`));
      await until(() => gateway.hasLine(/configuration reloaded/), 'it reloads');
      for (let i = 0; i < 10; i++) assert.equal(await status(issuer.token()), 200);
    });
  });

  const attacker = makeKey('key-1');
  const evilSet = JSON.stringify({ keys: [attacker.jwk] });
  const nonsense = {
    'status 500 with a key set in it': { status: 500, body: evilSet },
    'status 404': { status: 404, body: '{}' },
    'no JSON': { body: '<html>' },
    'JSON that is no key set': { body: '{"keys": 5}' },
    'a document that is too large': { padding: 3 << 20 },
    'a connection that breaks': { reset: true },
    'silence': { hang: true },
  };
  for (const [name, behaviour] of Object.entries(nonsense)) {
    test(`${name}: 503 as long as there is nothing better, nobody gets in, and the next good answer counts`, async () => {
      const issuer = await Issuer.start();
      issuer.behave(behaviour);
      await withGateway([issuer], async ({ status, upstream }) => {
        await until(() => issuer.fetches > 0, 'it asks', 10000);
        const forged = issuer.token({}, { key: attacker });
        for (let i = 0; i < 5; i++) assert.notEqual(await status(forged), 200);
        assert.equal(await status(issuer.token()), 503);
        assert.deepEqual(upstream.take(), []);
        issuer.behave();
        await served(status, issuer.token(), 'a good answer counts', 45000);
        assert.equal(await status(forged), 401);
      });
    });
  }

  test('a redirect to another origin is not followed', async () => {
    const issuer = await Issuer.start(), evil = await Issuer.start();
    evil.published = [attacker];
    issuer.behave({ redirect: evil.jwksUrl });
    try {
      await withGateway([issuer], async ({ status, upstream }) => {
        await until(() => issuer.fetches > 0, 'it asks', 10000);
        for (let i = 0; i < 10; i++) assert.notEqual(await status(issuer.token({}, { key: attacker })), 200);
        await sleep(500 * patience);
        assert.equal(evil.fetches, 0);
        assert.deepEqual(upstream.take(), []);
      });
    } finally {
      await evil.stop();
    }
  });

  test('a key set that turns bad takes nothing away: the last good one stays', async () => {
    const issuer = await Issuer.start();
    await withGateway([issuer], async ({ status }) => {
      await served(status, issuer.token(), 'the keys are there');
      for (const behaviour of [{ status: 500, body: evilSet }, { body: '{"keys": 5}' }]) {
        issuer.behave(behaviour);
        const before = issuer.fetches;
        await until(async () => { await status(unknown(issuer)); return issuer.fetches > before; }, 'it asks again', 25000);
        assert.equal(await status(issuer.token()), 200);
        assert.equal(await status(issuer.token({}, { key: attacker })), 401);
      }
    });
  });

  test('an issuer that does not answer keeps nobody waiting whose key is known, and nobody else for long', async () => {
    const issuer = await Issuer.start();
    await withGateway([issuer], async ({ status, port }) => {
      await served(status, issuer.token(), 'the keys are there');
      issuer.behave({ hang: true });
      const before = issuer.fetches;
      let over = false;
      const poke = (async () => { while (!over) { await ask(port, 'GET', { path: '/x', fields: withToken(unknown(issuer)), ms: 20000 }).then((one) => assert.ok([401, 503].includes(one.status))); await sleep(20); } })();
      await until(() => issuer.fetches > before, 'it asks again', 25000);
      const began = Date.now();
      for (let i = 0; i < 20; i++) assert.equal(await status(issuer.token()), 200);
      assert.ok(Date.now() - began < 2000 * patience, `${Date.now() - began} ms`);
      over = true;
      await poke;
    });
  });

  test('MCP sessions go on over a rotation, with POST, GET and DELETE, in both revisions', async () => {
    const issuer = await Issuer.start();
    await withGateway([issuer], async ({ port }) => {
      await until(async () => (await ask(port, 'POST', { fields: withToken(issuer.token()) })).status !== 503, 'the keys are there', 20000);
      const clients = [];
      for (const version of versions) clients.push(await openSession(port, issuer.token(), version));
      const [old] = issuer.keys;
      const fresh = issuer.rotate();
      await until(async () => (await ask(port, 'POST', { session: clients[0].session, fields: withToken(issuer.token({}, { key: fresh })) })).status === 200, 'the new key is found', 20000);
      for (const client of clients) {
        for (const method of methods) {
          const refused = await ask(port, method, { session: client.session, version: client.version, fields: withToken(issuer.token({}, { key: old })) });
          assert.equal(refused.status, 401, method);
          assert.equal(challenge(refused).error, 'invalid_token');
        }
        for (const method of methods) {
          const answer = await ask(port, method, { session: client.session, version: client.version, fields: withToken(issuer.token({}, { key: fresh })) });
          assert.ok(answer.status >= 200 && answer.status < 300, `${method}: ${answer.status}`);
        }
      }
    }, { config: mcpConfig });
  });
});
