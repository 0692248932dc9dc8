// The filter of the page "Live traffic": words that must occur, and `field:value` pairs.
import type { Traffic } from './api/types';

type Test = (row: Traffic) => boolean;

const fields: Record<string, (row: Traffic) => string | undefined> = {
  decision: (row) => row.decision,
  tool: (row) => (row.kind === 'tool' ? row.name : undefined),
  prompt: (row) => (row.kind === 'prompt' ? row.name : undefined),
  resource: (row) => (row.kind === 'resource' ? row.name : undefined),
  name: (row) => row.name,
  sub: (row) => row.subject ?? 'anonymous',
  method: (row) => row.mcpMethod ?? row.method,
  target: (row) => row.target,
  route: (row) => row.route,
  session: (row) => row.session,
  status: (row) => (row.status === undefined ? undefined : String(row.status)),
  rule: (row) => row.rule,
};

const numbers: Record<string, (row: Traffic) => number | undefined> = {
  ms: (row) => row.durationMs,
  status: (row) => row.status,
};

// What stands in the row; not what the page and the gateway number it by.
const textOf = (row: Traffic) =>
  Object.entries(row)
    .flatMap(([key, value]) => (key === 'id' || key === 'event' ? [] : [String(value)]))
    .join('\n')
    .toLowerCase();

function testOf(word: string): Test | null {
  const compared = /^(ms|status)([<>]=?)(\d+(?:\.\d+)?)$/.exec(word);
  if (compared) {
    const [, field = '', sign, text] = compared;
    const bound = Number(text);
    return (row) => {
      const value = numbers[field]?.(row);
      if (value === undefined) return false;
      return sign === '>'
        ? value > bound
        : sign === '<'
          ? value < bound
          : sign === '>='
            ? value >= bound
            : value <= bound;
    };
  }
  const paired = /^(\w+):(.*)$/.exec(word);
  if (!paired) return (row) => textOf(row).includes(word.toLowerCase());
  const [, field = '', wanted = ''] = paired;
  const value = fields[field];
  return value ? (row) => (value(row) ?? '').toLowerCase().startsWith(wanted.toLowerCase()) : null;
}

/** A filter, or the first word that is none; a `-` in front of a word turns it round. */
export function filterOf(text: string): { test: Test; error: string } {
  const tests: Test[] = [];
  for (const word of text.trim().split(/\s+/).filter(Boolean)) {
    const isNot = word.startsWith('-') && word.length > 1;
    const test = testOf(isNot ? word.slice(1) : word);
    if (!test)
      return {
        test: () => true,
        error: `${word}: there is no such field; there are ${Object.keys(fields).join(', ')} and ms`,
      };
    tests.push(isNot ? (row) => !test(row) : test);
  }
  return { test: (row) => tests.every((one) => one(row)), error: '' };
}
