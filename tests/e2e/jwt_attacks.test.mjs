// The corpora of attacks on tokens against the real binary: every verdict as the corpus says, every refusal in one
// outward shape, and the gateway asks nobody anything (jku, x5u, a kid that is an address).
import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { constants, createHmac, createPrivateKey, sign } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { raw, responses } from './lib/http.mjs';
import { patience, root, sleep, start, until, workFolder } from './lib/gateway.mjs';
import { lines, noCorpora } from './lib/wire.mjs';

const shared = process.env.SHARED_DIR ?? join(root, '..', 'shared');
const file = (corpus, name) => JSON.parse(readFileSync(join(shared, 'corpora', corpus, name), 'utf8'));
const indented = (value) => JSON.stringify(JSON.stringify(value));

const providerText = (provider) => `
          - issuer: ${JSON.stringify(provider.issuer)}
            audiences: ${JSON.stringify(provider.audiences)}
            ${provider.symmetricKey ? `symmetricKey: ${JSON.stringify(provider.symmetricKey)}` : `jwks: ${indented(provider.jwks)}`}
            jwtValidationOptions: { leeway: 60s, requiredClaims: ${JSON.stringify(provider.required ?? ['exp'])} }`;
// One client brings hundreds of bad tokens here: the limit of failed logins has its own tests.
const config = (port, providers) => `
config: { limits: { maxFailedLogins: 0 } }
frontendPolicies: { http: { http1MaxHeaders: 200 } }
binds:
- port: ${port}
  listeners:
  - routes:
    - policies:
        jwtAuth:
          mode: strict
          providers:${providers.map(providerText).join('')}
        directResponse: { status: 200, body: in }
`;

/** Sends requests one after the other on kept connections: { status, shape } each. */
async function ask(gateway, headers, target = '/mcp') {
  const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const [answer] = responses(await raw(gateway.port, `GET ${target} HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n${head}\r\n`, { ms: 5000 }));
  return answer;
}
const bearer = (token) => [['Authorization', `Bearer ${token}`]];
/** Everything of a refusal that a caller sees, less what differs in every answer. */
const shape = (answer) => JSON.stringify([answer.status, Object.entries(answer.headers).filter(([name]) => name !== 'date').sort(), String(answer.body)]);

const tokenOf = (entry) => entry.token ?? gunzipSync(Buffer.from(entry.token_gzip_b64, 'base64')).toString('latin1');
// The head of a request can hold no such bytes or no such length: HTTP refuses it before anybody reads a token.
const isRefusedByHttp = (answer) => [400, 431].includes(answer.status);

describe('jwt-attacks', { skip: noCorpora }, () => {
  const trust = () => file('jwt-attacks', 'trust.json');
  const tokens = () => lines('jwt-attacks', 'tokens.jsonl', 327);

  test('tokens at any time: each verdict, and one shape of refusal', { timeout: 240_000 * patience }, async () => {
    const gateway = await start((port) => config(port, trust().providers));
    try {
      const shapes = new Set();
      let trimmed = 0;
      const counts = { accept: 0, reject: 0, either: 0 };
      for (const entry of tokens()) {
        if (entry.now != null) continue;
        const token = tokenOf(entry);
        const answer = await ask(gateway, bearer(token));
        counts[entry.expected]++;
        // A field's value has no white space around it: what is left is another token, a good one.
        if (token.trim() !== token && entry.expected === 'reject') { trimmed++; continue; }
        if (entry.expected === 'accept') assert.equal(answer.status, 200, entry.name);
        if (entry.expected === 'reject') assert.ok(answer.status === 401 || isRefusedByHttp(answer), `${entry.name}: ${answer.status}`);
        if (entry.expected === 'either') assert.ok([200, 401].includes(answer.status) || isRefusedByHttp(answer), entry.name);
        if (answer.status === 401) shapes.add(shape(answer));
      }
      assert.deepEqual(counts, { accept: 24, reject: 252, either: 19 });
      assert.ok(trimmed <= 2, `${trimmed} tokens with white space around them`);
      assert.equal(shapes.size, 1, [...shapes].join('\n'));
      assert.match([...shapes][0], /error=\\"invalid_token\\"/);
      for (const entry of tokens()) {
        const signature = tokenOf(entry).split('.')[2] ?? '';
        if (signature.length > 40) assert.ok(!gateway.output.includes(signature), `${entry.name} is in the log`);
      }
    } finally { await gateway.stop(); }
  });

  // Cases with a clock of their own are signed again, their times moved to now.
  test('tokens at a certain time, moved to now', { timeout: 120_000 * patience }, async () => {
    const keys = file('jwt-attacks', 'keys-test-only.json');
    const all = (keys.keys ?? Object.values(keys).flat()).flatMap((one) => one.keys ?? [one]);
    const hashes = { 256: 'sha256', 384: 'sha384', 512: 'sha512' };
    const resign = (header, text) => {
      const jwk = all.find((one) => one.kid === header.kid);
      assert.ok(jwk, `a private key ${header.kid}`);
      const options = { key: createPrivateKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
      if (header.alg.startsWith('PS')) Object.assign(options, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
      return sign(header.alg === 'EdDSA' ? null : hashes[header.alg.slice(2)], Buffer.from(text), options).toString('base64url');
    };
    const gateway = await start((port) => config(port, trust().providers));
    try {
      let count = 0;
      for (const entry of tokens().filter((one) => one.now != null)) {
        const [head, body, signature] = tokenOf(entry).split('.');
        const header = JSON.parse(Buffer.from(head, 'base64url'));
        const text = Buffer.from(body, 'base64url').toString();
        // The edges are a second wide: begin in the first part of one.
        while (Date.now() % 1000 > 300) await sleep(20);
        const moved = text.replace(/("(?:exp|nbf|iat)":\s*)(\d{10})(?![\d])/g, (_, name, time) => name + (Number(time) - entry.now + Math.floor(Date.now() / 1000)));
        const part = Buffer.from(moved).toString('base64url');
        const token = moved === text ? `${head}.${body}.${signature}` : `${head}.${part}.${resign(header, `${head}.${part}`)}`;
        const answer = await ask(gateway, bearer(token));
        if (entry.expected !== 'either') assert.equal(answer.status, entry.expected === 'accept' ? 200 : 401, `${entry.name}: ${moved}`);
        count++;
      }
      assert.equal(count, 32);
    } finally { await gateway.stop(); }
  });

  test('Authorization in every form', { timeout: 60_000 * patience }, async () => {
    const token = tokenOf(tokens().find((entry) => entry.name === 'ok-rs256'));
    const gateway = await start((port) => config(port, trust().providers));
    try {
      for (const entry of lines('jwt-attacks', 'authorization-header.jsonl', 37)) {
        const headers = entry.headers.map(([name, value]) => [name, Buffer.from(value.replaceAll('$T', token)).toString('latin1')]);
        const answer = await ask(gateway, headers, entry.request_target.replaceAll('$T', token));
        if (entry.expected === 'accept') assert.equal(answer.status, 200, entry.name);
        else if (entry.expected === 'reject') assert.ok([400, 401, 431].includes(answer.status), `${entry.name}: ${answer.status}`);
        else assert.ok([200, 400, 401].includes(answer.status), entry.name);
      }
    } finally { await gateway.stop(); }
  });

  test('key sets: what cannot be loaded changes nothing, what can gives its verdict', { timeout: 240_000 * patience }, async () => {
    const cases = lines('jwt-attacks', 'jwks.jsonl', 46);
    const folder = workFolder();
    const nobody = '{"keys":[]}';
    writeFileSync(join(folder, 'keys.json'), nobody);
    const { issuer, audiences } = trust().providers[0];
    const gateway = await start((port) => config(port, [{ issuer, audiences, jwks: 0 }]).replace(/jwks: .*/, 'jwks: { file: keys.json }'), { folder });
    const put = async (text) => {
      const before = gateway.output.length;
      writeFileSync(join(folder, 'keys.json.new'), text);
      renameSync(join(folder, 'keys.json.new'), join(folder, 'keys.json'));
      const said = () => gateway.output.slice(before);
      await until(() => /configuration reloaded|not reloaded/.test(said()), 'the key set is read', 10000);
      return !/not reloaded/.test(said());
    };
    try {
      for (const [index, entry] of cases.entries()) {
        const isLoaded = await put(entry.jwks + ' '.repeat(index % 2 + 1));
        if (entry.load === 'ok') assert.ok(isLoaded, entry.name);
        if (entry.load === 'refuse') assert.ok(!isLoaded, entry.name);
        const { status } = await ask(gateway, bearer(entry.token));
        if (entry.expected === 'accept') assert.equal(status, 200, entry.name);
        else if (entry.expected === 'reject') assert.equal(status, 401, entry.name);
        else assert.ok([200, 401].includes(status), entry.name);
        await put(`${nobody}${' '.repeat(index + 3)}`);
      }
    } finally { await gateway.stop(); }
  });

  test('no address in a token is ever dialled', async () => {
    let dialled = 0;
    const server = createServer((socket) => { dialled++; socket.destroy(); });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${server.address().port}/keys`;
    const gateway = await start((port) => config(port, trust().providers));
    try {
      const claims = Buffer.from(JSON.stringify({ iss: 'https://issuer.test', aud: 'https://gw.test/mcp', exp: 4102444800 })).toString('base64url');
      for (const header of [{ alg: 'RS256', jku: url }, { alg: 'RS256', x5u: url }, { alg: 'RS256', kid: url }, { alg: 'ES256', kid: url, jku: url, x5u: url }]) {
        const head = Buffer.from(JSON.stringify(header)).toString('base64url');
        assert.equal((await ask(gateway, bearer(`${head}.${claims}.${'A'.repeat(86)}`))).status, 401);
      }
      await sleep(200);
      assert.equal(dialled, 0);
    } finally { server.close(); await gateway.stop(); }
  });
});

describe('wycheproof-jose', { skip: noCorpora }, () => {
  const tests = (name) => file('wycheproof-jose', name).testGroups.flatMap((group) => group.tests.map((one) => ({ ...one, group })));

  // Their payloads are no claims, so that the gateway can accept none; the same bytes with claims are in the next test.
  test('none of its tokens gets in, and none is answered otherwise', { timeout: 240_000 * patience }, async () => {
    const groups = ['json_web_signature_test.json', 'json_web_key_test.json'].flatMap((name) => file('wycheproof-jose', name).testGroups);
    const keys = groups.flatMap((group) => (group.public ? group.public.keys ?? [group.public] : [])).filter((key) => key.kty !== 'oct').slice(0, 90);
    const gateway = await start((port) => config(port, [{ issuer: 'https://issuer.test', audiences: ['a'], jwks: { keys } }]));
    try {
      const shapes = new Set();
      let count = 0;
      for (const name of ['json_web_signature_test.json', 'json_web_key_test.json', 'json_web_encryption_test.json']) for (const one of tests(name)) {
        const token = one.jws ?? one.jwe;
        const answer = await ask(gateway, bearer(typeof token === 'string' ? token : JSON.stringify(token)));
        assert.ok(answer.status === 401 || isRefusedByHttp(answer), `${name} ${one.tcId}: ${answer.status}`);
        if (answer.status === 401) shapes.add(shape(answer));
        count++;
      }
      assert.equal(count, 460);
      assert.equal(shapes.size, 1, [...shapes].join('\n'));
    } finally { await gateway.stop(); }
  });

  test('its keys for MACs: as a shared key where they are long enough, as a load error where not', { timeout: 120_000 * patience }, async () => {
    const claims = { iss: '', aud: 'gateway', sub: 'a', exp: 4102444800 };
    for (const [name, alg, size] of [['hmac_sha256_test.json', 'HS256', 32], ['hmac_sha384_test.json', 'HS384', 48], ['hmac_sha512_test.json', 'HS512', 64]]) {
      const all = [...new Set(tests(name).map((one) => one.key))];
      const isUsable = (key) => key.length / 2 >= size && !/^(..)\1*$/.test(key);
      const good = all.filter(isUsable).slice(0, 40);
      const providers = good.map((key, index) => ({
        issuer: `https://${index}.test`, audiences: ['gateway'], symmetricKey: { value: Buffer.from(key, 'hex').toString('base64url'), encoding: 'base64url', algorithm: alg },
      }));
      const gateway = await start((port) => config(port, providers));
      try {
        for (const [index, key] of good.entries()) {
          const text = `${Buffer.from(JSON.stringify({ alg })).toString('base64url')}.${Buffer.from(JSON.stringify({ ...claims, iss: `https://${index}.test` })).toString('base64url')}`;
          const code = createHmac(alg.replace('HS', 'sha'), Buffer.from(key, 'hex')).update(text).digest();
          const sent = async (bytes) => (await ask(gateway, bearer(`${text}.${bytes.toString('base64url')}`))).status;
          assert.equal(await sent(code), 200, `${alg} ${index}`);
          for (const wrong of [code.subarray(0, size / 2), Buffer.concat([code, code]), Buffer.from(code.map((byte, at) => byte ^ (at === index % size ? 1 : 0)))]) assert.equal(await sent(wrong), 401);
        }
        assert.ok(good.length >= 10, `${good.length} keys`);
      } finally { await gateway.stop(); }
      const short = all.find((key) => key.length / 2 < size);
      if (short === undefined) continue;
      const refused = await start((port) => config(port, [{ ...providers[0], symmetricKey: { ...providers[0].symmetricKey, value: Buffer.from(short, 'hex').toString('base64url') } }]), { wait: false });
      assert.equal((await refused.waitForExit()).code, 3);
      assert.match(refused.output, /bits; HS/);
    }
  });
});
