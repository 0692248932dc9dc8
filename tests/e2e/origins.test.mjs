// The corpus of hosts and origins against the real binary: what a page of another site may make a browser send to a
// gateway on its user's machine, good token or not.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { jwtAuth, mcpConfig, start, token } from './lib/gateway.mjs';
import { ask, methods, openSession, withToken } from './lib/protected.mjs';
import { raw } from './lib/http.mjs';
import { lines, noCorpora } from './lib/wire.mjs';

const protectedConfig = (port, protection) => mcpConfig(port, { policies: jwtAuth.replace('issuer:', 'mode: strict\n  issuer:') })
  .replace('          name: default\n', `          name: default\n          dnsRebindingProtection: ${protection}\n`);

describe('hosts and origins', { skip: noCorpora }, () => {
  let gateway, client;
  before(async () => {
    gateway = await start((port) => protectedConfig(port, true));
    client = await openSession(gateway.port, token('example2'));
  });
  after(() => gateway?.stop());

  test('each case of the corpus, with each method and a good token', async () => {
    let allowed = 0, denied = 0;
    for (const { name, host, origin, expected } of lines('ssrf-and-origin', 'host-origin.jsonl', 64)) {
      for (const method of methods) {
        const fresh = method === 'DELETE' && expected !== 'deny' ? await openSession(gateway.port, token('example2')) : client;
        const bytes = (text) => Buffer.from(text).toString('latin1');
        const fields = [['host', bytes(host)], ...(origin === null ? [] : [['origin', bytes(origin)]]), ...withToken(token('example2'))];
        const { status } = await ask(gateway.port, method, { session: fresh.session, fields });
        if (expected === 'allow') assert.ok(status >= 200 && status < 300, `${name} with ${method}: ${status}`);
        if (expected === 'deny') assert.ok(status === 403 || status === 400, `${name} with ${method}: ${status}`);
        if (expected === 'either') assert.ok([200, 202, 204, 400, 403].includes(status), `${name} with ${method}: ${status}`);
        allowed += expected === 'allow';
        denied += expected === 'deny';
      }
    }
    assert.ok(allowed > 0 && denied > 100);
  });

  test('a host in the target counts, not the one in the field', async () => {
    const answer = await raw(gateway.port, `GET http://evil.test/mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${token('example2')}\r\nMcp-Session-Id: ${client.session}\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 (400|403)/);
  });
});
