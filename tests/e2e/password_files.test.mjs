// Files of users change while the gateway runs: who is removed is out with the next request, and a file that is broken
// changes nothing.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, hostConfig, secret, start, until, workFolder } from './lib/gateway.mjs';
import { ask } from './lib/protected.mjs';
import { RecordingUpstream } from './lib/wire.mjs';

const line = (name, password) => `${name}:{SHA}${createHash('sha1').update(password).digest('base64')}\n`;
const basic = (name, password) => [['authorization', `Basic ${Buffer.from(`${name}:${secret(password)}`).toString('base64')}`]];

test('users, passwords and mistakes in a file that is watched', async () => {
  const upstream = await new RecordingUpstream().start();
  const folder = workFolder();
  const file = join(folder, 'users');
  writeFileSync(file, line('alice', 'password-one') + line('bob', 'password-of-bob'));
  const port = await freePort();
  const gateway = await start(hostConfig(port, upstream.port, '\nbasicAuth: { mode: strict, htpasswd: { file: ./users } }'), { folder, port });
  const status = async (...login) => (await ask(port, 'GET', { path: '/x', fields: basic(...login) })).status;
  try {
    assert.equal(await status('alice', 'password-one'), 200);
    assert.equal(await status('bob', 'password-of-bob'), 200);

    writeFileSync(`${file}.new`, line('alice', 'password-two'));
    renameSync(`${file}.new`, file);
    await until(async () => (await status('alice', 'password-two')) === 200, 'the new password is good');
    assert.equal(await status('alice', 'password-one'), 401, 'the old one is not, though it was remembered');
    assert.equal(await status('bob', 'password-of-bob'), 401, 'who is gone is out');

    writeFileSync(file, `alice:${secret('password-three')}\n`);  // a mistake that many make
    await until(() => gateway.hasLine(/error.*users/), 'the log says that the file is broken');
    assert.equal(await status('alice', 'password-two'), 200, 'what was good stays');
    gateway.signal('SIGHUP');
    await until(() => gateway.hasLine(/configuration reloaded/), 'the configuration is read again');
    assert.equal(await status('alice', 'password-two'), 200, 'also when the configuration is read again');

    writeFileSync(file, line('alice', 'password-four'));  // in place
    await until(async () => (await status('alice', 'password-four')) === 200, 'a file that was mended counts');
    assert.equal(await status('alice', 'password-two'), 401);
  } finally {
    try { await gateway.stop(); } finally { upstream.stop(); }
  }
});
