// Answers of upstreams over real sockets: whole, cut at every place, and byte by byte. Each is passed
// on, refused, or visibly cut, and the next request of somebody else gets its own answer.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { patience, start } from './lib/gateway.mjs';
import { corpus, inParallel, noCorpora, PlayingUpstream, readAnswers, singles, splits, Wire, within } from './lib/wire.mjs';

const pauses = [5, 21, 22, 23, 24];  // codes with which llhttp stops without an error

// Each lane is a path to an address of its own, and so has connections of its own: what follows a
// complete answer can meet the next request of its lane only.
const lanes = 64;
const upstreamConfig = (port, upstream) => `
config:
  logging: {level: error}
  limits: {upstreamBodyTimeout: ${2 * patience}s}
binds:
- port: ${port}
  listeners:
  - routes:
${Array.from({ length: lanes }, (_, lane) => `
    - matches: [{path: {exact: /${lane}}}]
      policies: {timeout: {backendRequestTimeout: ${3 * patience}s}}
      backends: [{host: "127.0.1.${lane + 1}:${upstream}"}]`).join('')}
`;

/** Answers of llhttp's own tests; those that llhttp refuses, or takes in its lenient modes only, must be refused. */
function llhttpAnswers() {
  return corpus('http1-llhttp', 207).filter((one) => one.parser_mode.startsWith('response')).map((one) => {
    const isError = one.llhttp_error !== null && !pauses.includes(one.llhttp_error.code);
    const mustRefuse = isError || (one.lenient && one.llhttp_error === null);
    const goesOn = /-(keep-alive|data-after-close)$/.test(one.parser_mode);
    const most = goesOn ? 1 : one.messages_complete - (one.lenient ? 1 : 0);
    return { ...one, category: 'llhttp', then: 'close', expected: mustRefuse && most <= 0 ? 'bad_gateway' : 'any' };
  });
}

// What a case says about the body of an answer is for a reader of JSON-RPC; here it passes as it is.
const isAboutBody = (one) => one.category === 'body';
// Complete answers that more follows. It ends the connection if it comes before the next request;
// what comes later cannot be told from an answer in HTTP/1.1, so the next request waits.
const hasMore = (one) => one.category === 'llhttp' || one.name === '202-with-garbage' || one.name === 'extra-response-queued';

describe('http1-upstream-responses and http1-llhttp over sockets', { skip: noCorpora }, () => {
  let upstream, gateway, cases;
  before(async () => {
    upstream = await new PlayingUpstream().start();
    gateway = await start((port) => upstreamConfig(port, upstream.port));
    cases = [...corpus('http1-upstream-responses', 82), ...llhttpAnswers()];
    assert.equal(cases.length, 153);
    assert.ok(cases.filter((one) => one.expected === 'bad_gateway').length > 75);
  });
  after(async () => {
    await gateway?.stop();
    upstream?.stop();
  });

  /** One request of somebody; { status, body, isCut, head } as its sender sees the answer. */
  async function ask(lane, fields, ms = 10_000) {
    const wire = new Wire(gateway.port);
    await wire.opened;
    wire.end(`POST /${lane} HTTP/1.1\r\nHost: gw.test\r\n${fields}Content-Length: 2\r\n\r\n{}`);
    await wire.finish(ms);
    assert.ok(wire.isClosed, `no end of the answer to ${fields}: ${wire.bytes.toString('latin1').slice(0, 300)}`);
    const { answers, rest } = readAnswers(wire.bytes);
    assert.ok(answers.length <= 1, `${answers.length} answers to ${fields}`);
    return answers.length === 1 && rest === '' ? { ...answers[0], isCut: false } : { isCut: true, head: rest };
  }

  let plays = 0;
  /** Plays the pieces to one request, then asks as another user, whose answer must be his own. */
  async function play(lane, one, pieces) {
    const id = `${++plays}`;
    const closed = new Promise((done) => upstream.scripts.set(id, { pieces, then: one.then, closed: done }));
    const answer = await ask(lane, `x-play: ${id}\r\n`);
    const isBad = answer.isCut || answer.status === 502 || answer.status === 504;
    if (isBad || hasMore(one)) assert.ok(await within(closed, 5000), `${one.name}: the connection to the upstream is kept`);
    const next = await ask(lane, `x-mark: other-${id}\r\n`);
    assert.equal(next.body, `other-${id}`, `${one.name}: the next request`);
    upstream.scripts.delete(id);
    return answer;
  }

  /** `hadHead`: the head of the answer may have gone to the client before the fault in its body came. */
  function check(one, answer, name, hadHead = false) {
    const got = answer.isCut ? 'cut' : answer.status;
    if (isAboutBody(one)) return assert.equal(got, 200, name);
    const isGateway = answer.status === 502 || answer.status === 504;
    if (one.expected === 'bad_gateway') assert.ok(isGateway || (hadHead && answer.isCut), `${name}: ${got}`);
    if (one.expected === 'ok') assert.ok(!answer.isCut && !isGateway, `${name}: ${got}`);
    if (one.expected === 'ok_or_bad_gateway') assert.ok(!answer.isCut, `${name}: ${got}`);
    if (one.expected === 'truncate') assert.ok(answer.isCut || isGateway, `${name}: ${got}`);
    if (answer.isCut) return undefined;
    assert.ok(!/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(answer.head), `${name}: control characters in ${JSON.stringify(answer.head)}`);
    assert.ok(!/\r\nset-cookie: x=1/i.test(answer.head), `${name}: the answer was split`);
    assert.ok((answer.head.match(/\r\nmcp-session-id:/gi) ?? []).length <= 1, `${name}: two session ids`);
    return undefined;
  }

  const isPlayed = (one) => one.name !== 'unsolicited-before-request';
  /** Each job in a lane of its own. */
  const inLanes = async (jobs, each) => {
    const free = Array.from({ length: lanes }, (_, lane) => lane);
    await inParallel(jobs, lanes, async (job) => {
      const lane = free.pop();
      await each(lane, job);
      free.push(lane);
    });
  };

  test('whole: each is passed on, refused, or visibly cut', () => inLanes(cases.filter(isPlayed), async (lane, one) => {
    one.answer = await play(lane, one, one.bytes.length ? [one.bytes] : []);
    check(one, one.answer, one.name, one.category === 'llhttp' && one.bytes.includes('\r\n\r\n'));
  }));

  const sameAsWhole = (one, answer, name, hadHead) => {
    check(one, answer, name, hadHead);
    if (answer.isCut || one.answer.isCut) return;
    assert.equal(answer.status, one.answer.status, name);
    assert.equal(answer.body, one.answer.body, name);
  };
  test('cut in two at every place: the same', async () => {
    const jobs = cases.filter((one) => isPlayed(one) && one.then !== 'hang').flatMap((one) => splits(one.bytes).map((cut) => [one, cut]));
    assert.ok(jobs.length > 14_000, `${jobs.length} cuts`);
    await inLanes(jobs, async (lane, [one, cut]) =>
      sameAsWhole(one, await play(lane, one, cut), `${one.name} cut at ${cut[0].length}`, cut[0].includes('\r\n\r\n')));
  });

  test('byte by byte: the same', () => inLanes(cases.filter((one) => isPlayed(one) && one.bytes.length), async (lane, one) =>
    sameAsWhole(one, await play(lane, one, singles(one.bytes)), `${one.name} byte by byte`, one.bytes.includes('\r\n\r\n'))));

  test('bytes on an idle connection are nobody\'s answer', async () => {
    const [one] = cases.filter((each) => each.name === 'unsolicited-before-request');
    for (const pieces of [[one.bytes], singles(one.bytes)]) {
      await inParallel(Array(8).fill(), 8, async (_, at) => assert.equal((await ask(0, `x-mark: before-${at}\r\n`)).body, `before-${at}`));
      const idle = [...upstream.sockets];
      assert.ok(idle.length > 0);
      const closed = idle.map((socket) => new Promise((done) => { socket.onClosed = done; }));
      for (const piece of pieces) for (const socket of idle) if (!socket.destroyed) socket.write(piece);
      assert.ok(await within(Promise.all(closed), 5000), 'an idle connection that spoke is kept');
      assert.equal((await ask(0, 'x-mark: after\r\n')).body, 'after');
    }
  });
});
