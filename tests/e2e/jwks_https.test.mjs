// Key sets over https: whose certificate is believed, and what the bounds of a fetched key set are. What an issuer can do
// otherwise is in jwks_url.test.mjs.
import { test, describe, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, hostConfig, patience, start, until } from './lib/gateway.mjs';
import { Issuer } from './lib/issuer.mjs';
import { ask, withToken } from './lib/protected.mjs';
import { RecordingUpstream } from './lib/wire.mjs';

let folder;
const file = (name) => join(folder, name);
const openssl = (...args) => execFileSync('openssl', args, { stdio: 'pipe' });

/** A certificate authority and, by it, a certificate for `names`. */
function makeAuthority(name) {
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
    '-keyout', file(`${name}.key`), '-out', file(`${name}.pem`), '-addext', 'keyUsage=critical,keyCertSign');
  return file(`${name}.pem`);
}
function makeCertificate(authority, names) {
  const leaf = names.replace(/\W/g, '_');
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=leaf', '-keyout', file(`${leaf}.key`), '-out', file(`${leaf}.csr`));
  writeFileSync(file(`${leaf}.ext`), `subjectAltName=${names}\n`);
  openssl('x509', '-req', '-in', file(`${leaf}.csr`), '-CA', file(`${authority}.pem`), '-CAkey', file(`${authority}.key`), '-days', '2',
    '-extfile', file(`${leaf}.ext`), '-out', file(`${leaf}.pem`));
  return { key: readFileSync(file(`${leaf}.key`)), cert: readFileSync(file(`${leaf}.pem`)) };
}

/** The issuer's key set over TLS. */
async function serveTls(issuer, credentials, options = {}) {
  const port = await freePort();
  const server = createServer({ ...credentials, ...options }, (request, response) => {
    issuer.tlsFetches = (issuer.tlsFetches ?? 0) + 1;
    response.writeHead(200, { 'content-type': 'application/jwk-set+json' }).end(issuer.jwks);
  });
  server.on('tlsClientError', () => { issuer.refused = (issuer.refused ?? 0) + 1; });
  await new Promise((done, fail) => server.once('error', fail).listen(port, '127.0.0.1', done));
  return { port, stop: () => { server.closeAllConnections(); server.close(); } };
}

async function withGateway(issuer, jwks, use, env = {}) {
  const upstream = await new RecordingUpstream().start();
  const policies = `
jwtAuth:
  mode: strict
  issuer: "${issuer.name}"
  audiences: ["${issuer.audience}"]
  jwks: ${jwks}`;
  let gateway;
  try {
    const port = await freePort();
    gateway = await start(hostConfig(port, upstream.port, policies), { port, env });
    const status = async (token) => (await ask(port, 'GET', { path: '/x', fields: withToken(token) })).status;
    await use({ gateway, status, upstream, config: (text) => hostConfig(port, upstream.port, text ?? policies) });
    await gateway.stop();
    gateway = undefined;
  } finally {
    gateway?.process.kill('SIGKILL');
    upstream.stop();
    await issuer.stop();
  }
}

describe('key sets over https', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'agentgateway-tls-'));
    for (const name of ['ours', 'theirs']) makeAuthority(name);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [maxVersion, host] of [['TLSv1.3', 'localhost'], ['TLSv1.2', '127.0.0.1']]) {
    test(`a certificate of a known authority is believed (${maxVersion}, ${host})`, async () => {
      const issuer = await Issuer.start();
      const server = await serveTls(issuer, makeCertificate('ours', 'DNS:localhost,IP:127.0.0.1'), { maxVersion });
      try {
        await withGateway(issuer, `{ url: "https://${host}:${server.port}/jwks" }`, async ({ status }) => {
          assert.equal(await status(issuer.token()), 200);
          assert.equal(issuer.tlsFetches, 1);
          const fresh = issuer.rotate();
          assert.equal(await status(issuer.token({}, { key: fresh })), 200, 'the request that brings a new key waits for it');
          assert.equal(issuer.tlsFetches, 2);
        }, { SSL_CERT_FILE: file('ours.pem') });
      } finally {
        server.stop();
      }
    });
  }

  const untrusted = {
    'an authority nobody knows': { authority: 'theirs', names: 'DNS:localhost' },
    'a certificate for another host': { authority: 'ours', names: 'DNS:other.test' },
    'a server that speaks only old TLS': { authority: 'ours', names: 'DNS:localhost', options: { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } },
  };
  for (const [name, { authority, names, options }] of Object.entries(untrusted)) {
    test(`${name}: no keys, 503, and the log says why`, async () => {
      const issuer = await Issuer.start();
      const server = await serveTls(issuer, makeCertificate(authority, names), options);
      try {
        await withGateway(issuer, `{ url: "https://localhost:${server.port}/jwks" }`, async ({ status, gateway, upstream }) => {
          await until(() => gateway.hasLine(/key set not fetched.*TLS/), 'the log says so');
          assert.equal(await status(issuer.token()), 503);
          assert.equal(issuer.tlsFetches ?? 0, 0);
          assert.deepEqual(upstream.take(), []);
        }, { SSL_CERT_FILE: file('ours.pem') });
      } finally {
        server.stop();
      }
    });
  }

  test('keys of an issuer that is gone are used no longer than keepFor', async () => {
    const issuer = await Issuer.start();
    const kept = 5 * patience;  // seconds; the first steps must fit in
    await withGateway(issuer, `{ url: "${issuer.jwksUrl}", keepFor: ${kept}s }`, async ({ status, gateway }) => {
      assert.equal(await status(issuer.token()), 200);
      await issuer.goDown();
      // The next fetch is a quarter of an hour away; a token with an unknown key brings it about.
      assert.equal(await status(issuer.token({}, { header: { kid: 'nobody' } })), 401);
      await until(() => gateway.hasLine(/key set not fetched/), 'the log says so');
      await until(async () => (await status(issuer.token())) === 503, 'the keys are too old');
      await issuer.comeUp();
      await until(async () => (await status(issuer.token())) === 200, 'the issuer is back', 20000);
    });
  });

  test('a rotation does not wait for somebody to mend the configuration', async () => {
    const issuer = await Issuer.start();
    await withGateway(issuer, `{ url: "${issuer.jwksUrl}" }`, async ({ status, gateway, config }) => {
      const old = issuer.token();
      assert.equal(await status(old), 200);
      gateway.write(config() + '\nnonsense: true\n');
      await until(() => gateway.hasLine(/the running one stays/), 'the mistake is seen');
      const fresh = issuer.rotate();
      assert.equal(await status(issuer.token({}, { key: fresh })), 200);
      await until(async () => (await status(old)) === 401, 'the old key is gone');
    });
  });
});
