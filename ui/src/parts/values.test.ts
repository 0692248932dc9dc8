import { expect, test } from 'vitest';
import { originOf } from './Settings';

test('a value comes from its line, from the whole that holds it, or is a default', () => {
  const at = (line: number) => ({ line, column: 1 });
  const origins = { jwks: at(3), 'jwks.file': at(4), audiences: at(5), rules: at(6), 'rules[0]': at(7) };
  expect(originOf(origins, 'jwks.file')?.line).toBe(4);
  expect(originOf(origins, 'jwks.keepFor')).toBeUndefined();
  expect(originOf(origins, 'audiences[1]')?.line).toBe(5);
  expect(originOf(origins, 'rules[0].allow')?.line).toBe(7);
  expect(originOf(origins, 'mode')).toBeUndefined();
});
