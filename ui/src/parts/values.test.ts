import { expect, test } from 'vitest';
import { isMisreadAs } from './rules';
import { differenceOf, isMisread, originOf, valuesBeside, valuesIn } from './values';

test('a value comes from its line, from the whole that holds it, or is a default', () => {
  const at = (line: number) => ({ line, column: 1 });
  const origins = { jwks: at(3), 'jwks.file': at(4), audiences: at(5), rules: at(6), 'rules[0]': at(7) };
  expect(originOf(origins, 'jwks.file')?.line).toBe(4);
  expect(originOf(origins, 'jwks.keepFor')).toBeUndefined();
  expect(originOf(origins, 'audiences[1]')?.line).toBe(5);
  expect(originOf(origins, 'rules[0].allow')?.line).toBe(7);
  expect(originOf(origins, 'mode')).toBeUndefined();
});

test('an edit that changes more than its value, or removes it, is seen', () => {
  const model = (value: unknown) => ({
    binds: [{ path: 'binds[0]', policies: [{ path: 'binds[0].p', value }] }],
  });
  const before = valuesIn(model({ mode: 'optional', issuer: 'a' }), 'binds[0].p');
  expect([...(before ?? [])]).toEqual([
    ['mode', 'optional'],
    ['issuer', 'a'],
  ]);
  const after = (value: unknown) =>
    isMisread(before ?? new Map(), valuesIn(model(value), 'binds[0].p'), 'mode');
  expect(after({ mode: 'strict', issuer: 'a' })).toBe(false);
  expect(after({ mode: 'strict', issuer: 'b' })).toBe(true);
  expect(after({ issuer: 'a' })).toBe(true);
  expect(after({ mode: 'strict', issuer: 'a', more: 1 })).toBe(true);
  expect(valuesIn(model({}), 'binds[1].p')).toBe(undefined);
});

test('rules that the gateway reads otherwise than the form has them are seen', () => {
  const rule = (was: number | null, key: string, value: string | null) => ({
    ...{ was, id: 0, key, value },
    ...{ isBare: false, source: '' },
  });
  const before = new Map([
    ['mode', 'a'],
    ['rules[0].allow', 'x'],
    ['rules[1].deny', 'y'],
  ]);
  const after = (entries: Record<string, string>) => new Map(Object.entries({ mode: 'a', ...entries }));
  const rules = [rule(1, 'deny', null), rule(null, 'allow', 'z')];
  const good = { 'rules[0].deny': 'y', 'rules[1].allow': 'z' };
  expect(isMisreadAs(before, after(good), rules)).toBe(false);
  expect(isMisreadAs(before, after({ ...good, mode: 'b' }), rules)).toBe(true);
  expect(isMisreadAs(before, after({ ...good, 'rules[0].deny': 'x' }), rules)).toBe(true);
  expect(isMisreadAs(before, after({ ...good, 'rules[1].allow': 'x' }), rules)).toBe(true);
  expect(isMisreadAs(before, after({ ...good, 'rules[2].allow': 'x' }), rules)).toBe(true);
  expect(isMisreadAs(before, undefined, rules)).toBe(true);
  expect(isMisreadAs(before, after({ rules: '' }), [])).toBe(false);
});

test('what an edit changes elsewhere, as one with an anchor does, is seen', () => {
  const model = (limit: number, ...rules: string[]) => ({
    config: { value: { limits: { memory: limit } }, origins: {} },
    binds: rules.map((rule, index) => ({
      path: `binds[${index}]`,
      line: limit + index,
      policies: [{ path: `binds[${index}].p`, value: { rules: [{ allow: rule }] }, origins: {} }],
    })),
  });
  const beside = (...all: Parameters<typeof model>) => valuesBeside(model(...all), 'binds[0].p');
  const before = beside(1, 'a', 'a');
  expect([...before]).toEqual([
    ['config.limits.memory', '1'],
    ['binds[1].p.rules[0].allow', 'a'],
  ]);
  expect(differenceOf(before, beside(1, 'b', 'a'))).toBe(null);
  expect(differenceOf(before, beside(1, 'b', 'b'))).toBe('binds[1].p.rules[0].allow');
  expect(differenceOf(before, beside(1, 'b'))).toBe('binds[1].p.rules[0].allow');
  expect(differenceOf(before, beside(2, 'b', 'a'))).toBe('config.limits.memory');
  // What holds it, and what it holds, are the edit's own; a name that only begins alike is not.
  const nested = { path: 'a.b', settings: { value: { x: 1 } } };
  expect(valuesBeside(nested, 'a.b.c').size).toBe(0);
  expect(valuesBeside(nested, 'a').size).toBe(0);
  expect([...valuesBeside(nested, 'a.bc')]).toEqual([['a.b.x', '1']]);
});
