// For tests of gateways that share config.session.key.
import { randomBytes } from 'node:crypto';
import { secret, targetsConfig, until } from './gateway.mjs';
import { RawClient } from './mcp.mjs';

export const key = secret(randomBytes(32).toString('hex'));

/** A target over Streamable HTTP. */
export const remote = (url, name = 'remote') => `{ name: ${name}, mcp: { host: "${url}" } }`;
/** One route with these policies to these targets, as a function of the port. */
export const behind = (targets, { policies = '', session = `key: "${key}"`, mcp = '', limits = '', failureMode = '' } = {}) => (port) => `
config:
  session: { ${session} }
  mcp: { ${mcp} }
  limits: { ${limits} }
${targetsConfig(port, [targets].flat(), { policies, more: failureMode && `failureMode: ${failureMode}` })}`;

/** Has a gateway serve that configuration. */
export async function reload(gateway, text) {
  const done = () => gateway.output.split('configuration reloaded').length;
  const before = done();
  gateway.write(text);
  await until(() => done() > before, 'it is read again', 15000);
}

/** The client's session, presented to another gateway, or at another of its ports. */
export function at(gateway, client) {
  const other = new RawClient(gateway.port, { headers: client.headers, version: client.version });
  return Object.assign(other, { session: secret(client.session), id: 1000 });
}
/** What a tool said. */
export const text = (answer) => answer.message?.result?.content?.[0]?.text;
/** How many sessions a server of the SDK has had. */
export const sessions = (server) => new Set([...server.output.matchAll(/^[A-Z]+ ([0-9a-f-]{36}) /gm)].map(([, id]) => id)).size;
/** How many lines of a server's output are like that. */
export const count = (server, pattern) => server.output.split('\n').filter((line) => pattern.test(line)).length;

/** What `work` needs, ended whatever comes of it. */
export async function using(things, work) {
  const made = [];
  try {
    for (const make of things) made.push(await make());
    return await work(...made);
  } finally {
    for (const thing of made.reverse()) await (thing.stop ?? thing.kill).call(thing);
  }
}
