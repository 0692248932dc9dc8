// Certificate authorities for tests, made when they run, and servers that speak TLS with their certificates.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createServer } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './gateway.mjs';

const openssl = (...args) => execFileSync('openssl', args, { stdio: 'pipe' });

/** An authority with a folder of its own; `file` is its certificate. */
export class Authority {
  constructor(name = 'authority') {
    this.folder = mkdtempSync(join(tmpdir(), 'agentgateway-tls-'));
    this.count = 0;
    this.file = join(this.folder, 'root.pem');
    this.key = join(this.folder, 'root.key');
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
      '-keyout', this.key, '-out', this.file, '-addext', 'keyUsage=critical,keyCertSign');
  }

  /** { key, cert } in PEM for `names`, as in 'DNS:localhost,IP:127.0.0.1'. */
  certify(names, days = '2') {
    const leaf = join(this.folder, `leaf${this.count++}`);
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=leaf', '-keyout', `${leaf}.key`, '-out', `${leaf}.csr`);
    writeFileSync(`${leaf}.ext`, `subjectAltName=${names}\n`);
    openssl('x509', '-req', '-in', `${leaf}.csr`, '-CA', this.file, '-CAkey', this.key, '-days', days, '-extfile', `${leaf}.ext`, '-out', `${leaf}.pem`);
    return { key: readFileSync(`${leaf}.key`), cert: readFileSync(`${leaf}.pem`) };
  }

  remove() { rmSync(this.folder, { recursive: true, force: true }); }
}

/** TLS on a free port in front of a server of this machine that speaks none. */
export async function wrapInTls(port, credentials, options = {}) {
  const sockets = new Set();
  const keep = (socket) => { sockets.add(socket); socket.on('close', () => sockets.delete(socket)).on('error', () => {}); };
  const wrapper = { port: await freePort(), connections: 0, refused: 0 };
  const server = createServer({ ...credentials, ...options }, (client) => {
    ++wrapper.connections;
    const inner = connect(port, '127.0.0.1');
    keep(client);
    keep(inner);
    client.pipe(inner).pipe(client);
    client.on('close', () => inner.destroy());
    inner.on('close', () => client.destroy());
  });
  server.on('tlsClientError', () => { ++wrapper.refused; });
  await new Promise((done, fail) => server.once('error', fail).listen(wrapper.port, '127.0.0.1', done));
  wrapper.stop = () => { for (const socket of sockets) socket.destroy(); server.close(); };
  return wrapper;
}
