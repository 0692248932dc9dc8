import { expect, test } from 'vitest';
import type { Cell, Explained } from './api/types';
import { accessChanges, matrixCsv, matrixMarkdown } from './explain';

const cell = (decision: 'allow' | 'deny'): Cell => ({ decision, reason: '', rule: null, outcomes: [] });
const matrix = (rows: Record<string, ('allow' | 'deny')[]>, tools: string[]): Explained => ({
  revision: 'r',
  route: { id: 'x', name: 'x', listener: 'x', port: 1 },
  rules: [],
  subjects: tools.map((name) => ({ kind: 'tool', name })),
  identities: Object.keys(rows).map((name) => ({
    name,
    kind: 'anonymous',
    accepted: true,
    status: null,
    reason: null,
  })),
  cells: Object.values(rows).map((row) => row.map(cell)),
});

test('an edit that gives something away is found', () => {
  const before = matrix({ anonymous: ['allow', 'deny'], alice: ['allow', 'allow'] }, ['echo', 'add']);
  const after = matrix({ anonymous: ['allow', 'allow'], alice: ['deny', 'allow'] }, ['echo', 'add']);
  expect(accessChanges(before, after)).toEqual([
    { identity: 'anonymous', kind: 'tool', name: 'add', before: 'deny', after: 'allow' },
    { identity: 'alice', kind: 'tool', name: 'echo', before: 'allow', after: 'deny' },
  ]);
  expect(accessChanges(before, before)).toEqual([]);
});

test('a table for elsewhere cannot be run as a formula or break its rows', () => {
  const found = matrix({ '=cmd()': ['allow'] }, ['a"b|c']);
  expect(matrixCsv(found, [0])).toBe('"","a""b|c"\n"\'=cmd()","allow"');
  expect(matrixMarkdown(found, [0])).toBe('|  | a"b\\|c |\n| --- | --- |\n| =cmd() | allow |');
});
