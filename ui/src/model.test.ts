import { expect, test } from 'vitest';
import type { Policy } from './api/types';
import { letsAnonymousIn, matchText, summaryOf } from './model';

const policy = (kind: string, value: unknown): Policy => ({
  kind,
  value,
  from: 'route',
  path: 'p',
  line: 1,
  column: 1,
  origins: {},
});

test('a match is shown as the path it is for', () => {
  expect(matchText({ path: { pathPrefix: '/' } })).toBe('/*');
  expect(matchText({ path: { pathPrefix: '/a' } })).toBe('/a/*');
  expect(matchText({ path: { exact: '/a' } })).toBe('/a');
  expect(matchText({ path: { regex: '^/x' }, method: 'GET' })).toBe('regex ^/x · method GET');
  expect(matchText({})).toBe('/*');
  const header = { name: 'x-team', value: { exact: 'red' } };
  expect(matchText({ path: { exact: '/a' }, headers: [header] })).toBe('/a · headers x-team: red');
});

test('jwtAuth without a mode is optional, and is shown so', () => {
  expect(summaryOf(policy('jwtAuth', { issuer: 'me' }))).toBe('mode optional, issuer me');
  expect(summaryOf(policy('jwtAuth', { mode: 'strict', issuer: 'me', providers: [] }))).toBe(
    'mode strict, issuer me',
  );
  expect(letsAnonymousIn(policy('jwtAuth', {}))).toBe(true);
  expect(letsAnonymousIn(policy('jwtAuth', { mode: 'strict' }))).toBe(false);
});

test('a policy of an unknown kind is summed up by its fields', () => {
  expect(summaryOf(policy('somethingNew', { a: 1, b: [2] }))).toBe('a, b');
  expect(summaryOf(policy('mcpAuthorization', { rules: ['a', 'b'] }))).toBe('2 rules');
});
