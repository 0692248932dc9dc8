// The corpora of HTTP/1.1 over real sockets: whole, cut at every place, and byte by byte. What is to
// be refused never reaches an upstream, and what reaches it can be read in one way only.
import { test, after, before, describe } from 'node:test';
import { readFileSync } from 'node:fs';
import assert from 'node:assert/strict';
import { fixture, freePort, jwtAuth, patience, start } from './lib/gateway.mjs';
import { corpus, inParallel, noCorpora, readAnswers, RecordingUpstream, settle, singles, splits, Wire, within } from './lib/wire.mjs';

const width = 250;  // connections at a time

const config = (ports, upstream) => `
config:
  logging: {level: error}
  limits: {headerTimeout: ${4 * patience}s, bodyTimeout: ${4 * patience}s}
binds:
- port: ${ports.exact}
  listeners:
  - routes:
    - hostnames: [gw.test]
      matches: [{path: {exact: /mcp}}]
      backends: [{host: "127.0.0.1:${upstream}"}]
- port: ${ports.any}
  listeners:
  - routes:
    - backends: [{host: "127.0.0.1:${upstream}"}]
- port: ${ports.token}
  listeners:
  - routes:
    - policies:
${jwtAuth.trim().split('\n').map((line) => `        ${line}`).join('\n')}
          mode: strict
      backends: [{host: "127.0.0.1:${upstream}"}]
- port: ${ports.mcp}
  listeners:
  - routes:
    - backends:
      - mcp:
          targets: [{name: t, stdio: {cmd: python3, args: ["${fixture}"]}}]
          dnsRebindingProtection: false
`;

// -- what a corpus says --------------------------------------------------------------------------

/** Where a case of http1-raw goes, as its set-up asks. */
function portOf(one, ports) {
  if (one.requires === 'jwt-strict route') return ports.token;
  // To a reader of HTTP it is one request; that its body is no JSON, an MCP route finds out.
  if (one.requires === 'mcp route' || one.name === 'chunk-smuggle-in-data') return ports.mcp;
  return ports.exact;
}

/** What is wrong with the statuses of the answers to a case of http1-raw. */
function wrongStatus(one, statuses) {
  const allowed = one.status ? (status) => one.status.includes(status) : undefined;
  // A request that is not complete is given up by time, on a connection that stays open.
  const refused = (status) => status === 408 || (allowed ? allowed(status) : status >= 400);
  if (one.expected === 'reject') return statuses.length > 1 || !statuses.every(refused);
  if (one.requires === 'mcp route') return statuses.length !== 1 || !isMcpAnswer(one, statuses[0]);
  if (one.expected === 'accept') return statuses.join() !== Array(one.max_forwarded).fill(200).join();
  return statuses.length > 0 && !(statuses[0] === 200 || statuses[0] === 408 || !allowed || allowed(statuses[0]));
}

// These have no session: an MCP route that took the message says so.
const isMcpAnswer = (one, status) => status === 400 || (one.status ?? []).includes(status);

function raws(ports) {
  return corpus('http1-raw', 292).map((one) => ({
    name: one.name, bytes: one.bytes, port: portOf(one, ports), halfClose: one.then === 'half-close',
    mustClose: one.must_close, maxForwarded: portOf(one, ports) === ports.mcp ? 0 : one.max_forwarded,
    forbidden: one.forbidden_target,
    isWrong: (statuses) => wrongStatus(one, statuses),
  }));
}

const pauses = [5, 21, 22, 23, 24];  // codes with which llhttp stops without an error

/** Requests of llhttp's own tests. Those that llhttp refuses, or takes in its lenient modes only, must be refused. */
function llhttps(ports) {
  const found = [];
  for (const one of corpus('http1-llhttp', 207)) {
    if (!one.parser_mode.startsWith('request')) continue;
    const isError = one.llhttp_error !== null && !pauses.includes(one.llhttp_error.code);
    const mustRefuse = isError || (one.lenient && one.llhttp_error === null);
    const goesOn = /-(keep-alive|data-after-close)$/.test(one.parser_mode);  // after a message that closes
    let most = Infinity;
    if (mustRefuse) most = goesOn ? 1 : Math.max(one.messages_complete - (one.lenient ? 1 : 0), 0);
    // For want of a Host most are refused too early to tell: they are sent with one as well.
    const text = one.bytes.toString('latin1');
    const variants = [text];
    if (!/\nhost:/i.test(text) && text.includes(' HTTP/1.1\r\n')) variants.push(text.replace(' HTTP/1.1\r\n', ' HTTP/1.1\r\nHost: h\r\n'));
    for (const [index, variant] of variants.entries()) {
      found.push({
        name: `${one.name} ${one.parser_mode}${index ? ' with a Host' : ''}`, bytes: Buffer.from(variant, 'latin1'), port: ports.any,
        halfClose: false, mustClose: false, maxForwarded: most, isWrong: () => false,
      });
    }
  }
  assert.equal(new Set(found.map((one) => one.name.split(' ')[0])).size > 100, true);
  return found;
}

// -- the test ------------------------------------------------------------------------------------

const methodsOf = (text) => [...text.matchAll(/(?:^|\n|\})([A-Z]+) [^\r\n]* HTTP\//g)].map((match) => match[1]);
const finalStatuses = (one, wire) => {
  const { answers, rest } = readAnswers(wire.bytes, { methods: one.methods });
  assert.equal(rest, '', `${one.name}: an answer that is not complete`);
  return answers.map((answer) => answer.status).filter((status) => status >= 200);
};

describe('http1-raw and http1-llhttp over sockets', { skip: noCorpora }, () => {
  let upstream, gateway, cases;
  before(async () => {
    upstream = await new RecordingUpstream().start();
    const ports = { exact: await freePort(), any: await freePort(), token: await freePort(), mcp: await freePort() };
    gateway = await start(config(ports, upstream.port), { port: ports.exact });
    cases = [...raws(ports), ...llhttps(ports)];
    for (const one of cases) one.methods = methodsOf(one.bytes.toString('latin1'));
  });
  after(async () => {
    await gateway?.stop();
    upstream?.stop();
  });
  // Calls of read() by the gateway so far.
  const reads = () => Number(/^syscr: (\d+)/m.exec(readFileSync(`/proc/${gateway.pid}/io`, 'utf8'))[1]);
  const assertUnambiguous = (name) => assert.deepEqual(upstream.ambiguous, [], name);

  test('whole, then the end of the sender: each has its verdict and the upstream got what it may', async () => {
    for (const one of cases) {
      const wire = new Wire(one.port);
      await wire.opened;
      wire.end(one.bytes);
      await wire.finish();
      assert.ok(wire.isClosed, `${one.name}: not closed`);
      one.statuses = finalStatuses(one, wire);
      one.forwarded = upstream.take();
      assertUnambiguous(one.name);
      assert.ok(one.forwarded.length <= one.maxForwarded, `${one.name}: ${one.forwarded.length} requests forwarded`);
      assert.ok(!one.isWrong(one.statuses), `${one.name}: ${one.statuses}`);
      for (const text of one.forwarded) assert.ok(!one.forbidden || text.split(' ')[1] !== one.forbidden, `${one.name}: ${text}`);
    }
    assert.ok(cases.filter((one) => one.forwarded.length > 0).length > 60);
    assert.ok(cases.filter((one) => one.maxForwarded === 0).length > 200);
  });

  test('cut in two at every place: the same', async () => {
    let count = 0;
    const before = reads();
    for (const one of cases) {
      const cuts = splits(one.bytes);
      const statuses = one.statuses.join();
      await inParallel(Array.from({ length: Math.ceil(cuts.length / width) }, (_, at) => cuts.slice(at * width, (at + 1) * width)), 1, async (part) => {
        const wires = part.map(() => new Wire(one.port));
        await Promise.all(wires.map((wire) => wire.opened));
        wires.forEach((wire, at) => wire.write(part[at][0]));
        await settle();
        wires.forEach((wire, at) => wire.end(part[at][1]));
        await Promise.all(wires.map((wire) => wire.finish()));
        count += wires.length;
        wires.forEach((wire, at) => {
          assert.ok(wire.isClosed, `${one.name} cut at ${part[at][0].length}: not closed`);
          assert.equal(finalStatuses(one, wire).join(), statuses, `${one.name} cut at ${part[at][0].length}`);
        });
        const expected = part.flatMap(() => one.forwarded).sort();
        assert.deepEqual(upstream.take().sort(), expected, one.name);
        assertUnambiguous(one.name);
      });
    }
    assert.ok(count > 70_000, `${count} cuts`);
    // The two pieces and the end, nearly always: the pieces were not joined on the way.
    assert.ok(reads() - before > 2.7 * count, `${reads() - before} reads for ${count} cuts`);
  });

  // On connections that stay open: what is not complete is given up by time, and what must be closed is.
  const stayOpen = async (piecesOf) => {
    const wires = cases.map((one) => new Wire(one.port));
    await Promise.all(wires.map((wire) => wire.opened));
    const pieces = cases.map((one) => piecesOf(one.bytes));
    const most = Math.max(...pieces.map((list) => list.length));
    for (let round = 0; round < most; round++) {
      wires.forEach((wire, at) => { if (round < pieces[at].length && !wire.isClosed) wire.write(pieces[at][round]); });
      // One turn of the loop sends to all of them; meanwhile the gateway reads.
      await new Promise((done) => setImmediate(done));
    }
    wires.forEach((wire, at) => { if (cases[at].halfClose) wire.end(); });
    const answered = (wire, one) => new Promise((done) => {
      const look = () => {
        const { answers } = readAnswers(wire.bytes, { isEnded: false, methods: one.methods });
        if (answers.filter((answer) => answer.status >= 200).length >= one.statuses.length) done();
      };
      wire.onData = look;
      look();
    });
    await inParallel(wires, wires.length, async (wire, at) => {
      const one = cases[at];
      const isOver = one.mustClose || one.statuses.length === 0 ? wire.ended : Promise.race([wire.ended, answered(wire, one)]);
      // Empty input is no request: the connection is simply idle.
      if (one.statuses.length === 0 && !one.mustClose) { wire.socket.destroy(); return; }
      assert.ok(await within(isOver, 15_000), `${one.name}: ${one.mustClose ? 'not closed' : 'not answered'}; so far ${wire.bytes.toString('latin1').slice(0, 300)}`);
      const { answers } = readAnswers(wire.bytes, { isEnded: wire.isClosed, methods: one.methods });
      const statuses = answers.map((answer) => answer.status).filter((status) => status >= 200);
      wire.socket.destroy();
      const said = statuses.map((status, index) => (status === 408 && one.statuses[index] === 400 ? 400 : status));
      assert.equal(said.join(), one.statuses.join(), one.name);
    });
    assert.deepEqual(upstream.take().sort(), cases.flatMap((one) => one.forwarded).sort());
    assertUnambiguous('');
  };

  test('whole, on a connection that stays open: the same', () => stayOpen((bytes) => [bytes]));
  test('byte by byte: the same', () => stayOpen(singles));

  test('the gateway is well', async () => {
    const wire = new Wire(cases[0].port);
    await wire.opened;
    wire.end(cases[0].bytes);
    await wire.finish();
    assert.deepEqual(finalStatuses(cases[0], wire), [200]);
  });
});
