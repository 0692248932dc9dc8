// A client behind the gateway, as the suite starts it:  through.mjs URL  puts a gateway before that URL, then runs suite_client.mjs.
// What is wrong with the gateway itself is appended to the file that CONFORMANCE_TROUBLE names.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { start } from '../e2e/lib/gateway.mjs';
import { remoteConfig } from '../e2e/lib/remote.mjs';

const server = new URL(process.argv[2]).href;
let status = 1;
try {
  const gateway = await start((port) => remoteConfig(port, server));
  const client = spawn(process.execPath, [fileURLToPath(new URL('../e2e/lib/suite_client.mjs', import.meta.url)), gateway.url()], { stdio: 'inherit' });
  status = await new Promise((done) => client.once('close', (code) => done(code ?? 1)));
  await gateway.stop();
} catch (error) {
  if (process.env.CONFORMANCE_TROUBLE) appendFileSync(process.env.CONFORMANCE_TROUBLE, `${process.env.MCP_CONFORMANCE_SCENARIO}: ${error.message}\n`);
}
process.exit(status);
