// MCP servers over Streamable HTTP for the gateway to reach: started on a free port, ended by id.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { freePort, root, until } from './gateway.mjs';

const running = new Set();
process.on('exit', () => { for (const child of running) child.kill('SIGKILL'); });

export const remoteFixture = join(root, 'tests/peers/mcp_http_fixture.py');
export const sdkServer = join(root, 'tests/e2e/lib/sdk_server.mjs');
export const taskServer = join(root, 'tests/e2e/lib/task_server.mjs');
export const modernTaskServer = join(root, 'tests/e2e/lib/modern_task_server.mjs');

const answers = async (port) => {
  try { await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'OPTIONS' }); return true; } catch { return false; }
};

/** A server that can be killed and started again on its port. */
export class RemoteServer {
  constructor(port, command) { Object.assign(this, { port, command }); }

  get url() { return `http://127.0.0.1:${this.port}/mcp`; }

  async start() {
    const [cmd, ...args] = this.command(this.port);
    const child = spawn(cmd, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PORT: String(this.port) } });
    this.output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { this.output += text; });
    child.exited = new Promise((done) => child.once('close', () => { running.delete(child); done(); }));
    running.add(child);
    this.child = child;
    await until(() => answers(this.port), 'the server answers', 15000);
    return this;
  }

  async kill() {
    this.child?.kill('SIGKILL');
    await this.child?.exited;
  }
}

const serve = async (command) => new RemoteServer(await freePort(), command).start();
/** server-everything of that path. */
export const serveEverything = (path) => serve(() => ['node', path, 'streamableHttp']);
export const serveSdk = (...args) => serve((port) => ['node', sdkServer, String(port), ...args]);
export const serveTasks = () => serve((port) => ['node', taskServer, String(port)]);
export const serveModernTasks = () => serve((port) => ['node', modernTaskServer, 'http', String(port)]);
export const serveFixture = (...args) => serve((port) => ['python3', remoteFixture, '--port', String(port), ...args]);

/** One route with these policies to that URL. */
export const remoteConfig = (port, url, policies = '') => `
binds:
- port: ${port}
  listeners:
  - routes:
    - ${policies ? `policies:\n${policies.trim().split('\n').map((line) => ' '.repeat(8) + line).join('\n')}\n      ` : ''}backends:
      - mcp:
          name: default
          targets:
          - name: remote
            mcp:
              host: ${url}
`;
