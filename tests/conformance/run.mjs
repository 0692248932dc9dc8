// The official conformance suite, directly at a server and through the gateway: no check may be worse.
//
//   run.mjs [ROW...]     all rows, or those whose name begins so; `--list` names them, `-v` shows all that is worse
//
// A row is a server behind the gateway and what the suite asks of it. What is known to be worse stands in
// expected.json with its reason; anything else that is worse fails, and so does an entry that is not worse any more, unless
// its reason begins with "sometimes".
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, mcpConfig, root, start } from '../e2e/lib/gateway.mjs';
import { RemoteServer, remoteConfig, serveModernTasks, modernTaskServer } from '../e2e/lib/remote.mjs';
import { clean, conformance, required, worse } from './suite.mjs';
import { clientRows } from './clients.mjs';
import { inspect } from './inspector.mjs';

const server = join(root, 'tests/e2e/lib/suite_server.mjs');
const atOnce = 2;

const asked = {
  '2025-06-18': { line: 0.2, args: ['--suite', 'all', '--spec-version', '2025-06-18'], scenarios: 27 },
  '2025-11-25': { line: 0.2, args: ['--requirements', '2025-11-25'] },
  '2026-07-28': { line: 0.2, args: ['--requirements', '2026-07-28'] },
  '0.1': { line: 0.1, args: ['--suite', 'all'], scenarios: 32 },
};
const eraOf = (revision) => (revision === '2026-07-28' ? 'modern' : 'legacy');

/** Each is [server's era, its transport, what the suite speaks]. */
const combinations = [
  ['legacy', 'http', '2025-06-18'], ['legacy', 'http', '2025-11-25'], ['legacy', 'http', '0.1'],
  ['legacy', 'stdio', '2025-06-18'], ['legacy', 'stdio', '2025-11-25'],
  ['modern', 'http', '2026-07-28'], ['modern', 'stdio', '2026-07-28'],
  ['legacy', 'stdio', '2026-07-28'], ['legacy', 'http', '2026-07-28'],
  ['modern', 'http', '2025-06-18'], ['modern', 'http', '2025-11-25'], ['modern', 'stdio', '2025-11-25'],
];

/** Runs `work` with the URL of a server of that era, spoken to directly. */
async function withServer(era, work) {
  const remote = await new RemoteServer(await freePort(), (port) => [process.execPath, server, 'http', String(port), era]).start();
  try { return await work(`http://localhost:${remote.port}/mcp`); } finally { await remote.kill(); }
}

async function withGateway(config, work) {
  const gateway = await start(config);
  try { return await work(`http://localhost:${gateway.port}/mcp`); } finally { await gateway.stop(); }
}

/** A check waits 600 ms for the first event of a call that gets a process of its own. */
const childConfig = (port, era) => `${mcpConfig(port, { cmd: process.execPath, args: [server, 'stdio', era], name: 'suite' }).trimEnd()}
              spareChildren: 2
`;
const throughGateway = (era, transport, work) => (transport === 'stdio'
  ? withGateway((port) => childConfig(port, era), work)
  : withServer(era, (url) => withGateway((port) => remoteConfig(port, url), work)));

const runs = new Map();

/** The suite at a server of its own era without the gateway; once for each revision. */
function direct(revision) {
  if (!runs.has(revision)) runs.set(revision, withServer(eraOf(revision), (url) => conformance(asked[revision].line, ['server', '--url', url, ...asked[revision].args])));
  return runs.get(revision);
}

const serverRows = combinations.map(([era, transport, revision]) => ({
  name: `${revision} to ${era} ${transport}`,
  async run() {
    const base = await direct(revision);
    const through = await throughGateway(era, transport, (url) => conformance(asked[revision].line, ['server', '--url', url, ...asked[revision].args]));
    return { base, through, needed: required(revision, 'server'), scenarios: asked[revision].scenarios };
  },
}));

/** What the suite asks of tasks (an extension, so no revision requires it), of a server that has them. */
const taskScenarios = ['lifecycle', 'capability-negotiation', 'wire-fields', 'request-state-removal', 'mrtr-input', 'request-headers', 'dispatch-and-envelope', 'status-notifications', 'required-task-error', 'mrtr-composition'].map((name) => `tasks-${name}`);

async function askTasks(url) {
  const all = { scenarios: {}, passed: 0, failed: 0 };
  for (const name of taskScenarios) {
    const { scenarios, passed, failed } = await conformance(0.2, ['server', '--url', url, '--scenario', name]);
    Object.assign(all.scenarios, scenarios);
    all.passed += passed;
    all.failed += failed;
  }
  return all;
}

async function withTasks(work) {
  const remote = await serveModernTasks();
  try { return await work(`http://localhost:${remote.port}/mcp`); } finally { await remote.kill(); }
}

let tasksDirectly;
const taskRows = ['http', 'stdio'].map((transport) => ({
  name: `tasks of 2026-07-28 to modern ${transport}`,
  async run() {
    tasksDirectly ??= withTasks(askTasks);
    const through = transport === 'http'
      ? await withTasks((url) => withGateway((port) => remoteConfig(port, url), askTasks))
      : await withGateway((port) => mcpConfig(port, { cmd: process.execPath, args: [modernTaskServer, 'stdio'], name: 'tasks' }), askTasks);
    return { base: await tasksDirectly, through, scenarios: taskScenarios.length };
  },
}));

/** [the Inspector's era, the server's era]; a server of the Inspector's own era is what it is compared with. */
const inspections = [['legacy', 'legacy'], ['auto', 'legacy'], ['modern', 'modern'], ['auto', 'modern'], ['legacy', 'modern'], ['modern', 'legacy']];
const inspected = new Map();

function inspectDirectly(ofServer, era) {
  const name = `${ofServer} ${era}`;
  if (!inspected.has(name)) inspected.set(name, withServer(ofServer, (url) => inspect(url, era)));
  return inspected.get(name);
}

const inspectorRows = inspections.map(([era, ofServer]) => ({
  name: `Inspector, ${era}, to ${ofServer}`,
  async run() {
    const fitting = era === 'auto' ? ofServer : era;
    return { base: await inspectDirectly(fitting, era), through: await throughGateway(ofServer, 'http', (url) => inspect(url, era)), scenarios: 4 };
  },
}));

const expected = JSON.parse(readFileSync(new URL('expected.json', import.meta.url), 'utf8'));

const scored = (scenarios, needed) => (needed ? Object.fromEntries(Object.entries(scenarios).filter(([name]) => needed.includes(name))) : scenarios);
const figures = ({ scenarios, passed, failed }, needed) =>
  `${clean(scored(scenarios, needed))}/${needed?.length ?? Object.keys(scenarios).length}, ${passed}/${failed}`;

/** One row's line of the table, and what is wrong with it. */
async function judge(row, isVerbose) {
  const began = Date.now();
  const { base, through, needed, scenarios = needed?.length } = await row.run();
  // What fails without the gateway cannot be worse with it, and would show nothing.
  const bare = clean(scored(base.scenarios, needed));
  const isBroken = bare !== scenarios;
  const found = worse(base.scenarios, through.scenarios);
  // A text says why the row is not run; who asks for it nevertheless sees all.
  const known = typeof expected[row.name] === 'object' ? expected[row.name] : {};
  const fresh = [...found].filter(([check]) => !(check in known));
  const gone = Object.keys(known).filter((check) => !found.has(check) && !known[check].startsWith('sometimes'));
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(`${row.name.padEnd(32)} | ${figures(base, needed).padEnd(14)} | ${figures(through, needed).padEnd(14)} | ${String(found.size).padStart(3)} worse, ${found.size - fresh.length} known | ${seconds} s`);
  for (const [check, { was, is, why }] of isVerbose ? found : fresh) console.log(`    worse: ${check}: ${was} -> ${is} ${why}`);
  if (isBroken) console.log(`    without the gateway ${bare} scenarios are clean, not ${scenarios}: the suite or the server is broken`);
  for (const check of gone) console.log(`    no longer worse, take it out of expected.json: ${check}`);
  return fresh.length + gone.length + (isBroken ? 1 : 0);
}

const options = process.argv.slice(2).filter((word) => word.startsWith('-'));
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const rows = [...serverRows, ...taskRows, ...clientRows, ...inspectorRows].filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.startsWith(word)));

if (options.includes('--list')) {
  for (const { name } of rows) console.log(name);
} else {
  console.log(`${'row'.padEnd(32)} | direct         | through        |`);
  const left = rows.filter(({ name }) => wanted.length > 0 || typeof expected[name] !== 'string');
  for (const { name } of rows.filter((row) => !left.includes(row))) console.log(`${name.padEnd(32)} | not run: ${expected[name]}`);
  let wrong = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let row = left.shift(); row; row = left.shift()) {
      let found = 1;
      try { found = await judge(row, options.includes('-v')); } catch (error) { console.log(`${row.name}: ${error.message}`); }
      wrong += found;
    }
  }));
  console.log(wrong === 0 ? 'conformance: no check is worse through the gateway, but for those that are known' : `conformance: ${wrong} differences from what is expected`);
  process.exitCode = wrong === 0 ? 0 : 1;
}
