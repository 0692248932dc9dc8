// Rows in which the suite plays the server: what it sees of a client directly, and of one behind the gateway.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../e2e/lib/gateway.mjs';
import { conformance } from './suite.mjs';

const longestScenario = 90000;
const program = (path) => `${process.execPath} ${path}`;
const client = program(join(root, 'tests/e2e/lib/suite_client.mjs'));
const through = program(fileURLToPath(new URL('through.mjs', import.meta.url)));

const scenarios = {
  '2025-11-25': ['initialize', 'tools_call', 'elicitation-sep1034-client-defaults', 'sse-retry', 'json-schema-2020-12-preservation'],
  '2026-07-28': ['tools_call', 'request-metadata', 'sep-2322-client-request-state', 'http-standard-headers', 'http-custom-headers', 'http-invalid-tool-headers', 'json-schema-ref-no-deref', 'json-schema-2020-12-preservation'],
};

/** All scenarios of a revision, one after the other: they measure times. */
async function play(revision, command, env) {
  const sum = { scenarios: {}, passed: 0, failed: 0 };
  for (const name of scenarios[revision]) {
    const run = await conformance(0.2, ['client', '--command', command, '--scenario', name, '--spec-version', revision, '--timeout', String(longestScenario)], { env });
    Object.assign(sum.scenarios, { [name]: Object.values(run.scenarios)[0] });
    sum.passed += run.passed;
    sum.failed += run.failed;
  }
  return sum;
}

/** The same with a gateway between; an unclean end of it is an error. */
async function playThrough(revision, env) {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  const trouble = join(folder, 'trouble');
  try {
    const sum = await play(revision, through, { ...env, CONFORMANCE_TROUBLE: trouble });
    if (existsSync(trouble)) throw new Error(readFileSync(trouble, 'utf8'));
    return sum;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const direct = new Map();
const eraOf = { '2025-11-25': 'legacy', '2026-07-28': 'modern' };

export const clientRows = [['legacy', '2025-11-25'], ['modern', '2026-07-28'], ['modern', '2025-11-25'], ['legacy', '2026-07-28']].map(([era, revision]) => ({
  name: `${era} client to ${revision}`,
  async run() {
    if (!direct.has(revision)) direct.set(revision, play(revision, client, { CLIENT_ERA: eraOf[revision] }));
    return { base: await direct.get(revision), through: await playThrough(revision, { CLIENT_ERA: era }), needed: scenarios[revision] };
  },
}));
