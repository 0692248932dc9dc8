import { expect, test } from 'vitest';
import { decoded, expiryText } from './jwt';

const encode = (value: unknown) =>
  btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '');

test('a token is decoded, also with letters that are not Latin', () => {
  const token = `${encode({ alg: 'ES256' })}.${encode({ sub: 'Žofie ✓' })}.x`;
  expect(decoded(` ${token}\n`)).toEqual({ header: { alg: 'ES256' }, claims: { sub: 'Žofie ✓' } });
});

test.each([
  '',
  'garbage',
  'a.b',
  'a.b.c',
  '..',
  `${encode([])}.${encode({})}.x`,
  `${encode({})}.${encode('x')}.x`,
])('%s is no token', (text) => {
  expect(decoded(text)).toBeNull();
});

test('the expiry is told in one unit', () => {
  expect(expiryText({}, 0)).toBe('never expires');
  expect(expiryText({ exp: 90 }, 0)).toBe('expires in 1 minute');
  expect(expiryText({ exp: 0 }, 3 * 86400)).toBe('has expired 3 days ago');
});
