// Starts the real binary on a free port in a folder of its own and looks after it: bounded waits,
// ended by process id, no child left behind, no secret in anything it wrote.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, copyFileSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';

export const root = resolve(fileURLToPath(new URL('../../..', import.meta.url)));
export const binary = process.env.AGENTGATEWAY_BIN ?? join(root, 'build/release/agentgateway');
export const preset = process.env.AGENTGATEWAY_PRESET ?? 'release';
// Sanitizers make everything slower; waits are bounds, not expectations.
export const patience = preset === 'release' ? 1 : 4;
export const fixture = join(root, 'tests/peers/mcp_fixture.py');
export const everything2025 = join(root, 'tests/e2e/node_modules/everything-2025/dist/index.js');
export const everything2026 = join(root, 'tests/e2e/node_modules/everything-2026/dist/index.js');
export const token = (name) => secret(readFileSync(join(root, `manifests/jwt/${name}.key`), 'utf8').trim());

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Waits until `claim` is true, at most `ms` (times the preset's patience). */
export async function until(claim, what, ms = 5000) {
  const end = Date.now() + ms * patience;
  for (;;) {
    const value = await claim();
    if (value) return value;
    assert.ok(Date.now() < end, `${what}: not within ${ms * patience} ms`);
    await sleep(20);
  }
}

// -- secrets -------------------------------------------------------------------------------------

const secrets = new Set();

/** Registers a text that no gateway may ever write; returns it. */
export function secret(text) {
  secrets.add(text);
  // A part is as bad: the signature of a token, the middle of a cookie.
  const parts = text.split('.');
  if (parts.length === 3 && parts[2].length > 20) secrets.add(parts[2]);
  return text;
}

function assertNoSecrets(output) {
  for (const text of secrets) assert.ok(!output.includes(text), `the gateway wrote a secret: ${text.slice(0, 12)}...`);
}

// -- ports ---------------------------------------------------------------------------------------

let nextPort = 20000 + (process.pid % 480) * 24;
const firstPort = nextPort;

const isFree = (port) => new Promise((done) => {
  const server = createServer();
  server.once('error', () => done(false));
  server.listen(port, '0.0.0.0', () => server.close(() => done(true)));
});

/** A free port below the ephemeral range, from a block of this process. */
export async function freePort() {
  for (let tries = 0; tries < 200; tries++) {
    const port = nextPort++;
    if (nextPort >= firstPort + 24) nextPort = firstPort;
    if (await isFree(port)) return port;
  }
  throw new Error('no free port');
}

const accepts = (port) => new Promise((done) => {
  const socket = connect(port, '127.0.0.1');
  socket.once('connect', () => { socket.destroy(); done(true); });
  socket.once('error', () => done(false));
});

// -- processes -----------------------------------------------------------------------------------

function processTable() {
  const table = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const rest = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      table.set(Number(name), { pid: Number(name), state: rest[0], ppid: Number(rest[1]), pgid: Number(rest[2]), started: rest[19] });
    } catch { /* it has ended */ }
  }
  return table;
}

function commandOf(pid) {
  try { return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]; } catch { return ''; }
}

/** All processes below `pid`, at any depth. */
export function descendants(pid) {
  const table = processTable();
  const found = [];
  const below = new Set([pid]);
  for (let grown = true; grown;) {
    grown = false;
    for (const process of table.values()) {
      if (!below.has(process.pid) && below.has(process.ppid)) {
        below.add(process.pid);
        found.push(process);
        grown = true;
      }
    }
  }
  return found;
}

export const isAlive = (process) => {
  const now = processTable().get(process.pid);
  return now !== undefined && now.started === process.started && now.state !== 'Z';
};
export const isRunning = (pid) => { const now = processTable().get(pid); return now !== undefined && now.state !== 'Z'; };

// Many gateways run at the same time: each has its admin interface on a free port.
const surroundings = (env) => ({ ADMIN_ADDR: 'localhost:0', ...process.env, ...env });

// -- the gateway ---------------------------------------------------------------------------------

const running = new Set();
process.on('exit', () => { for (const gateway of running) gateway.process.kill('SIGKILL'); });
// How the runner ends a file that takes too long.
process.on('SIGTERM', () => process.exit(143));

export function workFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'agentgateway-e2e-'));
  mkdirSync(join(folder, 'manifests/jwt'), { recursive: true });
  copyFileSync(join(root, 'manifests/jwt/pub-key'), join(folder, 'manifests/jwt/pub-key'));
  return folder;
}

/** Makes `npx @modelcontextprotocol/server-everything` find the pinned version in the folder. */
export function offerEverything(folder, server = everything2025) {
  mkdirSync(join(folder, 'node_modules/@modelcontextprotocol'), { recursive: true });
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  symlinkSync(resolve(server, '../..'), join(folder, 'node_modules/@modelcontextprotocol/server-everything'));
  symlinkSync('../@modelcontextprotocol/server-everything/dist/index.js', join(folder, 'node_modules/.bin/mcp-server-everything'));
  writeFileSync(join(folder, 'package.json'), '{"name":"test","private":true}');
}

export class Gateway {
  constructor(child, port, folder) {
    this.process = child;
    this.pid = child.pid;
    this.port = port;
    this.folder = folder;
    this.output = '';
    this.exit = new Promise((done) => child.once('close', (code, signal) => {
      running.delete(this);
      this.ended = { code, signal };
      done(this.ended);
    }));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => { this.output += text; });
    }
    running.add(this);
  }

  /** Where its admin interface is, without a path. */
  async admin() {
    return until(() => /url=(http:\/\/[^ ]+)\/ui\b/.exec(this.output)?.[1], 'the admin interface opens', 15000);
  }
  url(path = '/mcp') { return `http://127.0.0.1:${this.port}${path}`; }
  get configPath() { return join(this.folder, 'config.yaml'); }
  /** The MCP servers it runs: not its own helper process that starts them. */
  children() { return descendants(this.pid).filter((child) => child.state !== 'Z' && commandOf(child.pid) !== binary); }
  everyProcess() { return descendants(this.pid).filter((child) => child.state !== 'Z'); }
  hasLine(pattern) { return this.output.split('\n').some((line) => pattern.test(line)); }

  /** Replaces the configuration as editors do: a new file, renamed over the old one. */
  write(text) {
    writeFileSync(this.configPath + '.new', text);
    renameSync(this.configPath + '.new', this.configPath);
  }

  async ready() {
    await until(async () => {
      assert.ok(!this.ended, `the gateway ended at once (${JSON.stringify(this.ended)}):\n${this.output}`);
      return accepts(this.port);
    }, 'the gateway accepts', 15000);
    return this;
  }

  signal(name) { this.process.kill(name); return this; }

  /** Waits for the end, at most `ms`. */
  async waitForExit(ms = 10000) {
    let timer;
    const late = new Promise((done) => { timer = setTimeout(() => done(null), ms * patience); });
    const ended = await Promise.race([this.exit, late]);
    clearTimeout(timer);
    if (!ended) {
      this.process.kill('SIGKILL');
      await this.exit;
      assert.fail(`the gateway did not end within ${ms * patience} ms:\n${this.output.slice(-4000)}`);
    }
    return ended;
  }

  assertClean() {
    for (const sign of ['AddressSanitizer', 'LeakSanitizer', 'ThreadSanitizer', 'runtime error:', 'Assertion', 'terminate called'])
      assert.ok(!this.output.includes(sign), `${sign} in the gateway's output:\n${this.output.slice(-6000)}`);
    assertNoSecrets(this.output);
  }

  /** SIGTERM, exit 0, nothing left of it, nothing secret written. */
  async stop() {
    try {
      if (this.ended) assert.fail(`the gateway had ended before (${JSON.stringify(this.ended)}):\n${this.output.slice(-6000)}`);
      const children = this.everyProcess();
      this.signal('SIGTERM');
      const ended = await this.waitForExit(15000);
      assert.deepEqual(ended, { code: 0, signal: null }, `exit after SIGTERM:\n${this.output.slice(-6000)}`);
      assert.deepEqual(children.filter(isAlive), [], 'child processes left behind');
      this.assertClean();
    } finally {
      if (!this.ended) { this.process.kill('SIGKILL'); await this.exit; }
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}

/**
 * Starts the binary with `config` (text, or a function of the port); `args` replaces `-f config.yaml`, `descriptors`
 * is how many it may have.
 */
export async function start(config, { args, env = {}, folder = workFolder(), port, wait = true, descriptors } = {}) {
  port ??= await freePort();
  assert.ok(existsSync(binary), `no binary at ${binary}`);
  if (config !== undefined) writeFileSync(join(folder, 'config.yaml'), typeof config === 'function' ? config(port) : config);
  const command = [binary, ...(args ?? ['-f', 'config.yaml'])];
  if (descriptors) command.unshift('bash', '-c', `ulimit -n ${descriptors}; exec "$0" "$@"`);
  const child = spawn(command[0], command.slice(1), {
    cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: surroundings(env),
  });
  const gateway = new Gateway(child, port, folder);
  if (wait) await gateway.ready();
  return gateway;
}

/** Runs the binary to its end: { code, signal, output, stdout, stderr }. */
export function runToEnd(args, { input = '', folder = workFolder(), env = {}, ms = 10000 } = {}) {
  return new Promise((done, fail) => {
    const child = spawn(binary, args, { cwd: folder, env: surroundings(env), stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '', stderr = '';
    const timer = setTimeout(() => { child.kill('SIGKILL'); fail(new Error(`agentgateway ${args.join(' ')} did not end:\n${stdout}${stderr}`)); }, ms * patience);
    child.stdout.setEncoding('utf8').on('data', (text) => { stdout += text; });
    child.stderr.setEncoding('utf8').on('data', (text) => { stderr += text; });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.once('close', (code, signal) => { clearTimeout(timer); done({ code, signal, stdout, stderr, output: stdout + stderr }); });
  });
}

// -- configurations ------------------------------------------------------------------------------

export const indent = (text, spaces) => text.trimEnd().split('\n').map((line) => (line ? ' '.repeat(spaces) + line : line)).join('\n');
const quote = (value) => JSON.stringify(String(value));

export const jwtAuth = `
jwtAuth:
  issuer: agentgateway.dev
  audiences: [test.agentgateway.dev]
  jwks:
    file: ./manifests/jwt/pub-key`;

export const walkthroughRules = `
mcpAuthorization:
  rules:
  - 'mcp.tool.name == "echo"'
  - 'jwt.sub == "test-user" && mcp.tool.name == "add"'
  - 'mcp.tool.name == "printEnv" && jwt.nested.key == "value"'`;

/** One route with these policies to one stdio target. */
export const mcpConfig = (port, { policies = '', cmd = 'python3', args = [fixture], env, name = 'everything' } = {}) => `
binds:
- port: ${port}
  listeners:
  - routes:
    - ${policies ? `policies:\n${indent(policies.replace(/^\n/, ''), 8)}\n      ` : ''}backends:
      - mcp:
          name: default
          targets:
          - name: ${name}
            stdio:
              cmd: ${quote(cmd)}
              args: [${args.map(quote).join(', ')}]
${env ? `              env:\n${Object.entries(env).map(([key, value]) => `                ${key}: ${quote(value)}`).join('\n')}\n` : ''}`;

/** One route with these policies to one MCP backend; each target is a line of YAML. */
export const targetsConfig = (port, targets, { policies = '', more = '' } = {}) => `
binds:
- port: ${port}
  listeners:
  - routes:
    - ${policies ? `policies:\n${indent(policies.replace(/^\n/, ''), 8)}\n      ` : ''}backends:
      - mcp:
          targets: [${targets.join(', ')}]
          ${more}
`;

/** One route with these policies to one plain host. */
export const hostConfig = (port, upstream, policies = '') => `
binds:
- port: ${port}
  listeners:
  - routes:
    - ${policies ? `policies:\n${indent(policies.replace(/^\n/, ''), 8)}\n      ` : ''}backends:
      - host: 127.0.0.1:${upstream}
`;

/** What the fixture received: one parsed message per line. */
export const received = (file) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line)) : []);
