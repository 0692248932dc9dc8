// Child processes: how they are started, how they may fail, and that none survives.
import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { everything2025, fixture, isAlive, isRunning, mcpConfig, patience, sleep, start, until, workFolder } from './lib/gateway.mjs';
import { callText, connect, failure, RawClient } from './lib/mcp.mjs';

const withGateway = (options, body, startOptions) => async () => {
  const gateway = await start((port) => mcpConfig(port, options), startOptions);
  try { await body(gateway); } finally { await gateway.stop(); }
};

describe('how a child is started', () => {
  test('own process group, only descriptors 0 to 2, no shell', withGateway({}, async (gateway) => {
    const client = await connect(gateway.url());
    const process = JSON.parse(await callText(client, 'process'));
    assert.equal(process.pgid, process.pid);
    assert.deepEqual(process.fds, [0, 1, 2]);
    assert.ok(gateway.children().some((child) => child.pid === process.pid));
    await client.close();
  }));

  test('arguments are passed as they are: no word splitting, no globbing, no variables of a shell', withGateway(
    { args: [fixture, '--banner', '*; $(touch pwned) `id` | & "x"'] }, async (gateway) => {
      const client = await connect(gateway.url());
      assert.equal(await callText(client, 'echo', { message: 'm' }), 'Echo: m');
      await client.close();
    }));

  test('the environment is an allow list and what env names', async () => {
    const gateway = await start((port) => mcpConfig(port, { env: { GIVEN: 'by the configuration' } }), { env: { CANARY_SECRET_VARIABLE: 'not for children' } });
    try {
      const client = await connect(gateway.url());
      const env = JSON.parse(await callText(client, 'printEnv'));
      assert.equal(env.GIVEN, 'by the configuration');
      assert.ok(env.PATH);
      assert.equal(env.CANARY_SECRET_VARIABLE, undefined);
      await client.close();
    } finally { await gateway.stop(); }
  });

  test('what it says on stderr is in the log with its name', withGateway({ args: [fixture, '--stderr', 'a word to the operator'], name: 'talker' }, async (gateway) => {
    const client = await connect(gateway.url());
    await callText(client, 'echo', { message: 'm' });
    await until(() => gateway.output.split('\n').some((line) => line.includes('a word to the operator') && line.includes('talker')), 'stderr in the log');
    await client.close();
  }));
});

describe('how a child may fail', () => {
  for (const [name, options, reason, told] of [
    ['a command that does not exist', { cmd: 'no-such-command-anywhere', args: [] }, /no-such-command-anywhere/, 'the target is not available'],
    ['a command that exits at once', { args: [fixture, '--exit', '7'] }, /7/, 'the target failed to answer'],
    ['a command that writes no JSON', { args: [fixture, '--garbage'] }, /everything/, 'the target did not answer in time'],
  ]) {
    test(`${name}: a clear error to the client, the reason in the log`, withGateway(options, async (gateway) => {
      const client = new RawClient(gateway.port);
      const begin = Date.now();
      const answer = await client.initialize();
      assert.ok(Date.now() - begin < 12000 * patience);
      assert.equal(answer.status, 200);
      const body = JSON.parse(answer.body.replace(/^[^{]*/, ''));
      assert.equal(body.id, 'init');
      assert.equal(body.error.code, -32603);
      assert.ok(body.error.message.includes(told), body.error.message);
      assert.doesNotMatch(answer.body, /no-such-command|\.py/); // where things are on the machine is no client's business
      await until(() => reason.test(gateway.output), 'the reason in the log');
    }));
  }

  test('one that never answers: an error after the handshake timeout, and others are served meanwhile', withGateway({ args: [fixture, '--mute'] }, async (gateway) => {
    const begin = Date.now();
    const slow = new RawClient(gateway.port).post({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'a', version: '1' } } }, { ms: 20000 });
    const other = await new RawClient(gateway.port).post('nonsense');
    assert.equal(other.status, 400);
    assert.ok(Date.now() - begin < 3000 * patience);
    const answer = await slow;
    assert.match(answer.body, /"error"/);
    assert.ok(Date.now() - begin < 12000 * patience);
    await until(() => gateway.children().length === 0, 'the mute child is ended');
  }));

  // From the moment a child dies until each call in flight has its error, in milliseconds.
  const timesToFail = async (gateway, die) => {
    const client = await connect(gateway.url());
    const { pid } = JSON.parse(await callText(client, 'process'));
    let died;
    const failed = (call) => failure(call).then(() => performance.now() - died);
    const pending = [failed(client.callTool({ name: 'never', arguments: {} }))];
    await sleep(100);
    died = performance.now();
    const killing = die(client, pid);
    if (killing) pending.push(failed(killing));
    const times = await Promise.all(pending);
    await client.close().catch(() => {});
    return Math.max(...times);
  };

  // What the gateway promises is 100 ms; what is measured includes the machine's other work, so that
  // promise is held by the median, and a looser bound by each.
  for (const [name, die] of [
    ['is killed in a call', (client) => client.callTool({ name: 'crash', arguments: {} })],
    ['leaves in a call', (client) => client.callTool({ name: 'leave', arguments: {} })],
    ['is killed from outside', (client, pid) => { process.kill(pid, 'SIGKILL'); }],
  ]) {
    test(`a child that ${name}: its calls fail within 100 ms, a neighbour does not notice, the next session works`, withGateway({}, async (gateway) => {
      const neighbour = await connect(gateway.url());
      const undisturbed = callText(neighbour, 'slow', { ms: 800 });
      const times = [];
      for (let round = 0; round < 5; round++) times.push(await timesToFail(gateway, die));
      times.sort((a, b) => a - b);
      assert.ok(times[2] <= 100 * patience, `the median of ${times.map(Math.round)} ms`);
      assert.ok(times[4] <= 1000 * patience, `the longest of ${times.map(Math.round)} ms`);
      assert.equal(await undisturbed, 'slept 800');
      assert.equal(await callText(neighbour, 'echo', { message: 'still' }), 'Echo: still');
      assert.match(gateway.output, /child ended .*reason=/);

      const next = await connect(gateway.url());
      assert.equal(await callText(next, 'echo', { message: 'again' }), 'Echo: again');
      await Promise.all([next, neighbour].map((client) => client.close()));
    }));
  }

  test('crash after crash: the gateway stays, no zombie stays', withGateway({}, async (gateway) => {
    for (let round = 0; round < 4; round++) {
      const client = await connect(gateway.url());
      await failure(client.callTool({ name: 'crash', arguments: {} }));
      await client.close().catch(() => {});
    }
    const { descendants } = await import('./lib/gateway.mjs');
    await until(() => descendants(gateway.pid).every((child) => child.state !== 'Z'), 'no zombie');
  }));
});

describe('no child survives', () => {
  test('one that ignores SIGTERM and its own child end with the gateway', async () => {
    const folder = workFolder();
    const pids = join(folder, 'pids');
    const gateway = await start((port) => mcpConfig(port, { args: [fixture, '--ignore-term', '--grandchild', '--pid', pids] }), { folder });
    const client = new RawClient(gateway.port);
    await client.initialize();
    const started = readFileSync(pids, 'utf8').split('\n').filter(Boolean).map(Number);
    assert.equal(started.length, 2);
    await gateway.stop();
    assert.deepEqual(started.filter(isRunning), []);
  });

  test('kill -9 of the gateway leaves no orphan after two seconds', async () => {
    const gateway = await start((port) => mcpConfig(port, { cmd: 'node', args: [everything2025, 'stdio'] }));
    const clients = await Promise.all([connect(gateway.url()), connect(gateway.url())]);
    await Promise.all(clients.map((client) => callText(client, 'echo', { message: 'm' })));
    assert.ok(gateway.children().length >= 2);
    const children = gateway.everyProcess();
    gateway.signal('SIGKILL');
    await gateway.exit;
    await until(() => children.filter(isAlive).length === 0, 'the children end', 2000);
  });

  test('a second SIGTERM ends at once, children included', async () => {
    const gateway = await start((port) => mcpConfig(port));
    const client = await connect(gateway.url());
    client.callTool({ name: 'slow', arguments: { ms: 20000 } }).catch(() => {});
    await until(() => gateway.children().length > 0, 'a child');
    await new Promise((done) => setTimeout(done, 200));
    const children = gateway.everyProcess();
    gateway.signal('SIGTERM');
    await new Promise((done) => setTimeout(done, 300));
    assert.equal(gateway.ended, undefined, 'it waits for the call');
    const begin = Date.now();
    gateway.signal('SIGTERM');
    await gateway.waitForExit(3000);
    assert.ok(Date.now() - begin < 3000 * patience);
    await until(() => children.filter(isAlive).length === 0, 'the children end', 2000);
    gateway.assertClean();
  });
});

describe('children that are started before they are needed', () => {
  const spare = (port, { limits = '', wanted = 1, name = 'everything' } = {}) => `config: { workerThreads: 1${limits && `, limits: { ${limits} }`} }${mcpConfig(port, { name }).trimEnd()}\n              spareChildren: ${wanted}\n`;
  const pidOf = async (client) => JSON.parse(await callText(client, 'process')).pid;
  const spares = (gateway, taken) => gateway.children().map((child) => child.pid).filter((pid) => !taken.includes(pid));

  test('there are none before the first session; the next one takes the one that is there', async () => {
    const gateway = await start((port) => spare(port));
    try {
      assert.deepEqual(gateway.children(), []);
      const first = await connect(gateway.url());
      const one = await pidOf(first);
      await until(() => spares(gateway, [one]).length === 1, 'a spare child', 10000);
      const [waiting] = spares(gateway, [one]);
      const second = await connect(gateway.url());
      assert.equal(await pidOf(second), waiting);
      assert.equal(await callText(second, 'echo', { message: 'warm' }), 'Echo: warm');
      await until(() => spares(gateway, [one, waiting]).length === 1, 'another spare child', 10000);
      await first.close();
      await second.close();
    } finally { await gateway.stop(); }
  });

  test('one that died is not taken', async () => {
    const gateway = await start((port) => spare(port));
    try {
      const first = await connect(gateway.url());
      const one = await pidOf(first);
      await until(() => spares(gateway, [one]).length === 1, 'a spare child', 10000);
      const [dead] = spares(gateway, [one]);
      process.kill(dead, 'SIGKILL');
      const second = await connect(gateway.url());
      assert.notEqual(await pidOf(second), dead);
      await first.close();
      await second.close();
    } finally { await gateway.stop(); }
  });

  test('it counts as nobody\'s until it is taken, and takes no place from who needs one', async () => {
    const gateway = await start((port) => spare(port, { limits: 'maxChildrenPerCaller: 2, maxChildren: 4', wanted: 4 }));
    try {
      const first = await connect(gateway.url());
      await until(() => gateway.children().length === 2, 'a spare child, up to half of all', 10000);
      const second = await connect(gateway.url());
      await sleep(300);
      assert.equal(gateway.children().length, 2);
      assert.match((await failure(connect(gateway.url()))).message, /too many child processes/);
      await first.close();
      await second.close();
    } finally { await gateway.stop(); }
  });

  test('it ends when its target is gone', async () => {
    const gateway = await start((port) => spare(port));
    try {
      const first = await connect(gateway.url());
      const one = await pidOf(first);
      await until(() => spares(gateway, [one]).length === 1, 'a spare child', 10000);
      gateway.write(spare(gateway.port, { name: 'other' }));
      await until(() => gateway.children().length === 0, 'all children of the old target end', 15000);
      await first.close().catch(() => {});
    } finally { await gateway.stop(); }
  });
});
