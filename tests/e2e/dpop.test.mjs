// Tokens that are bound to a key of their caller (RFC 9449), with the real binary: a bound token without its proof is
// refused, whatever it comes as, and a proof is good for one request, once.
import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostConfig, mcpConfig, secret, start, until, workFolder } from './lib/gateway.mjs';

const b64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);
const digest = (text) => createHash('sha256').update(text).digest('base64url');
const keyPair = () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { privateKey, jwk: { kty, crv, x, y }, thumbprint: digest(JSON.stringify({ crv, kty, x, y })) };
};
const jws = (key, header, claims) => {
  const text = `${b64(header)}.${b64(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
};
const issuer = keyPair();
const client = keyPair();
const thief = keyPair();
const tokenFor = (cnf, more = {}) => secret(jws(issuer, { alg: 'ES256', kid: 'k', typ: 'at+jwt' },
  { iss: 'https://issuer.test', aud: 'gateway', sub: 'alice', exp: now() + 600, iat: now(), ...(cnf ? { cnf } : {}), ...more }));
const bound = tokenFor({ jkt: client.thumbprint });
const plain = tokenFor(undefined);
const proofFor = (gateway, token, { key = client, header = {}, path = '/', ...claims } = {}) => jws(key, { typ: 'dpop+jwt', alg: 'ES256', jwk: key.jwk, ...header },
  { jti: randomUUID(), htm: 'GET', htu: gateway.url(path), iat: now(), ath: digest(token), ...claims });

const policies = (dpop = '') => `
jwtAuth:
  mode: strict
  issuer: https://issuer.test
  audiences: [gateway]
  jwks: { file: keys.json }
${dpop}`;
async function started(config) {
  const folder = workFolder();
  writeFileSync(join(folder, 'keys.json'), JSON.stringify({ keys: [{ ...issuer.jwk, kid: 'k', alg: 'ES256', use: 'sig' }] }));
  return start(config, { folder });
}
/** An upstream that answers with the fields it received. */
const echo = () => new Promise((done) => {
  const server = createServer((request, response) => response.end(JSON.stringify(request.headers)));
  server.listen(0, '127.0.0.1', () => done(server));
});
async function withEcho(dpop, use) {
  const upstream = await echo();
  const gateway = await started((port) => hostConfig(port, upstream.address().port, policies(dpop)));
  try { await use(gateway); } finally { upstream.close(); upstream.closeAllConnections(); await gateway.stop(); }
}
const ask = (gateway, headers, path = '/', method = 'GET') => fetch(gateway.url(path), { method, headers });
const challenge = (response) => response.headers.get('www-authenticate');

describe('whenBound, the default', () => {
  test('a bound token with its proof passes, and neither reaches the upstream', () => withEcho('', async (gateway) => {
    for (let i = 0; i < 3; i++) {
      const response = await ask(gateway, { authorization: `DPoP ${bound}`, dpop: proofFor(gateway, bound) });
      assert.equal(response.status, 200);
      const seen = await response.json();
      assert.equal(seen.authorization, undefined);
      assert.equal(seen.dpop, undefined);
    }
    const withQuery = await ask(gateway, { authorization: `DPoP ${bound}`, dpop: proofFor(gateway, bound, { path: '/a/b' }) }, '/a/b?c=d');
    assert.equal(withQuery.status, 200);
  }));

  test('an unbound token is what it was; a proof beside it is not passed on', () => withEcho('', async (gateway) => {
    for (let i = 0; i < 2; i++) {
      const response = await ask(gateway, { authorization: `Bearer ${plain}`, dpop: proofFor(gateway, plain) });
      assert.equal(response.status, 200);
      assert.equal((await response.json()).dpop, undefined);
    }
  }));

  test('what is wrong is refused, each time it is tried', () => withEcho('', async (gateway) => {
    const fresh = () => proofFor(gateway, bound);
    const used = fresh();
    assert.equal((await ask(gateway, { authorization: `DPoP ${bound}`, dpop: used })).status, 200);
    const x5t = tokenFor({ 'x5t#S256': digest('certificate') });
    const other = tokenFor({ jkt: client.thumbprint }, { sub: 'bob' });
    const cases = {
      'as a bearer token': [{ authorization: `Bearer ${bound}` }, 'invalid_token', 'proof_missing'],
      'as a bearer token with its proof': [{ authorization: `Bearer ${bound}`, dpop: fresh() }, 'invalid_token', 'proof_missing'],
      'without proof': [{ authorization: `DPoP ${bound}` }, 'invalid_token', 'proof_missing'],
      'an unbound token as DPoP': [{ authorization: `DPoP ${plain}`, dpop: proofFor(gateway, plain) }, 'invalid_token', 'proof_binding_wrong'],
      'a proof that was used': [{ authorization: `DPoP ${bound}`, dpop: used }, 'invalid_dpop_proof', 'proof_replayed'],
      'a proof by another key': [{ authorization: `DPoP ${bound}`, dpop: proofFor(gateway, bound, { key: thief }) }, 'invalid_token', 'proof_binding_wrong'],
      'a proof that carries our key and another signature': [{ authorization: `DPoP ${bound}`, dpop: proofFor(gateway, bound, { key: thief, header: { jwk: client.jwk } }) }, 'invalid_dpop_proof', 'proof_signature_wrong'],
      'a proof for another token': [{ authorization: `DPoP ${bound}`, dpop: proofFor(gateway, other) }, 'invalid_token', 'proof_token_wrong'],
      'a proof for another method': [{ authorization: `DPoP ${bound}`, dpop: proofFor(gateway, bound, { htm: 'POST' }) }, 'invalid_dpop_proof', 'proof_method_wrong'],
      'a proof for another path': [{ authorization: `DPoP ${bound}`, dpop: proofFor(gateway, bound, { path: '/other' }) }, 'invalid_dpop_proof', 'proof_address_wrong'],
      'a proof for another host': [{ authorization: `DPoP ${bound}`, dpop: proofFor(gateway, bound, { htu: 'http://other.test/' }) }, 'invalid_dpop_proof', 'proof_address_wrong'],
      'an old proof': [{ authorization: `DPoP ${bound}`, dpop: proofFor(gateway, bound, { iat: now() - 90 }) }, 'invalid_dpop_proof', 'proof_time_wrong'],
      'a proof of tomorrow': [{ authorization: `DPoP ${bound}`, dpop: proofFor(gateway, bound, { iat: now() + 86400 }) }, 'invalid_dpop_proof', 'proof_time_wrong'],
      'a proof of another type': [{ authorization: `DPoP ${bound}`, dpop: proofFor(gateway, bound, { header: { typ: 'JWT' } }) }, 'invalid_dpop_proof', 'proof_type_wrong'],
      'alg none': [{ authorization: `DPoP ${bound}`, dpop: proofFor(gateway, bound, { header: { alg: 'none' } }) }, 'invalid_dpop_proof', 'proof_algorithm_wrong'],
      'garbage': [{ authorization: `DPoP ${bound}`, dpop: 'garbage' }, 'invalid_dpop_proof', 'proof_malformed'],
      'two proofs': [[['authorization', `DPoP ${bound}`], ['dpop', fresh()], ['dpop', fresh()]], 'invalid_dpop_proof', null],
      'a token bound to a certificate': [{ authorization: `DPoP ${x5t}`, dpop: proofFor(gateway, x5t) }, 'invalid_token', 'proof_missing'],
    };
    for (const [name, [headers, error, reason]] of Object.entries(cases)) {
      for (let i = 0; i < 2; i++) {
        const response = await ask(gateway, headers);
        assert.equal(response.status, 401, name);
        assert.match(challenge(response), new RegExp(`error="${error}"`), name);
        if (Array.isArray(headers) || headers.authorization.startsWith('DPoP')) assert.match(challenge(response), /^DPoP .*algs="[^"]*ES256/, name);
        await response.text();
      }
      if (reason) await until(() => gateway.output.includes(`error=${reason}`), `${name}: ${reason} in the log`);
    }
  }));

  test('the memory of proofs is one for all threads', () => withEcho('', async (gateway) => {
    const proof = proofFor(gateway, bound);
    const statuses = await Promise.all(Array.from({ length: 24 }, async () => {
      const response = await ask(gateway, { authorization: `DPoP ${bound}`, dpop: proof, connection: 'close' });
      await response.text();
      return response.status;
    }));
    assert.equal(statuses.filter((status) => status === 200).length, 1, statuses.join());
  }));
});

test('required: no other tokens, and the challenge says so', () => withEcho('  dpop: { mode: required }', async (gateway) => {
  assert.equal((await ask(gateway, { authorization: `DPoP ${bound}`, dpop: proofFor(gateway, bound) })).status, 200);
  for (let i = 0; i < 2; i++) assert.equal((await ask(gateway, { authorization: `Bearer ${plain}` })).status, 401);
  const none = await ask(gateway, {});
  assert.equal(none.status, 401);
  assert.match(challenge(none), /^DPoP algs="/);
}));

test('off: a bound token is refused, also with its proof', () => withEcho('  dpop: { mode: off }', async (gateway) => {
  assert.equal((await ask(gateway, { authorization: `DPoP ${bound}`, dpop: proofFor(gateway, bound) })).status, 401);
  assert.equal((await ask(gateway, { authorization: `Bearer ${bound}`, dpop: proofFor(gateway, bound) })).status, 401);
  assert.equal((await ask(gateway, { authorization: `Bearer ${plain}` })).status, 200);
}));

test('origins: the address that clients know, not the one that Host says', () => withEcho('  dpop: { origins: ["https://mcp.example.com"] }', async (gateway) => {
  const at = (htu) => ask(gateway, { authorization: `DPoP ${bound}`, dpop: proofFor(gateway, bound, { htu }) });
  assert.equal((await at('https://mcp.example.com/')).status, 200);
  assert.equal((await at('https://mcp.example.com:443/?q')).status, 200);
  assert.equal((await at('http://mcp.example.com/')).status, 401);
  assert.equal((await at(gateway.url('/'))).status, 401);
}));

test('nonce: asked for, offered, taken, and never one of somebody else', () => withEcho('  dpop: { nonce: true }', async (gateway) => {
  const first = await ask(gateway, { authorization: `DPoP ${bound}`, dpop: proofFor(gateway, bound) });
  assert.equal(first.status, 401);
  assert.match(challenge(first), /error="use_dpop_nonce"/);
  const nonce = first.headers.get('dpop-nonce');
  assert.ok(nonce.length > 20);
  for (let i = 0; i < 2; i++) {
    const second = await ask(gateway, { authorization: `DPoP ${bound}`, dpop: proofFor(gateway, bound, { nonce }) });
    assert.equal(second.status, 200);
    assert.equal(second.headers.get('dpop-nonce'), null, 'it is good for a while');
  }
  for (const wrong of ['', 'guess', nonce.slice(0, -2) + 'AA']) {
    const refused = await ask(gateway, { authorization: `DPoP ${bound}`, dpop: proofFor(gateway, bound, { nonce: wrong }) });
    assert.equal(refused.status, 401);
    assert.ok(refused.headers.get('dpop-nonce'));
  }
}));

test('an MCP session with bound tokens: each message has its proof', async () => {
  const gateway = await started((port) => mcpConfig(port, { policies: policies() }));
  try {
    const post = async (message, session, more = {}) => {
      const response = await fetch(gateway.url(), {
        method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', ...message }),
        headers: {
          'content-type': 'application/json', accept: 'application/json, text/event-stream', authorization: `DPoP ${bound}`,
          dpop: proofFor(gateway, bound, { path: '/mcp', htm: 'POST' }), ...(session ? { 'mcp-session-id': session } : {}), ...more,
        },
      });
      return { status: response.status, session: response.headers.get('mcp-session-id'), text: await response.text() };
    };
    const opened = await post({ id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } } });
    assert.equal(opened.status, 200, opened.text);
    await post({ method: 'notifications/initialized' }, opened.session);
    const listed = await post({ id: 2, method: 'tools/list' }, opened.session);
    assert.match(listed.text, /"echo"/);
    const stolen = await post({ id: 3, method: 'tools/list' }, opened.session, { authorization: `Bearer ${bound}`, dpop: '' });
    assert.equal(stolen.status, 401);
  } finally { await gateway.stop(); }
});

test('origins that are none are a mistake', async () => {
  const gateway = await start((port) => hostConfig(port, 1, policies('  dpop: { origins: ["https://a.test/"] }').replace('{ file: keys.json }', "'{\"keys\":[]}'")), { wait: false });
  assert.equal((await gateway.waitForExit()).code, 3);
  assert.match(gateway.output, /`https:\/\/a\.test\/` is no origin/);
});
