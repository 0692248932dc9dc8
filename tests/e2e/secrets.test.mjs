// Secrets of callers and of the configuration, each a canary, through good requests, bad ones and broken ones at the most
// talkative log level: nothing the process writes to a stream or a file holds one of them, nor an answer to somebody else.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixture, freePort, mcpConfig, runToEnd, start, until, workFolder } from './lib/gateway.mjs';
import { RawClient } from './lib/mcp.mjs';
import { raw, request } from './lib/http.mjs';
import { badTokens, Issuer } from './lib/issuer.mjs';
import { ask, withToken } from './lib/protected.mjs';
import { remoteConfig, serveFixture } from './lib/remote.mjs';
import { RecordingUpstream } from './lib/wire.mjs';

/** Texts that must not be seen again, each with every form it could be written in. */
class Canaries {
  #all = new Map();
  add(name, text) {
    const forms = new Set([text, encodeURIComponent(text), Buffer.from(text).toString('base64').replace(/=+$/, ''), Buffer.from(text).toString('hex')]);
    for (const part of text.split(/[.=; ]/)) if (part.length >= 20) forms.add(part);  // a signature alone, the value of a cookie
    this.#all.set(`${name} ${this.#all.size}`, [...forms]);
    return text;
  }
  get size() { return this.#all.size; }
  assertNoneIn(text, where) {
    for (const [name, forms] of this.#all)
      for (const form of forms) assert.ok(!text.includes(form), `${where} holds the ${name}: ...${text.slice(Math.max(0, text.indexOf(form) - 200), text.indexOf(form) + 20)}`);
  }
}
const random = () => Math.random().toString(36).slice(2).padEnd(11, 'q');
const canary = (what) => `canary-${what}-${random()}${random()}`;

/** Every file below `folder` that was not there before, as text. */
function filesBelow(folder, known) {
  return readdirSync(folder, { recursive: true }).map(String).filter((name) => !known.includes(name) && statSync(join(folder, name)).isFile())
    .map((name) => [name, readFileSync(join(folder, name), 'latin1')]);
}

/** What callers carry, in every place where it may be and in many where it may not. */
function credentials(canaries) {
  const basic = (scheme, text) => `${scheme} ${canaries.add('password', Buffer.from(text).toString('base64'))}`;
  const password = () => canaries.add('password', canary('password'));
  return {
    'Basic': () => ({ fields: [['authorization', basic('Basic', `alice:${password()}`)]] }),
    'Basic to a proxy': () => ({ fields: [['proxy-authorization', basic('Basic', `alice:${password()}`)]] }),
    'an API key': () => ({ fields: [['x-api-key', canaries.add('API key', canary('key'))], ['api-key', canaries.add('API key', canary('key'))]] }),
    'an API key as Bearer': () => ({ fields: withToken(canaries.add('API key', canary('bearer-key'))) }),
    'cookies': () => ({ fields: [['cookie', `session=${canaries.add('cookie', canary('cookie'))}; id=${canaries.add('cookie', canary('cookie'))}`]] }),
    'a DPoP proof': () => ({ fields: [['authorization', `DPoP ${canaries.add('token', canary('dpop-token'))}`], ['dpop', canaries.add('DPoP proof', `eyJ0eXAiOiJkcG9wK2p3dCJ9.${canary('proof')}.${canary('proof')}`)]] }),
    'a token in the query': () => ({ path: `/mcp?access_token=${canaries.add('token', canary('query'))}&key=${canaries.add('API key', canary('query-key'))}` }),
    'a client secret in a form': () => ({ fields: [['content-type', 'application/x-www-form-urlencoded']], body: `client_id=me&client_secret=${canaries.add('client secret', canary('client-secret'))}&code=${canaries.add('code', canary('code'))}` }),
    'a secret in broken JSON': () => ({ body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"password":"${canaries.add('argument', canary('argument'))}"` }),
    'a secret as a method': () => ({ body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 5, params: { token: canaries.add('argument', canary('argument')) } }) }),
    'two tokens': () => ({ fields: [...withToken(canaries.add('token', canary('first'))), ...withToken(canaries.add('token', canary('second')))] }),
    'a session id that is made up': () => ({ session: canaries.add('session id', canary('session')) }),
  };
}

const broken = (port, canaries) => ({
  'a head that is no HTTP': `GET /mcp HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${canaries.add('token', canary('broken'))}\r\nBad Field\x01: x\r\n\r\n`,
  'a line break in Authorization': `GET /mcp HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${canaries.add('token', canary('folded'))}\r\n ${canaries.add('token', canary('folded'))}\r\n\r\n`,
  'a request line with a token': `GET /mcp?access_token=${canaries.add('token', canary('line'))} HTTP/9.9\r\nHost: a\r\n\r\n`,
  'a password in the target': `GET http://me:${canaries.add('password', canary('authority'))}@127.0.0.1:${port}/mcp HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
  'a token in the Host': `GET /mcp HTTP/1.1\r\nHost: ${canaries.add('token', canary('host'))}@a\r\nConnection: close\r\n\r\n`,
});

for (const [format, mode] of [['text', 'strict'], ['json', 'optional']]) {
  for (const kind of ['child', 'remote']) {
    test(`no secret of a caller is written: log as ${format} at debug, mode ${mode}, server is a ${kind}`, async () => {
      const canaries = new Canaries();
      const issuer = await Issuer.start({ name: 'https://issuer.test' });
      const folder = workFolder();
      const upstream = kind === 'remote' ? await serveFixture() : undefined;
      writeFileSync(join(folder, 'keys.json'), issuer.jwks);
      const policies = `
jwtAuth:
  mode: ${mode}
  issuer: ${issuer.name}
  audiences: [${issuer.audience}]
  jwks: { file: ./keys.json }
mcpAuthorization:
  rules:
  - 'mcp.tool.name != "add" || jwt.no_such_claim == "x"'
  - 'request.headers["cookie"] == "y"'`;
      const config = (port) => `config:\n  logging: { level: debug, format: ${format} }\n${upstream ? remoteConfig(port, upstream.url, policies) : mcpConfig(port, { policies, args: [fixture] })}`;
      const port = await freePort();
      const text = config(port);
      const gateway = await start(text, { folder, port });
      const known = readdirSync(folder, { recursive: true }).map(String);
      const seen = [];
      const note = (answer) => { seen.push(`${JSON.stringify(answer.headers)}\n${answer.body}`); return answer; };
      try {
        const token = canaries.add('token', issuer.token());
        const cookie = `session=${canaries.add('cookie', canary('cookie'))}`;
        const client = new RawClient(port, { token, headers: { cookie, 'x-api-key': canaries.add('API key', canary('key')), dpop: canaries.add('DPoP proof', canary('proof')) } });
        assert.equal((await client.initialize()).status, 200);
        canaries.add('session id', client.session);
        for (const call of [['echo', { message: 'hello' }], ['add', { a: 1, b: 2 }], ['fail', {}], ['crash', {}], ['noise', {}], ['nothing-like-that', { password: canaries.add('argument', canary('argument')) }]])
          note(await client.tool(call[0], call[1], { ms: 20000 }));
        await client.tool('echo', { message: canaries.add('argument', canary('argument')) });  // its answer says it back, to its owner only
        for (const bad of Object.values(badTokens(issuer))) {
          if (bad.length > 40) canaries.add('token', bad);
          for (const method of ['POST', 'GET', 'DELETE']) note(await ask(port, method, { session: client.session, fields: withToken(bad) }));
        }
        const all = credentials(canaries);
        for (const [name, make] of Object.entries(all)) {
          for (const method of ['POST', 'GET', 'DELETE', 'PUT']) {
            const request = make();
            if (request.body && method !== 'POST') continue;
            const answer = note(await ask(port, method, request));
            assert.ok(answer.status >= 200 && answer.status < 500, `${name} with ${method}: ${answer.status}`);
          }
        }
        for (const [name, bytes] of Object.entries(broken(port, canaries))) {
          const answer = await raw(port, bytes);
          assert.match(answer, /^HTTP\/1\.1 [45]\d\d/, name);
          seen.push(answer);
        }
        gateway.write(text.replace('level: debug', 'level: nonsense'));
        await until(() => /nonsense/.test(gateway.output), 'the mistake is reported');
        if (upstream) {
          await upstream.kill();
          await client.tool('echo', { message: 'nobody there' }, { ms: 20000 });
        }
        await client.remove();
        assert.equal((await ask(port, 'POST', { session: client.session, fields: withToken(token), path: '/mcp' })).status, 404);
        await until(() => gateway.output.split('\n').filter((line) => /http\.status/.test(line)).length > 150, 'the requests are in the log');
        assert.ok(canaries.size > 60, `${canaries.size} canaries`);
        canaries.assertNoneIn(seen.join('\n'), 'an answer');
        canaries.assertNoneIn(gateway.output, 'the log');
        for (const [name, content] of filesBelow(folder, known)) canaries.assertNoneIn(content, name);
      } finally {
        try { await gateway.stop(); } finally { await upstream?.kill(); await issuer.stop(); }
      }
      canaries.assertNoneIn(gateway.output, 'the log, after the end');
    });
  }
}

test("the client's secret that the gateway adds goes to the token endpoint and nowhere else", async () => {
  const canaries = new Canaries();
  const clientSecret = canaries.add('client secret', canary('client-secret'));
  const issuer = await Issuer.start();
  const base = `${issuer.url}/tenant`;
  issuer.serve('/tenant/v2.0/.well-known/openid-configuration', { issuer: `${base}/v2.0`, authorization_endpoint: `${base}/oauth2/v2.0/authorize`, token_endpoint: `${base}/oauth2/v2.0/token`, jwks_uri: issuer.jwksUrl });
  issuer.serve('/tenant/oauth2/v2.0/token', { access_token: canaries.add('token', canary('issued')), token_type: 'Bearer', refresh_token: canaries.add('refresh token', canary('refresh')) });
  const folder = workFolder();
  writeFileSync(join(folder, 'keys.json'), issuer.jwks);
  const port = await freePort();
  const gateway = await start(`config:\n  logging: { level: debug }\n${mcpConfig(port, { args: [fixture], policies: `
mcpAuthentication:
  issuer: ${base}/v2.0
  audiences: [api]
  jwks: { file: ./keys.json }
  resourceMetadata: { resource: "http://127.0.0.1:${port}/mcp" }
  provider: { entra: {} }
  clientId: app
  clientSecret: ${clientSecret}` })}`, { folder, port });
  try {
    const metadata = JSON.parse((await request(port, 'GET', '/.well-known/oauth-authorization-server/mcp')).body);
    const { pathname } = new URL(metadata.token_endpoint);
    const form = (fields) => request(port, 'POST', pathname, { headers: { 'content-type': 'application/x-www-form-urlencoded', cookie: `id=${canaries.add('cookie', canary('cookie'))}` }, body: String(new URLSearchParams(fields)) });
    const code = canaries.add('code', canary('code')), verifier = canaries.add('code verifier', canary('verifier'));
    const answer = await form({ grant_type: 'authorization_code', client_id: 'app', code, code_verifier: verifier });
    assert.equal(answer.status, 200);
    assert.equal(new URLSearchParams(issuer.received.at(-1).body).get('client_secret'), clientSecret);
    assert.equal(issuer.received.at(-1).headers.cookie, undefined);
    for (const fields of [{ grant_type: 'client_credentials', client_id: 'app' }, { grant_type: 'authorization_code', client_id: 'other', code }, { grant_type: 'authorization_code', client_id: 'app', grant: 'x', client_secret: canaries.add('client secret', canary('own')) }]) {
      await form(fields);
      assert.ok(!issuer.received.at(-1).body.includes(clientSecret), JSON.stringify(fields));
    }
    const registered = await request(port, 'POST', new URL(metadata.registration_endpoint).pathname, { headers: { 'content-type': 'application/json' }, body: '{"redirect_uris":["http://127.0.0.1/x"]}' });
    assert.equal(registered.status, 201);
    await issuer.stop();
    assert.equal((await form({ grant_type: 'refresh_token', client_id: 'app', refresh_token: canaries.add('refresh token', canary('refresh')) })).status, 502);
    const everything = JSON.stringify([metadata, registered]);
    canaries.assertNoneIn(everything, 'an answer');
    canaries.assertNoneIn(gateway.output, 'the log');
  } finally {
    await gateway.stop().finally(() => issuer.stop());
  }
  canaries.assertNoneIn(gateway.output, 'the log, after the end');
});

test('keys, passwords and tokens of callers, right and wrong, wherever they are: none is written, none reaches the server', async () => {
  const canaries = new Canaries();
  const issuer = await Issuer.start({ name: 'https://issuer.test' });
  const upstream = await new RecordingUpstream().start();
  const key = canaries.add('API key', canary('key')), password = canaries.add('password', canary('password'));
  const hash = `{SHA}${createHash('sha1').update(password).digest('base64')}`;
  const folder = workFolder();
  writeFileSync(join(folder, 'keys.json'), issuer.jwks);
  writeFileSync(join(folder, 'users'), `alice:${canaries.add('hash', hash)}\n`);
  const port = await freePort();
  const routes = {
    key: 'apiKey: { mode: strict, location: { header: { name: x-api-key } }, keys: [{ key: $KEY_OF_TEST, metadata: { name: ci } }] }',
    query: 'apiKey: { mode: strict, location: { queryParameter: { name: key } }, keys: [{ key: $KEY_OF_TEST }] }',
    cookie: 'apiKey: { mode: strict, location: { cookie: { name: key } }, keys: [{ key: $KEY_OF_TEST }] }',
    password: 'basicAuth: { mode: strict, htpasswd: { file: ./users } }',
    token: `jwtAuth: { mode: strict, issuer: "${issuer.name}", audiences: ["${issuer.audience}"], jwks: { file: ./keys.json }, location: { queryParameter: { name: access_token } } }`,
    lenient: `jwtAuth: { mode: permissive, issuer: "${issuer.name}", audiences: ["${issuer.audience}"], jwks: { file: ./keys.json } }`,
  };
  const gateway = await start(`
config: { logging: { level: debug } }
binds:
- port: ${port}
  listeners:
  - routes:
${Object.entries(routes).map(([name, policy]) => `    - { matches: [{ path: { exact: /${name} } }], policies: { ${policy} }, backends: [{ host: "127.0.0.1:${upstream.port}" }] }`).join('\n')}
`, { folder, port, env: { KEY_OF_TEST: key } });
  const basic = (secret) => ['authorization', `Basic ${canaries.add('password', Buffer.from(`alice:${secret}`).toString('base64'))}`];
  const token = canaries.add('token', issuer.token()), expired = canaries.add('token', issuer.token({ exp: 1700000000 }));
  const wrong = () => canaries.add('wrong credential', canary('wrong'));
  try {
    const get = async (path, fields = []) => (await ask(port, 'GET', { path, fields })).status;
    const good = [['/key', [['x-api-key', key]]], [`/query?key=${key}&q=1`], ['/cookie', [['cookie', `a=b; key=${key}`]]], ['/password', [basic(password)]],
      [`/token?access_token=${token}`], ['/lenient', withToken(token)], ['/lenient', withToken(expired)], ['/lenient', [basic(wrong())]]];
    const bad = () => [['/key', [['x-api-key', wrong()]]], ['/key', [['x-api-key', key], ['x-api-key', wrong()]]], [`/query?key=${wrong()}`], [`/query?key=${key}&key=${wrong()}`], ['/cookie', [['cookie', `key=${wrong()}`]]],
      ['/password', [basic(wrong())]], ['/password', [basic(password), basic(wrong())]], ['/password', [['authorization', `Basic ${canaries.add('broken password', canary('broken'))}`]]], [`/token?access_token=${expired}`], [`/token?access_token=${wrong()}`]];
    for (const [path, fields] of good) assert.equal(await get(path, fields), 200, path.split('?')[0]);
    assert.equal(upstream.requests.length, good.length);
    for (const [path, fields] of bad()) assert.ok([400, 401].includes(await get(path, fields)), path.split('?')[0]);
    assert.equal(upstream.requests.length, good.length, 'a wrong credential reached the server');
    canaries.assertNoneIn(upstream.requests.join('\n'), 'a request to the server');
    await until(() => gateway.output.split('\n').filter((line) => /http\.status/.test(line)).length >= good.length + bad().length, 'the requests are in the log');
    canaries.assertNoneIn(gateway.output, 'the log');
  } finally {
    try { await gateway.stop(); } finally { upstream.stop(); await issuer.stop(); }
  }
  canaries.assertNoneIn(gateway.output, 'the log, after the end');
});

const bind = (policies) => `binds: [{ port: 3000, listeners: [{ routes: [{ policies: { ${policies} }, backends: [{ host: "127.0.0.1:1" }] }] }] }]`;
const mcp = (more) => bind(`mcpAuthentication: { issuer: "https://as.test/tenant", audiences: [a], jwks: { file: ./keys.json }, provider: { entra: {} }, clientId: app, ${more} }`);
/** Configurations with a mistake, each with a secret where one belongs or is meant to be. */
const mistaken = {
  'a session key that is none': (secret) => `config: { session: { key: "${secret}" } }`,
  'a session key beside a mistake': (secret) => `config: { session: { key: "${secret}", kee: 1 } }`,
  'a session key that is misspelt': (secret) => `config: { session: { kee: "${secret}" } }`,
  'a session that is only a key': (secret) => `config: { session: "${secret}" }`,
  'a client secret beside a mistake': (secret) => mcp(`clientSecret: "${secret}", clientSecert: 5`),
  'a client secret that is misspelt': (secret) => mcp(`clientSecert: "${secret}"`),
  'a client secret that is a list': (secret) => mcp(`clientSecret: ["${secret}"]`),
  'a client secret with a variable that is not set': (secret) => mcp(`clientSecret: "$NOT_SET_HERE${secret}"`),
  'an API key beside a mistake': (secret) => bind(`apiKey: { keys: [{ key: "${secret}", metdata: {} }] }`),
  'an API key with metadata that is none': (secret) => bind(`apiKey: { keys: [{ key: "${secret}", metadata: 5 }] }`),
  'an API key that is misspelt': (secret) => bind(`apiKey: { keys: [{ kye: "${secret}" }] }`),
  'an API key that is not in an object': (secret) => bind(`apiKey: { keys: ["${secret}"] }`),
  'an API key beside its hash': (secret) => bind(`apiKey: { keys: [{ key: "${secret}", keyHash: "sha256:00" }] }`),
  'a shared key that is misspelt': (secret) => bind(`jwtAuth: { issuer: a, audiences: [b], symmetricKey: { vale: "${secret}" } }`),
  'a shared key that is not in an object': (secret) => bind(`jwtAuth: { issuer: a, audiences: [b], symmetricKey: "${secret}" }`),
  'a shared key beside a mistake': (secret) => bind(`jwtAuth: { issuer: a, audiences: [b], symmetricKey: { value: "${secret}", encoding: hex } }`),
  'an environment of a child beside a mistake': (secret) => `binds: [{ port: 3000, listeners: [{ routes: [{ backends: [{ mcp: { targets: [{ name: a, stdio: { cmd: c, env: { TOKEN: "${secret}" }, oops: 1 } }] } }] }] }] }]`,
  'an environment of a child that is a text': (secret) => `binds: [{ port: 3000, listeners: [{ routes: [{ backends: [{ mcp: { targets: [{ name: a, stdio: { cmd: c, env: "TOKEN=${secret}" } }] } }] }] }] }]`,
};
for (const [name, make] of Object.entries(mistaken)) {
  test(`a mistake in the configuration shows no secret: ${name}`, async () => {
    const canaries = new Canaries();
    const text = make(canaries.add('secret', canary('configured')));
    const folder = workFolder();
    writeFileSync(join(folder, 'keys.json'), '{"keys":[]}');
    writeFileSync(join(folder, 'config.yaml'), text);
    for (const args of [['-f', 'config.yaml', '--validate-only'], ['-f', 'config.yaml'], ['-c', text, '--validate-only']]) {
      const { code, output } = await runToEnd(args, { folder });
      assert.equal(code, 3, output);
      canaries.assertNoneIn(output, args.join(' ').slice(0, 40));
    }
  });
}
