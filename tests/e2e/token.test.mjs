// `agentgateway token`: what people are told about a token is what the gateway does with it.
import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { generateKeyPairSync, createPublicKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runToEnd, start, token, until, workFolder } from './lib/gateway.mjs';

const part = (text, index) => JSON.parse(Buffer.from(text.trim().split('.')[index], 'base64url'));
const header = (text) => part(text, 0);
const claims = (text) => part(text, 1);

const kinds = {
  ES256: ['ec', { namedCurve: 'P-256' }], ES384: ['ec', { namedCurve: 'P-384' }], ES512: ['ec', { namedCurve: 'P-521' }],
  RS256: ['rsa', { modulusLength: 2048 }], EdDSA: ['ed25519', {}],
};

/** A folder with a key, its public set and a configuration that trusts it. */
function issuer(alg, { kid = 'k1', format = 'jwk', mode = 'strict', extra = '' } = {}) {
  const folder = workFolder();
  const { privateKey } = generateKeyPairSync(...kinds[alg]);
  const open = createPublicKey(privateKey).export({ format: 'jwk' });
  writeFileSync(join(folder, 'keys.json'), JSON.stringify({ keys: [{ ...open, kid, use: 'sig', alg }] }));
  writeFileSync(join(folder, 'private'), format === 'jwk' ? JSON.stringify({ ...privateKey.export({ format }), kid, alg }) : privateKey.export({ format, type: 'pkcs8' }));
  writeFileSync(join(folder, 'config.yaml'), `binds:
- port: PORT
  listeners:
  - name: outer
    routes:
    - name: inner
      policies:
        jwtAuth:
          mode: ${mode}
          issuer: https://issuer.test
          audiences: [gateway]
          jwks: { file: keys.json }
${extra}        directResponse: { status: 200, body: in }
`.replace('PORT', '3999'));
  return folder;
}
const mint = (folder, ...more) => runToEnd(['token', 'mint', '--key', 'private', '--claim', 'iss=https://issuer.test', '--claim', 'aud=gateway', '--claim', 'sub=alice', ...more], { folder });
const verify = (folder, text, ...more) => runToEnd(['token', 'verify', '-f', 'config.yaml', ...more], { folder, input: text });

describe('mint', () => {
  for (const alg of Object.keys(kinds)) for (const format of ['jwk', 'pem'])
    test(`${alg} from ${format}, and verify accepts it`, async () => {
      const folder = issuer(alg, { format });
      const made = await mint(folder);
      assert.equal(made.code, 0, made.output);
      assert.equal(header(made.stdout).alg, alg);
      assert.equal(header(made.stdout).kid, format === 'jwk' ? 'k1' : undefined);
      const { code, output } = await verify(folder, made.stdout);
      assert.equal(code, 0, output);
      assert.match(output, /port 3999, outer, inner: accepted/);
      assert.match(output, /subject\s+alice/);
      assert.match(output, /identity\s+jwt:/);
    });

  test('claims, header and times as asked', async () => {
    const folder = issuer('ES256');
    const made = await mint(folder, '--claims', '{"sub":"bob","n":1}', '--claim', 'list:=["a"]', '--claim', 'n:=2', '--claim', 'text=2', '--ttl', '8h', '--kid', 'other');
    assert.equal(made.code, 0, made.output);
    const said = claims(made.stdout);
    assert.equal(said.sub, 'alice');
    assert.deepEqual(said.list, ['a']);
    assert.equal(said.n, 2);
    assert.equal(said.text, '2');
    assert.equal(said.exp - said.iat, 8 * 3600);
    assert.equal(header(made.stdout).kid, 'other');
    assert.ok(said.jti.length >= 20);
  });

  for (const [what, args, pattern] of [
    ['a public key', ['--key', 'keys.json'], /key keys\.json: a key set/],
    ['no such file', ['--key', 'gone'], /gone: no such file/],
    ['garbage', ['--key', 'config.yaml'], /not a private key in PEM/],
    ['a bad time', ['--key', 'private', '--ttl', '5'], /--ttl/],
    ['a bad claim', ['--key', 'private', '--claim', 'x'], /NAME=TEXT/],
    ['bad JSON', ['--key', 'private', '--claim', 'x:={'], /--claim x/],
    ['claims that are no object', ['--key', 'private', '--claims', '[]'], /--claims must be a JSON object/],
    ['another algorithm than the key\'s', ['--key', 'private', '--alg', 'RS256'], /RS256 does not go with a P-256 key/],
  ]) test(`refuses ${what}`, async () => {
    const { code, output } = await runToEnd(['token', 'mint', ...args], { folder: issuer('ES256') });
    assert.equal(code, 1, output);
    assert.match(output, pattern);
  });
});

describe('decode', () => {
  test('says what the token says, with times in words, and that nothing was verified', async () => {
    const { code, output } = await runToEnd(['token', 'decode'], { input: `Bearer ${token('example1')}\n` });
    assert.equal(code, 0, output);
    assert.match(output, /alg\s+"ES256"/);
    assert.match(output, /exp\s+\d+\s+2046-01-01 00:00:00 UTC \(in \d+ years\)/);
    assert.match(output, /nested\s+\{"key":"value"\}/);
    assert.match(output, /Not verified/);
  });
  test('from a file; what it prints is safe for a terminal', async () => {
    const folder = issuer('ES256');
    const made = await mint(folder, '--claim', 'evil=\u001b[31m\u202e');
    writeFileSync(join(folder, 't'), made.stdout);
    const { code, stdout } = await runToEnd(['token', 'decode', 't'], { folder });
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, /[\u001b\u202e]/);
  });
  for (const [what, input, pattern] of [
    ['nothing', '', /no token in standard input/], ['garbage', 'garbage', /no JWT/], ['a JWE', 'a.b.c.d.e', /encrypted/],
    ['parts that are no JSON', 'YQ.YQ.YQ', /header/],
  ]) test(`refuses ${what}`, async () => {
    const { code, output } = await runToEnd(['token', 'decode'], { input });
    assert.equal(code, 1);
    assert.match(output, pattern);
  });
  test('a token on the command line is refused and not repeated', async () => {
    const text = readFileSync(join(root, 'manifests/jwt/example1.key'), 'utf8').trim();
    const { code, output } = await runToEnd(['token', 'decode', text]);
    assert.equal(code, 1);
    assert.match(output, /standard input/);
    assert.ok(!output.includes(text.slice(0, 40)));
  });
});

describe('verify names the reason', () => {
  const cases = {
    expired: [['--claims', '{"exp":1000000000}'], /refused, expired: /],
    'wrong audience': [['--claim', 'aud=other'], /refused, audience_wrong: [^]*aud "other"[^]*gateway/],
    'unknown issuer': [['--claim', 'iss=https://other.test'], /refused, issuer_unknown: [^]*"https:\/\/other\.test"[^]*trusted are\s+https:\/\/issuer\.test/],
    'unknown key': [['--kid', 'k2'], /refused, key_unknown: [^]*kid "k2"[^]*k1 ES256/],
    'missing exp is not minted, so a null one': [['--claim', 'exp:=null'], /refused, time_malformed/],
  };
  for (const [name, [args, pattern]] of Object.entries(cases)) test(name, async () => {
    const folder = issuer('ES256');
    const made = await mint(folder, ...args);
    assert.equal(made.code, 0, made.output);
    const { code, output } = await verify(folder, made.stdout);
    assert.equal(code, 1, output);
    assert.match(output, pattern);
  });
  test('wrong signature, and the mode', async () => {
    const folder = issuer('ES256', { mode: 'permissive' });
    const made = (await mint(folder)).stdout.trim();
    const { code, output } = await verify(folder, made.slice(0, -6) + 'AAAAAA');
    assert.equal(code, 1);
    assert.match(output, /refused, signature_wrong/);
    assert.match(output, /permissive.*anonymous/);
  });
  test('only the policies that were asked for', async () => {
    const folder = issuer('ES256');
    const made = (await mint(folder)).stdout;
    assert.equal((await verify(folder, made, '--listener', 'outer', '--route', 'inner')).code, 0);
    const none = await verify(folder, made, '--route', 'nowhere');
    assert.equal(none.code, 1);
    assert.match(none.output, /no such listener or route/);
  });
  test('a configuration that is wrong is exit 3', async () => {
    const folder = issuer('ES256');
    const made = (await mint(folder)).stdout;
    writeFileSync(join(folder, 'keys.json'), '{}');
    const { code, output } = await verify(folder, made);
    assert.equal(code, 3, output);
    assert.match(output, /key set/);
  });
  test('and the gateway does what verify says', async () => {
    const folder = issuer('ES256');
    const config = readFileSync(join(folder, 'config.yaml'), 'utf8');
    const good = (await mint(folder)).stdout.trim();
    const bad = (await mint(folder, '--claim', 'aud=other')).stdout.trim();
    const gateway = await start((port) => config.replace('3999', String(port)), { folder });
    try {
      const status = async (text) => (await fetch(gateway.url('/'), { headers: { authorization: `Bearer ${text}` } })).status;
      assert.equal(await status(good), 200);
      assert.equal(await status(bad), 401);
      await until(() => /audience_wrong/.test(gateway.output), 'the reason in the log');
    } finally { await gateway.stop(); }
  });
});
