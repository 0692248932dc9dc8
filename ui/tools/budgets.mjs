// What the pages may weigh. A budget that has to grow is a decision, made here.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const dist = join(dirname(fileURLToPath(import.meta.url)), '../dist');
const kilo = 1024;
const budgets = {
  entry: 260 * kilo,
  css: 40 * kilo,
  chunk: 230 * kilo,
  all: 2.5 * kilo * kilo,
  embedded: 3 * kilo * kilo,
};

const gzipped = (path) => gzipSync(readFileSync(join(dist, path))).length;
const html = readFileSync(join(dist, 'index.html'), 'utf8');
const files = readdirSync(dist, { recursive: true }).filter((path) => statSync(join(dist, path)).isFile());
const bytes = (wanted) =>
  files.filter(wanted).reduce((sum, path) => sum + statSync(join(dist, path)).size, 0);

// The page loads at once what it names: scripts, what they import, style sheets.
const first = [...html.matchAll(/(?:src|href)="\/ui\/([^"]+)"/g)].map((match) => match[1]);
const isScript = (path) => path.endsWith('.js');
const sum = (paths) => paths.reduce((total, path) => total + gzipped(path), 0);
const lazy = files
  .filter((path) => isScript(path) && !first.includes(path))
  .map((path) => [gzipped(path), path])
  .sort((a, b) => b[0] - a[0]);

const found = [
  ['scripts of the first page, gzip', sum(first.filter(isScript)), budgets.entry],
  ['style sheets, gzip', sum(files.filter((path) => path.endsWith('.css'))), budgets.css],
  [`largest later script (${lazy[0]?.[1]}), gzip`, lazy[0]?.[0] ?? 0, budgets.chunk],
  ['all files', bytes((path) => !path.endsWith('.br')), budgets.all],
  ['what the binary holds', bytes(() => true), budgets.embedded],
];
for (const [what, size, budget] of found)
  console.log(
    `${size > budget ? 'TOO BIG ' : 'ok      '}${(size / kilo).toFixed(0).padStart(6)} of ${(budget / kilo).toFixed(0)} KB  ${what}`,
  );
if (found.some(([, size, budget]) => size > budget)) process.exitCode = 1;
