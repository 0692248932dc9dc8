// Passwords that change while the gateway runs, slow ones that must not slow others, and guessing across connections.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostConfig, start, until, workFolder } from './lib/gateway.mjs';
import { request } from './lib/http.mjs';

const basic = (name, password) => ({ authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` });
const sha = 'alice:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\n';                                         // correct horse
const other = 'alice:$apr1$12345678$/Az/qRqc4UNrNHoqSr0bJ1\n';                                    // a-much-longer-password-than-sixteen-bytes
const slow = 'bob:$2y$13$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e\n';                // nobody knows it; about half a second a guess

async function serve(users, more = '') {
  const upstream = createServer((asked, answer) => { asked.resume(); answer.end('served'); }).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const folder = workFolder();
  const file = join(folder, 'users');
  writeFileSync(file, users);
  const policies = '\nbasicAuth: { mode: strict, htpasswd: { file: ./users } }\n';
  const gateway = await start((port) => hostConfig(port, upstream.address().port, policies) + more, { folder });
  const status = async (name, password) => (await request(gateway.port, 'GET', '/', { headers: basic(name, password), ms: 30000 })).status;
  return { gateway, file, status, async stop() { await gateway.stop(); upstream.close(); } };
}

test('a password is good until its file says otherwise', async () => {
  const { gateway, file, status, stop } = await serve(sha);
  try {
    assert.equal(await status('alice', 'correct horse'), 200);
    writeFileSync(file, other);
    await until(async () => (await status('alice', 'a-much-longer-password-than-sixteen-bytes')) === 200, 'the new password is in force');
    assert.equal(await status('alice', 'correct horse'), 401, 'what was remembered under the old file is forgotten');
    writeFileSync(file, 'alice:in-plain-text\n');
    await until(() => /line 1: passwords in plain text/.test(gateway.output), 'it says what is wrong');
    assert.ok(!gateway.output.includes('in-plain-text'));
    assert.equal(await status('alice', 'a-much-longer-password-than-sixteen-bytes'), 200, 'a broken file changes nothing');
  } finally { await stop(); }
});

test('slow passwords keep nobody waiting but those who guess them', async () => {
  const { status, stop } = await serve(sha + slow, 'config: { workerThreads: 1 }\n');  // each core remembers for itself
  try {
    assert.equal(await status('alice', 'correct horse'), 200);
    let done = 0;
    const guesses = Array.from({ length: 6 }, async (_, i) => { const got = await status('bob', `guess-${i}`); done += 1; return got; });
    for (let i = 0; i < 20; ++i) assert.equal(await status('alice', 'correct horse'), 200);
    assert.ok(done < 6, 'others were served while passwords were compared');
    assert.deepEqual(new Set(await Promise.all(guesses)), new Set([401]));
  } finally { await stop(); }
});

test('who guesses is told to wait, over all connections, and who was known goes on', async () => {
  const { gateway, status, stop } = await serve(sha, 'config: { limits: { maxFailedLogins: 5, failedLoginWindow: 1h }, workerThreads: 1 }\n');
  try {
    assert.equal(await status('alice', 'correct horse'), 200);
    for (let i = 0; i < 5; ++i) assert.equal(await status('alice', `guess-${i}`), 401);
    assert.equal(await status('alice', 'another guess'), 429);
    assert.equal(await status('alice', 'correct horse'), 200, 'remembered as right');
    await until(() => /too many failed logins.*address=/.test(gateway.output), 'it is said');
    assert.equal(gateway.output.match(/too many failed logins.*address=/g).length, 1, 'once');
    assert.ok(!gateway.output.includes('guess'));
  } finally { await stop(); }
});
