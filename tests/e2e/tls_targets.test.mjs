// MCP servers over https: used if they prove to be the host that was asked for, and not at all otherwise.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { start } from './lib/gateway.mjs';
import { Authority, wrapInTls } from './lib/authority.mjs';
import { callText, connect, RawClient, toolNames } from './lib/mcp.mjs';
import { remoteConfig, serveFixture } from './lib/remote.mjs';

describe('a target over https', () => {
  let ours, theirs, server;
  before(async () => {
    ours = new Authority('ours');
    theirs = new Authority('theirs');
    server = await serveFixture();
  });
  after(async () => { await server?.kill(); ours?.remove(); theirs?.remove(); });

  async function withTarget(credentials, host, use, options) {
    const tls = await wrapInTls(server.port, credentials, options);
    let gateway;
    try {
      gateway = await start((port) => remoteConfig(port, `https://${host}:${tls.port}/mcp`), { env: { SSL_CERT_FILE: ours.file } });
      await use(gateway, tls);
    } finally {
      try { await gateway?.stop(); } finally { tls.stop(); }
    }
  }

  for (const [maxVersion, host] of [['TLSv1.3', 'localhost'], ['TLSv1.2', '127.0.0.1']]) {
    test(`sessions, calls and streams (${maxVersion}, ${host})`, async () => {
      await withTarget(ours.certify('DNS:localhost,IP:127.0.0.1'), host, async (gateway, tls) => {
        const client = await connect(gateway.url());
        assert.ok((await toolNames(client)).includes('echo'));
        for (let i = 0; i < 20; ++i) assert.match(await callText(client, 'echo', { message: `hello ${i}` }), new RegExp(`hello ${i}`));
        const large = 'x'.repeat(300_000);
        assert.ok((await callText(client, 'echo', { message: large })).includes(large));
        await client.close();
        assert.ok(tls.connections > 0 && tls.connections < 10, `connections are kept: ${tls.connections}`);
      }, { maxVersion });
    });
  }

  for (const [what, credentials] of Object.entries({
    'a certificate of an authority that nobody trusts': () => theirs.certify('DNS:localhost'),
    'a certificate for another host': () => ours.certify('DNS:other.example'),
    'a certificate whose name is in its subject only': () => ours.certify('DNS:leaf.example'),
  })) {
    test(`${what} is not talked to`, async () => {
      await withTarget(credentials(), 'localhost', async (gateway) => {
        const client = new RawClient(gateway.port);
        const answer = await client.initialize();
        assert.ok(answer.status >= 500 || /"error"/.test(answer.body), `${answer.status} ${answer.body}`);
        assert.doesNotMatch(answer.body, /certificate/, 'what is wrong with a server is for operators');
      });
    });
  }

  test('a server that speaks no TLS is not talked to', async () => {
    const gateway = await start((port) => remoteConfig(port, `https://localhost:${server.port}/mcp`), { env: { SSL_CERT_FILE: ours.file } });
    try {
      const answer = await new RawClient(gateway.port).initialize();
      assert.ok(answer.status >= 500 || /"error"/.test(answer.body), `${answer.status} ${answer.body}`);
    } finally {
      await gateway.stop();
    }
  });
});
