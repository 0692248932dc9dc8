// No case of a corpus is an amplifier: for each request it holds the gateway needs at most four times
// the limit of a body in memory, and to refuse one of less than 10 KiB at most 20 ms of a processor.
import { test, after, before, describe } from 'node:test';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { freePort, fixture, patience, preset, start } from './lib/gateway.mjs';
import { accept, RawClient } from './lib/mcp.mjs';
import { corpus, lines, noCorpora, readAnswers, RecordingUpstream, Wire } from './lib/wire.mjs';

const bodyBytes = 2 << 20;
const memoryMax = 4 * bodyBytes;
// The index of tokens while a message is read, of which each worker has at most one, is up to four
// bytes a byte of text: a message that is nothing but tokens needs it all.
const memoryMaxOfLargest = 6 * bodyBytes;
const smallBytes = 10 << 10;
const refusedWithin = 20e6 * patience;  // nanoseconds of processor time, median of `rounds`
const rounds = 20;
const isPlain = preset === 'release';  // sanitizers keep what is freed, and everything is larger

const config = (ports, upstream) => `
config:
  logging: {level: error}
  workerThreads: 1
binds:
- port: ${ports.http}
  listeners:
  - routes: [{backends: [{host: "127.0.0.1:${upstream}"}]}]
- port: ${ports.mcp}
  listeners:
  - routes:
    - policies:
        mcpAuthorization:
          rules: ['mcp.tool.name == "echo"', 'mcp.prompt.name == "public_prompt"', 'mcp.resource.name == "file:///public"']
      backends:
      - mcp:
          targets: [{name: alpha, stdio: {cmd: python3, args: ["${fixture}"]}}]
          dnsRebindingProtection: false
`;

const bytesOf = (one) => {
  if (one.repeat) {
    const { unit_b64: unit, times, suffix_b64: suffix } = one.repeat;
    return Buffer.concat([...Array(times).fill(Buffer.from(unit, 'base64')), Buffer.from(suffix, 'base64')]);
  }
  const packed = one.body_gzip_b64 ?? one.bytes_gzip_b64;
  return packed ? gunzipSync(Buffer.from(packed, 'base64')) : Buffer.from(one.body_b64 ?? one.bytes_b64 ?? '', 'base64');
};

describe('amplification', { skip: noCorpora }, () => {
  let upstream, gateway, ports, session;
  before(async () => {
    upstream = await new RecordingUpstream().start();
    ports = { http: await freePort(), mcp: await freePort() };
    gateway = await start(config(ports, upstream.port), { port: ports.http });
    const client = new RawClient(ports.mcp);
    await client.initialize();
    session = client.session;
    for (let i = 0; i < 50; i++) await client.tool('echo', { message: 'warm' });
  });
  after(async () => {
    await gateway?.stop();
    upstream?.stop();
  });

  /** Nanoseconds of processor time of all threads so far. */
  const spent = () => readdirSync(`/proc/${gateway.pid}/task`).reduce((sum, thread) =>
    sum + Number(readFileSync(`/proc/${gateway.pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]), 0);
  const memory = (name) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))[1]);

  /** Sends one request on a connection of its own and measures what it cost. */
  async function cost(port, bytes) {
    writeFileSync(`/proc/${gateway.pid}/clear_refs`, '5');  // the high-water mark becomes what is used now
    const held = memory('VmRSS'), began = spent();
    const wire = new Wire(port);
    await wire.opened;
    wire.end(bytes);
    await wire.finish(10_000);
    const { answers } = readAnswers(wire.bytes);
    const isRefused = answers.length === 0 || answers.some((one) => one.status >= 400 || one.body.includes('"error"'));
    return { nanoseconds: spent() - began, bytes: memory('VmHWM') - held, isRefused };
  }

  const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

  /** Checks all requests: [name, port, bytes]. */
  async function check(requests, bytesMax = memoryMax) {
    let worst = 0, most = 0;
    for (const [name, port, bytes] of requests) {
      const once = await cost(port, bytes);
      if (isPlain) assert.ok(once.bytes <= bytesMax, `${name}: ${once.bytes} bytes of memory for ${bytes.length}`);
      most = Math.max(most, once.bytes);
      if (!once.isRefused || bytes.length >= smallBytes) continue;
      let needed = once.nanoseconds;
      // One that is far below the limit once need not be repeated.
      if (needed > refusedWithin / 10) {
        const costs = [needed];
        while (costs.length < rounds) costs.push((await cost(port, bytes)).nanoseconds);
        needed = median(costs);
      }
      worst = Math.max(worst, needed);
      assert.ok(needed <= refusedWithin, `${name}: ${needed / 1e6} ms of processor time to refuse it`);
    }
    return `at most ${Math.round(most / 1024)} KiB, and ${(worst / 1e6).toFixed(2)} ms to refuse a small one`;
  }

  const message = (body, headers = {}) => {
    const fields = { host: 'h', ...accept, 'mcp-session-id': session, 'mcp-protocol-version': '2025-06-18', ...headers, 'content-length': body.length };
    const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return Buffer.concat([Buffer.from(`POST /mcp HTTP/1.1\r\n${head}\r\n`, 'latin1'), body]);
  };
  const inArguments = (body) => message(Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"admin_delete","arguments":'), body, Buffer.from('}}')]));

  test('http1-raw and http1-llhttp', async (t) => {
    const cases = [...corpus('http1-raw', 292), ...corpus('http1-llhttp', 207).filter((one) => one.parser_mode.startsWith('request'))];
    t.diagnostic(await check(cases.map((one) => [one.name, ports.http, one.bytes])));
  });
  test('json-parsing, as a message and within the arguments of one', async (t) => {
    const cases = [...lines('json-parsing', 'parsing.jsonl', 264), ...lines('json-parsing', 'transform.jsonl', 14)];
    t.diagnostic(await check(cases.flatMap((one) => {
      const bytes = bytesOf(one);
      return [[one.name, ports.mcp, message(bytes)], [`${one.name} in arguments`, ports.mcp, inArguments(bytes)]];
    })));
  });
  test('mcp-messages', async (t) => {
    const cases = lines('mcp-messages', 'cases.jsonl', 211);
    t.diagnostic(await check(cases.map((one) => [one.name, ports.mcp, message(bytesOf(one), Object.fromEntries(one.headers ?? []))])));
  });
  test('messages as large as they may be', async (t) => {
    const fill = (unit, total) => unit.repeat(Math.floor(total / unit.length));
    const room = bodyBytes - 1024;
    const bodies = {
      'one string': `"${fill('x', room)}"`,
      escapes: `"${fill('\\u00e9', room)}"`,
      'one number': fill('9', room),
      'small numbers': `[${fill('1,', room)}1]`,
      'empty objects': `[${fill('{},', room)}{}]`,
      names: `{${Array.from({ length: 90_000 }, (_, at) => `"k${at}":1`).join()}}`,
      'white space': `[${fill(' ', room)}]`,
    };
    t.diagnostic(await check(Object.entries(bodies).flatMap(([name, text]) => [
      [name, ports.mcp, message(Buffer.from(text))], [`${name} in arguments`, ports.mcp, inArguments(Buffer.from(text))]]), memoryMaxOfLargest));
  });
});
