// Runs the official conformance suite and keeps what it says, check by check.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../e2e/lib/gateway.mjs';

const modules = join(root, 'tests/e2e/node_modules');
/** The two published lines: 0.2 knows 2026-07-28, 0.1 is what most projects run. */
export const lines = { 0.2: join(modules, 'conformance/dist/index.js'), 0.1: join(modules, 'conformance-0.1/dist/index.js') };
const longestRun = 180000;

const ranks = { INFO: 0, SUCCESS: 0, SKIPPED: 1, WARNING: 2, FAILURE: 3 };
export const rankOf = (check) => ranks[check?.status] ?? 0;

/** What a run left in its folder: scenario -> check -> { status, why }, the worst status of checks with one id. */
function checksIn(folder, text) {
  const scenarios = {};
  for (const entry of readdirSync(folder)) {
    const file = join(folder, entry, 'checks.json');
    if (!existsSync(file)) continue;
    const name = entry.replace(/-\d{4}-\d\d-\d\dT[\dZ-]+$/, '').replace(/^server-/, '');
    const checks = (scenarios[name] ??= {});
    for (const { id, status, errorMessage } of JSON.parse(readFileSync(file, 'utf8'))) {
      if (ranks[status] >= rankOf(checks[id])) checks[id] = { status, why: String(errorMessage ?? '').replace(/\s+/g, ' ').slice(0, 300) };
    }
  }
  // A scenario that threw leaves no file.
  for (const [, name, why] of text.matchAll(/^Failed to run scenario (\S+?):\s*(.*)$/gm)) (scenarios[name] ??= {})[name] = { status: 'FAILURE', why };
  return scenarios;
}

/** Runs `conformance ARGS`: { scenarios, passed, failed, text }. `passed` and `failed` are the suite's own count. */
export function conformance(line, args, { env = {}, ms = longestRun } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [lines[line], ...args, '-o', folder], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env }, cwd: folder });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => { text += part; });
    const timer = setTimeout(() => child.kill('SIGKILL'), ms);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const scenarios = checksIn(folder, text);
      rmSync(folder, { recursive: true, force: true });
      if (signal) return fail(new Error(`the suite did not end within ${ms} ms:\n${text.slice(-2000)}`));
      if (Object.keys(scenarios).length === 0) return fail(new Error(`the suite ran nothing (exit ${code}):\n${text.slice(-2000)}`));
      const total = /^Total: (\d+) passed, (\d+) failed/m.exec(text) ?? /^Passed: (\d+)\/\d+, (\d+) failed/m.exec(text);
      return done({ scenarios, passed: Number(total?.[1]), failed: Number(total?.[2]), text });
    });
  });
}

/** Scenarios without a failure. */
export const clean = (scenarios) => Object.values(scenarios).filter((checks) => Object.values(checks).every((check) => check.status !== 'FAILURE')).length;

/** Checks that are worse in `through` than in `direct`, by "scenario/check": what they were, what they are, why. */
export function worse(direct, through) {
  const found = new Map();
  for (const [scenario, checks] of Object.entries(direct))
    for (const [id, was] of Object.entries(checks)) {
      const is = through[scenario]?.[id];
      // Checks that did not run because an earlier one failed are missing.
      if (!is && ['SUCCESS', 'SKIPPED'].includes(was.status)) found.set(`${scenario}/${id}`, { was: was.status, is: 'missing', why: '' });
      else if (is && rankOf(is) > rankOf(was)) found.set(`${scenario}/${id}`, { was: was.status, is: is.status, why: is.why });
    }
  for (const [scenario, checks] of Object.entries(through))
    for (const [id, is] of Object.entries(checks))
      if (!direct[scenario]?.[id] && rankOf(is) >= ranks.WARNING) found.set(`${scenario}/${id}`, { was: 'absent', is: is.status, why: is.why });
  return found;
}

/** The scenarios that a revision requires, as the suite lists them. */
export function required(revision, leg) {
  const file = join(modules, `conformance/requirements/${revision}.yaml`);
  if (!existsSync(file)) return undefined;
  const names = [];
  let section = '';
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, header] = /^(\w+):/.exec(line) ?? [];
    if (header) section = header;
    const [, name] = /^ {2}- (\S+)$/.exec(line) ?? [];
    if (name && section === leg) names.push(name);
  }
  return names;
}
