// Shared keys and the revocation list with the real binary: both change while it runs.
import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, createPublicKey, sign } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mcpConfig, secret, start, until, workFolder } from './lib/gateway.mjs';
import { callText, connect, failure } from './lib/mcp.mjs';

const b64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);
const claims = (more = {}) => ({ iss: 'https://issuer.test', aud: 'gateway', sub: 'alice', exp: now() + 600, iat: now(), ...more });
const mac = (key, alg = 'HS256', more = {}) => {
  const text = `${b64({ alg })}.${b64(claims(more))}`;
  return secret(`${text}.${createHmac(alg.replace('HS', 'sha'), key).update(text).digest('base64url')}`);
};
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = { ...createPublicKey(privateKey).export({ format: 'jwk' }), kid: 'k', alg: 'ES256', use: 'sig' };
const signed = (more = {}) => {
  const text = `${b64({ alg: 'ES256', kid: 'k' })}.${b64(claims(more))}`;
  return secret(`${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`);
};
const replace = (folder, name, text) => {
  writeFileSync(join(folder, name + '.new'), text);
  renameSync(join(folder, name + '.new'), join(folder, name));
};
const answer = (gateway, token) => fetch(gateway.url('/'), { headers: { authorization: `Bearer ${token}` } });
const status = async (gateway, token) => (await answer(gateway, token)).status;

const direct = (port, provider) => `
binds:
- port: ${port}
  listeners:
  - routes:
    - policies:
        jwtAuth:
          mode: strict
          issuer: https://issuer.test
          audiences: [gateway]
${provider.split('\n').map((line) => `          ${line}`).join('\n')}
        directResponse: { status: 200, body: in }
`;

describe('a shared key', () => {
  test('from the environment: its own algorithm, and no other', async () => {
    const key = secret('a key for HS256 that both of them know');
    const gateway = await start((port) => direct(port, 'symmetricKey: { value: "${KEY}" }'), { env: { KEY: key } });
    try {
      assert.equal(await status(gateway, mac(key)), 200);
      for (const wrong of [mac(key, 'HS384'), mac(key, 'HS512'), mac('another key that is as long as the first'), mac(key, 'HS256', { exp: 5 }), signed()])
        assert.equal(await status(gateway, wrong), 401);
    } finally { await gateway.stop(); }
  });

  test('from a file, which changes; one that cannot be read changes nothing', async () => {
    const first = secret('the first key, which is more than long enough');
    const second = secret('the second key, more than long enough as well');
    const folder = workFolder();
    writeFileSync(join(folder, 'key'), `${Buffer.from(first).toString('base64url')}\n`);
    const gateway = await start((port) => direct(port, 'symmetricKey: { file: key, encoding: base64url }'), { folder });
    try {
      assert.equal(await status(gateway, mac(first)), 200);
      replace(folder, 'key', Buffer.from(second).toString('base64url'));
      await until(async () => await status(gateway, mac(second)) === 200, 'the second key');
      assert.equal(await status(gateway, mac(first)), 401);
      rmSync(join(folder, 'key'));
      await until(() => /not reloaded, what was last good stays/.test(gateway.output), 'the log says so');
      assert.equal(await status(gateway, mac(second)), 200);
    } finally { await gateway.stop(); }
  });

  test('a public key is never one', async () => {
    const folder = workFolder();
    const text = JSON.stringify({ keys: [jwk] });
    writeFileSync(join(folder, 'keys.json'), text);
    const gateway = await start((port) => direct(port, 'jwks: { file: keys.json }'), { folder });
    try {
      assert.equal(await status(gateway, signed()), 200);
      const pem = createPublicKey(privateKey).export({ format: 'pem', type: 'spki' });
      for (const key of [text, JSON.stringify(jwk), pem, pem.trim(), Buffer.from(jwk.x, 'base64url'), '']) for (const alg of ['HS256', 'HS384', 'HS512'])
        assert.equal(await status(gateway, mac(key, alg)), 401);
    } finally { await gateway.stop(); }
  });
});

describe('revocation', () => {
  const provider = 'jwks: { file: keys.json }\nrevocation: { file: revoked }';
  const folderWith = (list) => {
    const folder = workFolder();
    writeFileSync(join(folder, 'keys.json'), JSON.stringify({ keys: [jwk] }));
    writeFileSync(join(folder, 'revoked'), list);
    return folder;
  };

  test('of a token and of a subject, also where they were accepted before; a bad list changes nothing', async () => {
    const folder = folderWith('');
    const gateway = await start((port) => direct(port, provider), { folder });
    try {
      const one = signed({ jti: 'one' });
      const two = signed({ jti: 'two' });
      for (let i = 0; i < 3; i++) for (const token of [one, two]) assert.equal(await status(gateway, token), 200);
      replace(folder, 'revoked', 'jti one\n');
      await until(async () => await status(gateway, one) === 401, 'one is refused');
      assert.equal(await status(gateway, two), 200);
      const refused = await answer(gateway, one);
      assert.match(refused.headers.get('www-authenticate'), /error="invalid_token"/);
      assert.doesNotMatch(`${refused.headers.get('www-authenticate')} ${await refused.text()}`, /revo/, 'the reason is for the log');
      await until(() => /error=revoked/.test(gateway.output), 'and stands there');

      replace(folder, 'revoked', 'jti one\nsub alice\nwhat is this\n');
      await until(() => /line 3: an entry begins with/.test(gateway.output), 'the log says what is wrong');
      assert.equal(await status(gateway, two), 200);
      assert.equal(await status(gateway, one), 401);

      replace(folder, 'revoked', 'sub alice\n');
      await until(async () => await status(gateway, two) === 401, 'all of alice');
      assert.equal(await status(gateway, signed({ sub: 'bob' })), 200);
      replace(folder, 'revoked', `sub alice before ${now() + 100}\n`);
      await until(async () => await status(gateway, signed({ iat: now() + 200 })) === 200, 'those issued later');
      assert.equal(await status(gateway, two), 401);
    } finally { await gateway.stop(); }
  });

  test('a list that is not there when it starts is an error', async () => {
    const folder = folderWith('');
    rmSync(join(folder, 'revoked'));
    const gateway = await start((port) => direct(port, provider), { folder, wait: false });
    assert.equal((await gateway.waitForExit()).code, 3);
    assert.match(gateway.output, /revoked: No such file/);
  });

  test('ends a session with the next message', async () => {
    const folder = folderWith('');
    const policies = `
jwtAuth:
  mode: strict
  issuer: https://issuer.test
  audiences: [gateway]
  jwks: { file: keys.json }
  revocation: { file: revoked }`;
    const gateway = await start((port) => mcpConfig(port, { policies }), { folder });
    try {
      const alice = await connect(gateway.url(), { token: signed() });
      const bob = await connect(gateway.url(), { token: signed({ sub: 'bob' }) });
      assert.equal(await callText(alice, 'echo', { message: 'm' }), 'Echo: m');
      replace(folder, 'revoked', 'sub alice\n');
      await until(() => /configuration reloaded/.test(gateway.output), 'the list is in force');
      const refused = await failure(alice.callTool({ name: 'echo', arguments: { message: 'm' } }));
      assert.match(String(refused.code ?? refused.message), /401|nauthorized/);
      assert.equal(await callText(bob, 'echo', { message: 'm' }), 'Echo: m');
      await alice.close().catch(() => {});
      await bob.close();
    } finally { await gateway.stop(); }
  });
});
