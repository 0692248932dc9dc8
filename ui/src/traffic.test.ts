import { expect, test } from 'vitest';
import type { Traffic } from './api/types';
import { filterOf } from './traffic';

const row: Traffic = {
  time: '2026-01-01T00:00:00Z',
  kind: 'tool',
  name: 'printEnv',
  subject: 'alice',
  decision: 'deny',
  durationMs: 120,
  status: 200,
};

test.each([
  ['', true],
  ['decision:deny', true],
  ['decision:allow', false],
  ['tool:print sub:alice', true],
  ['prompt:print', false],
  ['ms>100', true],
  ['ms>=120 ms<=120', true],
  ['ms<100', false],
  ['-decision:deny', false],
  ['-tool:echo', true],
  ['ALICE', true],
  ['bob', false],
])('the filter "%s" lets it through: %s', (text, isShown) => {
  const { test: passes, error } = filterOf(text);
  expect(error).toBe('');
  expect(passes(row)).toBe(isShown);
});

test('words are looked for in what the row shows, not in its numbers', () => {
  const numbered = { ...row, id: 4711, event: 'abcdef-4711' };
  expect(filterOf('4711').test(numbered)).toBe(false);
  expect(filterOf('printenv').test(numbered)).toBe(true);
});

test('who has no name is anonymous', () => {
  expect(filterOf('sub:anon').test({ time: '' })).toBe(true);
});

test('a field that is none is named, with those there are', () => {
  expect(filterOf('colour:red').error).toMatch(/^colour:red: .*decision/);
});
