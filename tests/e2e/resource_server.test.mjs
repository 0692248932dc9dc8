// The gateway as OAuth 2.1 resource server in front of MCP servers: what it takes for a token, what it answers to everything
// else, and what it keeps from the servers behind it. POST, GET and DELETE, in sessions of the revisions 2025-06-18 and
// 2025-11-25, and in 2026-07-28, which has no sessions.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { received, secret, start, until, workFolder } from './lib/gateway.mjs';
import { badTokens, Issuer, makeKey, sign } from './lib/issuer.mjs';
import { callText, connect, RawClient } from './lib/mcp.mjs';
import { remoteConfig, serveFixture } from './lib/remote.mjs';
import { ask, challenge, eras, isServed, methods, openSession, shape, stateless, versions, withToken } from './lib/protected.mjs';

const rules = `
mcpAuthorization:
  rules:
  - 'mcp.tool.name in ["echo", "headers", "notify", "slow"]'
  - 'jwt.sub == "alice" && mcp.tool.name == "add"'`;

const jwtAuth = (issuer) => `
jwtAuth:
  mode: strict
  issuer: ${issuer.name}
  audiences: [${issuer.audience}]
  jwks: { file: ./keys.json }`;

const resource = 'https://gateway.test/mcp';
const mcpAuthentication = (issuer) => `
mcpAuthentication:
  issuer: ${issuer.name}
  audiences: [${issuer.audience}]
  jwks: { file: ./keys.json }
  resourceMetadata: { resource: ${resource}, scopesSupported: [tools] }`;

/** Both policies that take tokens, and what else must be in a refusal of each. */
const guards = {
  jwtAuth: { guard: jwtAuth, alsoIn: () => {} },
  mcpAuthentication: {
    guard: mcpAuthentication,
    alsoIn: (answer) => assert.equal(challenge(answer).resource_metadata, 'https://gateway.test/.well-known/oauth-protected-resource/mcp'),
  },
};

/** Publishes the issuer's keys in the file that the gateway watches. */
function publish(folder, issuer) {
  writeFileSync(join(folder, 'keys.json.new'), issuer.jwks);
  renameSync(join(folder, 'keys.json.new'), join(folder, 'keys.json'));
}

/** An issuer, a server that notes what it is sent, and the gateway between a caller and both. */
class Stage {
  async start({ policies = '', guard = jwtAuth } = {}) {
    this.issuer = await Issuer.start({ name: 'https://issuer.test' });
    this.folder = workFolder();
    this.log = join(this.folder, 'upstream.log');
    this.upstream = await serveFixture('--log', this.log, '--page', '5');
    publish(this.folder, this.issuer);
    this.gateway = await start((port) => remoteConfig(port, this.upstream.url, `${guard(this.issuer)}${rules}${policies}`), { folder: this.folder });
    this.port = this.gateway.port;
    return this;
  }
  received() { return received(this.log); }
  async stop() {
    try { await this.gateway?.stop(); } finally { await this.upstream?.kill(); await this.issuer?.stop(); }
  }
}

for (const [policy, { guard, alsoIn }] of Object.entries(guards)) {
  describe(`what ${policy} takes for a token`, () => {
    let stage, port, issuer;
    const sessions = {};
    before(async () => {
      stage = await new Stage().start({ guard });
      ({ port, issuer } = stage);
      for (const version of eras) sessions[version] = await openSession(port, issuer.token(), version);
    });
    after(() => stage.stop());

    /** `fields` with each method in each revision, with a session of alice and without one. */
    async function inAllWays(fields, judge) {
      for (const version of eras) {
        for (const method of methods) {
          for (const session of new Set([sessions[version].session, undefined])) {
            judge(await ask(port, method, { session, version, fields }), `${method} ${version} ${session ? 'with' : 'without'} a session`);
          }
        }
      }
    }
    const unharmed = async () => {
      for (const version of eras) {
        const { message } = await sessions[version].call('tools/list');
        assert.ok(message.result.tools.length > 0, `a session of ${version} is gone`);
      }
    };

    test('a good token: served', async () => {
      for (const version of eras) {
        const client = await openSession(port, issuer.token(), version);
        for (const method of methods) {
          const answer = await ask(port, method, { session: client.session, version, fields: withToken(issuer.token()) });
          assert.ok(isServed(answer, method, version), `${method} ${version}: ${answer.status}`);
        }
      }
    });

    const goodSpellings = { 'bearer in lower case': (token) => `bearer ${token}`, 'BEARER in capitals': (token) => `BEARER ${token}`, 'two spaces': (token) => `Bearer  ${token}` };
    for (const [name, write] of Object.entries(goodSpellings)) {
      test(`${name}: served (RFC 9110, 11.1)`, async () => {
        for (const version of eras) {
          const answer = await ask(port, 'POST', { session: sessions[version].session, version, fields: [['authorization', write(issuer.token())]] });
          assert.equal(answer.status, 200);
        }
      });
    }

    test('a little too late or too early is a clock that differs: served within a minute', async () => {
      const now = Math.floor(Date.now() / 1000);
      for (const claims of [{ exp: now - 30 }, { nbf: now + 30 }])
        assert.equal((await ask(port, 'POST', { session: sessions[versions[0]].session, fields: withToken(issuer.token(claims)) })).status, 200, JSON.stringify(claims));
    });

    test('an audience among several: served', async () => {
      const token = issuer.token({ aud: ['https://other.test', issuer.audience] });
      assert.equal((await ask(port, 'POST', { session: sessions[versions[0]].session, fields: withToken(token) })).status, 200);
    });

    const absent = {
      'no Authorization': [],
      'another scheme': [['authorization', `Basic ${secret(Buffer.from('alice:a-password-of-alice').toString('base64'))}`]],
      'a scheme that only begins like it': [['authorization', 'BearerToken abcdefgh']],
    };
    for (const [name, fields] of Object.entries(absent)) {
      test(`${name}: 401 that asks for a token and calls none wrong (RFC 6750, 3.1)`, async () => {
        const sent = stage.received().length;
        await inAllWays(fields, (answer, where) => {
          assert.equal(answer.status, 401, where);
          alsoIn(answer);
          if (name !== 'a scheme that only begins like it') assert.equal(challenge(answer).error, undefined, where);
          else challenge(answer);
        });
        assert.equal(stage.received().length, sent, 'nothing reached the server');
        await unharmed();
      });
    }

    test('bad tokens, each in all ways: 401 invalid_token, one and the same answer, nothing forwarded, the session unharmed', async (t) => {
      const bad = badTokens(issuer);
      let first;
      for (const [name, token] of Object.entries(bad)) {
        await t.test(name, async () => {
          const sent = stage.received().length;
          await inAllWays(withToken(token), (answer, where) => {
            assert.equal(answer.status, 401, where);
            assert.equal(challenge(answer).error, 'invalid_token', where);
            alsoIn(answer);
            first ??= shape(answer);
            assert.deepEqual(shape(answer), first, `${where}: the answer says which fault it was`);
          });
          assert.equal(stage.received().length, sent, 'something reached the server');
        });
      }
      assert.ok(Object.keys(bad).length >= 38);
      await unharmed();
      assert.equal(issuer.fetches + issuer.documents, 0, 'an address in a token was visited');
    });

    const malformed = {
      'the scheme alone': () => [['authorization', 'Bearer']],
      'the scheme and a space': () => [['authorization', 'Bearer ']],
      'an empty field': () => [['authorization', '']],
      'two tokens in one field': (token) => [['authorization', `Bearer ${token}, Bearer ${token}`]],
      'a word behind the token': (token) => [['authorization', `Bearer ${token} more`]],
      'two fields, the same token': (token) => [['authorization', `Bearer ${token}`], ['authorization', `Bearer ${token}`]],
      'two fields, the good one first': (token) => [['authorization', `Bearer ${token}`], ['authorization', 'Bearer garbage']],
      'two fields, the good one last': (token) => [['Authorization', 'Basic YTpi'], ['authorization', `Bearer ${token}`]],
      'a tab for the space': (token) => [['authorization', `Bearer\t${token}`]],
      'quotes around the token': (token) => [['authorization', `Bearer "${token}"`]],
    };
    for (const [name, fields] of Object.entries(malformed)) {
      test(`${name}: 400 or 401, not forwarded`, async () => {
        const sent = stage.received().length;
        await inAllWays(fields(issuer.token()), (answer, where) => assert.ok([400, 401].includes(answer.status), `${where}: ${answer.status}`));
        assert.equal(stage.received().length, sent);
        await unharmed();
      });
    }

    test('a token elsewhere is no token: query, form, cookie, other fields', async () => {
      const token = issuer.token();
      const form = `access_token=${token}`;
      const elsewhere = {
        query: { path: `/mcp?access_token=${token}` },
        'query of another name': { path: `/mcp?token=${token}&jwt=${token}` },
        form: { fields: [['content-type', 'application/x-www-form-urlencoded']], body: form },
        cookie: { fields: [['cookie', `access_token=${token}; Authorization=Bearer ${token}`]] },
        'X-Authorization': { fields: [['x-authorization', `Bearer ${token}`], ['x-access-token', token]] },
        'Proxy-Authorization': { fields: [['proxy-authorization', `Bearer ${token}`]] },
        'X-Forwarded-Access-Token': { fields: [['x-forwarded-access-token', token], ['x-forwarded-user', 'alice']] },
        DPoP: { fields: [['authorization', `DPoP ${token}`]] },
      };
      for (const [name, request] of Object.entries(elsewhere)) {
        for (const method of request.body ? ['POST'] : methods) {
          for (const version of eras) {
            const answer = await ask(port, method, { session: sessions[version].session, version, ...request });
            assert.equal(answer.status, 401, `${name}, ${method}`);
          }
        }
      }
      await unharmed();
    });

    test('with a good token in its place, one in the query is ignored and goes nowhere', async () => {
      const token = issuer.token();
      const answer = await ask(port, 'POST', { path: '/mcp?access_token=garbage', session: sessions[versions[0]].session, fields: withToken(token) });
      assert.equal(answer.status, 200);
      for (const one of stage.received()) assert.equal(one.path, '/mcp');
    });

    test('it is judged with each request: a session outlives no token', async () => {
      const now = Math.floor(Date.now() / 1000);
      const client = await openSession(port, issuer.token({ exp: now - 57 }));  // the leeway of 60 s is nearly over
      await until(async () => (await client.call('tools/list')).status === 401, 'the token ends', 15000);
      for (const method of methods)
        assert.equal((await ask(port, method, { session: client.session, fields: Object.entries(client.headers) })).status, 401, method);
      assert.equal((await ask(port, 'POST', { session: client.session, fields: withToken(issuer.token()) })).status, 200, 'and a fresh token continues it');
    });
  });
}

describe('keys that come and go', () => {
  let stage, port, issuer;
  before(async () => {
    stage = await new Stage().start();
    ({ port, issuer } = stage);
  });
  after(() => stage.stop());

  test('a rotated-out key is an unknown one at once; sessions go on with a new token', async () => {
    const [old] = issuer.keys;
    const clients = [];
    for (const version of eras) clients.push(await openSession(port, issuer.token(), version));
    const fresh = issuer.rotate();
    publish(stage.folder, issuer);
    await until(async () => (await ask(port, 'POST', { session: clients[0].session, fields: withToken(issuer.token({}, { key: fresh })) })).status === 200, 'the new key is there');
    for (const client of clients) {
      for (const method of methods) {
        const answer = await ask(port, method, { session: client.session, version: client.version, fields: withToken(issuer.token({}, { key: old })) });
        assert.equal(answer.status, 401, `${method} ${client.version}`);
        assert.equal(challenge(answer).error, 'invalid_token');
        // The very token that opened the session, which was judged good before.
        assert.equal((await ask(port, method, { session: client.session, version: client.version, fields: Object.entries(client.headers) })).status, 401);
      }
      assert.equal((await ask(port, 'POST', { session: client.session, version: client.version, fields: withToken(issuer.token({}, { key: fresh })) })).status, 200);
    }
  });

  test('each algorithm with a key of its own, beside keys that are of no use here', async () => {
    const keys = ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'].map((alg) => issuer.rotate({ kid: `of-${alg}`, alg, retire: false }));
    const useless = [{ kty: 'oct', kid: 'oct', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA', alg: 'HS256' }, { kty: 'AKP', kid: 'new', alg: 'ML-DSA-44', pub: 'AAAA' },
      { ...makeKey('enc', 'RS256').jwk, use: 'enc', alg: 'RSA-OAEP' }, { kty: 'EC', crv: 'P-256', kid: 'broken', x: 'AAAA', y: 'AAAA' }];
    issuer.published.push(...useless.map((jwk) => ({ jwk })));
    publish(stage.folder, issuer);
    const client = await until(async () => {
      const one = new RawClient(port, { token: issuer.token({}, { key: keys.at(-1) }) });
      return (await one.initialize()).status === 200 && one;
    }, 'the keys are there');
    for (const key of keys) assert.equal((await ask(port, 'POST', { session: client.session, fields: withToken(issuer.token({}, { key })) })).status, 200, key.alg);
    const symmetric = sign({ alg: 'HS256', kid: 'oct' }, issuer.claims(), 'secret-secret-secret-secret-secret');
    assert.equal((await ask(port, 'POST', { session: client.session, fields: withToken(symmetric) })).status, 401, 'a published secret is no key');
    for (const kid of ['oct', 'new', 'enc', 'broken']) await until(() => stage.gateway.hasLine(new RegExp(`skip.*\\b${kid}\\b|\\b${kid}\\b.*skip`)), `says that it skips ${kid}`);
  });

  test('a key set that is none changes nothing', async () => {
    const client = await openSession(port, issuer.token());
    const before = stage.gateway.output.length;
    writeFileSync(join(stage.folder, 'keys.json'), '{"keys": [');
    await until(() => /key set|keys\.json/i.test(stage.gateway.output.slice(before)), 'it says so');
    assert.equal((await client.call('tools/list')).status, 200);
    publish(stage.folder, issuer);
  });
});

const twoIssuers = (issuer) => `
jwtAuth:
  mode: strict
  providers:
  - { issuer: ${issuer.name}, audiences: [${issuer.audience}], jwks: { file: ./keys.json } }
  - { issuer: ${issuer.second.name}, audiences: [${issuer.audience}], jwks: '${issuer.second.jwks}' }`;

describe('two issuers whose keys have the same name', () => {
  let stage, port, issuer, second;
  before(async () => {
    second = await Issuer.start({ name: 'https://second.test' });
    stage = await new Stage().start({ guard: (one) => twoIssuers(Object.assign(one, { second })) });
    ({ port, issuer } = stage);
    assert.equal(issuer.key.kid, second.key.kid);
  });
  after(async () => { await stage.stop(); await second.stop(); });

  test('each is known by its own key, and the same subject of both is two callers', async () => {
    for (const version of versions) {
      const alice = await openSession(port, issuer.token(), version);
      const namesake = await openSession(port, second.token(), version);
      for (const method of methods) {
        assert.equal((await ask(port, method, { session: alice.session, version, fields: withToken(second.token()) })).status, 404, method);
        assert.equal((await ask(port, method, { session: namesake.session, version, fields: withToken(issuer.token()) })).status, 404, method);
        for (const forged of [issuer.token({ iss: second.name }), second.token({ iss: issuer.name })]) {
          const answer = await ask(port, method, { session: alice.session, version, fields: withToken(forged) });
          assert.equal(answer.status, 401, method);
          assert.equal(challenge(answer).error, 'invalid_token');
        }
      }
      for (const client of [alice, namesake]) assert.equal((await client.call('tools/list')).status, 200);
    }
  });
});

for (const version of eras) {
  describe(`what two callers see of each other, ${version}`, () => {
    let stage, port, issuer, alice, bob;
    before(async () => {
      stage = await new Stage().start();
      ({ port, issuer } = stage);
      alice = await openSession(port, issuer.token(), version);
      bob = await openSession(port, issuer.token({ sub: 'bob' }), version);
    });
    after(() => stage.stop());

    const as = (caller, session, method, more) => ask(port, method, { session, version, fields: Object.entries(caller.headers), ...more });
    async function everyTool(client) {
      const names = [];
      for (let cursor; ;) {
        const { message } = await client.call('tools/list', cursor === undefined ? {} : { cursor });
        names.push(...message.result.tools.map((tool) => tool.name));
        cursor = message.result.nextCursor;
        if (cursor === undefined) return names.sort();
      }
    }

    test('tools/list is filtered for each caller, on every page, and kept by no cache for another', async () => {
      assert.deepEqual(await everyTool(alice), ['add', 'echo', 'headers', 'notify', 'slow']);
      assert.deepEqual(await everyTool(bob), ['echo', 'headers', 'notify', 'slow']);
      const answer = await as(alice, alice.session, 'POST');
      assert.doesNotMatch(answer.headers['cache-control'] ?? '', /public|max-age=[1-9]|s-maxage/);
    });

    test("a cursor of alice shows bob his own tools and not hers", async () => {
      const hers = (await alice.call('tools/list', {})).message.result;
      assert.ok(hers.nextCursor);
      const his = (await bob.call('tools/list', { cursor: hers.nextCursor })).message.result.tools.map((tool) => tool.name);
      const own = (await bob.call('tools/list', { cursor: (await bob.call('tools/list', {})).message.result.nextCursor })).message.result.tools.map((tool) => tool.name);
      assert.deepEqual(his, own);
      assert.ok(!his.includes('add'));
    });

    test('a denied tool is an unknown tool, in status, headers and body', async () => {
      const call = (name) => as(bob, bob.session, 'POST', { body: JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name, arguments: { a: 1, b: 2 } } }) });
      const sent = stage.received().filter((one) => one.message?.method === 'tools/call').length;
      const denied = shape(await call('add')), unknown = shape(await call('xyz'));
      assert.deepEqual(denied, { ...unknown, body: unknown.body.replace('xyz', 'add') });
      assert.equal(denied.status, 200);
      assert.deepEqual(JSON.parse(denied.body).error, { code: -32602, message: 'Unknown tool: add' });
      assert.equal(stage.received().filter((one) => one.message?.method === 'tools/call').length, sent);
      assert.match((await alice.tool('add', { a: 1, b: 2 })).message.result.content[0].text, /3/);
    });

    if (version === stateless) return;
    test("alice's session with bob's token is a session that does not exist, and hers is unharmed", async () => {
      for (const method of methods) {
        const sent = stage.received().length;
        const unknown = shape(await as(bob, 'A'.repeat(alice.session.length), method));
        assert.equal(unknown.status, 404, method);
        assert.deepEqual(shape(await as(bob, alice.session, method)), unknown, method);
        assert.deepEqual(shape(await as(bob, alice.session, method, { fields: [...Object.entries(bob.headers), ['last-event-id', '1']] })), unknown, `${method} with Last-Event-ID`);
        assert.equal(stage.received().length, sent, method);
        assert.equal((await alice.tool('echo', { message: 'still here' })).message.result.content[0].text, 'Echo: still here');
      }
    });

    test('no subject, or one in other letters, is somebody else', async () => {
      const nobody = await openSession(port, issuer.token({ sub: undefined }), version);
      const other = await openSession(port, issuer.token({ sub: 'Alice' }), version);
      for (const thief of [nobody, other])
        for (const method of methods) assert.equal((await as(thief, alice.session, method)).status, 404, method);
      assert.equal((await alice.call('tools/list')).status, 200);
    });

    test('two sessions of one caller do not see each other by Last-Event-ID; what alice is sent is not for bob', async () => {
      const heard = { alice: '', bob: '', second: '' };
      const second = await openSession(port, issuer.token(), version);
      const listen = (name, client, lastEvent) => as(client, client.session, 'GET', {
        fields: [...Object.entries(client.headers), ['last-event-id', lastEvent]], ms: 3000,
        enough: (text) => { heard[name] = text; return text.includes('list_changed') || heard.stop; },
      }).catch(() => undefined);
      const streams = [listen('alice', alice, '0'), listen('bob', bob, '0'), listen('second', second, '0')];
      await until(() => ['alice', 'bob', 'second'].every((name) => heard[name].includes('\r\n\r\n')), 'three streams');
      await alice.tool('notify', { count: 2, message: 'for alice only' });
      await Promise.race([Promise.all(streams), new Promise((done) => setTimeout(done, 500))]);
      const ids = [...heard.alice.matchAll(/^id: ?(.*)$/gm)].map((match) => match[1].trim());
      for (const id of [...ids, '0', alice.session]) {
        let text = '';
        await as(bob, bob.session, 'GET', { fields: [...Object.entries(bob.headers), ['last-event-id', id]], ms: 400, enough: (now) => { text = now; return /\ndata:/.test(now); } }).catch(() => undefined);
        assert.match(text, /^HTTP\/1\.1 (200|400|404)/, text);
        assert.doesNotMatch(text, /for alice|\ndata:/);
      }
      for (const name of ['bob', 'second']) assert.doesNotMatch(heard[name], /for alice|\ndata:/);
    });
  });
}

describe('what stays at the gateway', () => {
  let stage, port, issuer;
  before(async () => {
    stage = await new Stage().start();
    ({ port, issuer } = stage);
  });
  after(() => stage.stop());

  const mine = {
    cookie: secret('session=cookie-canary-8f3a1c; other=1'), dpop: secret('dpop.canary-7d01be.proof'), 'proxy-authorization': 'Basic cHJveHktY2FuYXJ5LTEx',
    'x-api-key': 'api-key-canary-55', 'x-forwarded-for': '203.0.113.77', 'x-forwarded-user': 'forwarded-user-canary', 'x-forwarded-access-token': 'forwarded-token-canary',
  };
  const canaries = ['cookie-canary', 'canary-7d01be', 'cHJveHktY2FuYXJ5', 'api-key-canary', 'forwarded-user-canary', 'forwarded-token-canary'];

  test("the client's token, cookies, DPoP proof and keys never reach the server", async () => {
    for (const version of eras) {
      const token = issuer.token();
      const client = await openSession(port, token, version, { headers: mine });
      const seen = JSON.parse((await client.tool('headers')).message.result.content[0].text);
      for (const name of ['authorization', ...Object.keys(mine)].filter((name) => !name.startsWith('x-forwarded-for'))) assert.equal(seen[name], undefined, `${name}: ${seen[name]}`);
      await client.tool('echo', { message: 'x' });
      await ask(port, 'GET', { session: client.session, version, fields: [...withToken(token), ...Object.entries(mine)] });
      if (version !== stateless) await client.remove();
      const everything = JSON.stringify(stage.received());
      for (const part of [token, token.split('.')[2], ...canaries]) assert.ok(!everything.includes(part), `${part.slice(0, 20)} reached the server`);
    }
    const kinds = new Set(stage.received().map((one) => one.http));
    assert.deepEqual([...kinds].sort(), ['DELETE', 'GET', 'POST']);
  });

  test('a tool that answers with its request shows the caller no credential either', async () => {
    const client = await connect(stage.gateway.url(), { token: issuer.token(), headers: { cookie: mine.cookie } });
    assert.doesNotMatch(await callText(client, 'headers'), /canary|Bearer/i);
    await client.close();
  });

  test('cookies of the server never reach the client', async () => {
    const client = await openSession(port, issuer.token());
    const answer = await client.call('tools/list');
    assert.equal(answer.headers['set-cookie'], undefined);
    assert.equal(answer.headers.server === undefined || !/BaseHTTP/.test(answer.headers.server), true);
  });
});

describe('pages of other origins', () => {
  let stage, port, issuer, client;
  before(async () => {
    stage = await new Stage().start({ policies: `
cors:
  allowOrigins: ["https://app.test"]
  allowMethods: [GET, POST, DELETE]
  allowHeaders: [authorization, content-type, mcp-session-id, mcp-protocol-version]
  exposeHeaders: [Mcp-Session-Id, WWW-Authenticate]` });
    ({ port, issuer } = stage);
    client = await openSession(port, issuer.token());
  });
  after(() => stage.stop());

  test('an evil Origin is 403 even with a good token, and before anything is forwarded', async () => {
    const sent = stage.received().length;
    for (const origin of ['https://evil.test', 'null', 'https://app.test.evil.test', 'http://app.test', 'https://app.test:444', 'file://', `http://127.0.0.1.evil.test:${port}`]) {
      for (const version of eras) {
        for (const method of methods) {
          const session = version === stateless ? undefined : client.session;
          const answer = await ask(port, method, { session, version, fields: [...withToken(issuer.token()), ['origin', origin]] });
          assert.equal(answer.status, 403, `${method} from ${origin}`);
          assert.equal(answer.headers['access-control-allow-origin'], undefined);
        }
      }
    }
    assert.equal(stage.received().length, sent);
    assert.equal((await client.call('tools/list')).status, 200);
  });

  test('a permitted Origin is served, with the fields that a page may read', async () => {
    const answer = await ask(port, 'POST', { session: client.session, fields: [...withToken(issuer.token()), ['origin', 'https://app.test']] });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['access-control-allow-origin'], 'https://app.test');
    assert.match(answer.headers.vary ?? '', /origin/i);
    assert.match(answer.headers['access-control-expose-headers'], /www-authenticate/i);
  });

  test('a permitted Origin can read the 401 that tells it where to get a token', async () => {
    const answer = await ask(port, 'POST', { session: client.session, fields: [['origin', 'https://app.test']] });
    assert.equal(answer.status, 401);
    assert.equal(answer.headers['access-control-allow-origin'], 'https://app.test');
    challenge(answer);
  });

  test('a preflight needs no token; another origin is permitted nothing', async () => {
    const preflight = (origin) => ask(port, 'OPTIONS', { fields: [['origin', origin], ['access-control-request-method', 'POST'], ['access-control-request-headers', 'authorization, mcp-session-id']] });
    const good = await preflight('https://app.test');
    assert.ok([200, 204].includes(good.status), `status ${good.status}`);
    assert.equal(good.headers['access-control-allow-origin'], 'https://app.test');
    assert.match(good.headers['access-control-allow-headers'], /authorization/i);
    assert.match(good.headers['access-control-allow-methods'], /POST/);
    const evil = await preflight('https://evil.test');
    for (const name of Object.keys(evil.headers)) assert.ok(!name.startsWith('access-control-allow'), `${name}: ${evil.headers[name]}`);
  });
});
