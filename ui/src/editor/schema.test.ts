import { expect, test } from 'vitest';
import { fieldsAt, type JsonSchema, pathAt, schemasAt, wordsAt } from './schema';

const at = (text: string) => pathAt(text.replace('|', ''), text.indexOf('|'));

test.each([
  ['|', []],
  ['binds:\n- |', ['binds', 0]],
  ['binds:\n- port: 1\n  |', ['binds', 0]],
  ['binds:\n  - port: 1\n    |', ['binds', 0]],
  ['binds:\n- listeners:\n  - routes:\n    - |', ['binds', 0, 'listeners', 0, 'routes', 0]],
  [
    'binds:\n- listeners:\n  - routes:\n    - policies:\n        cors:\n          # words\n\n          |',
    ['binds', 0, 'listeners', 0, 'routes', 0, 'policies', 'cors'],
  ],
  ['a:\n  b: 1\nc:\n  |', ['c']],
  ['a:\n- x: 1\n- y:\n    |', ['a', 0, 'y']],
])('the place in %j is found', (text, path) => {
  expect(at(text)).toEqual(path);
});

const schema: JsonSchema = {
  properties: { binds: { items: { $ref: '#/$defs/bind' } } },
  $defs: { bind: { properties: { port: { type: 'integer', description: 'The port.', default: 80 } } } },
};

test('the schema of a place is found through its references', () => {
  expect(
    Object.keys(schemasAt(schema, ['binds', 0]).find((one) => one.properties)?.properties ?? {}),
  ).toEqual(['port']);
});

test('the key under the pointer is explained, its value is not', () => {
  const text = 'binds:\n- port: 3000\n';
  expect(wordsAt(schema, text, 10)).toBe('port: integer\nThe port.\nDefault: 80');
  expect(wordsAt(schema, text, 17)).toBeNull();
});

test('a form has the members that are scalars or lists of texts', () => {
  const root: JsonSchema = {
    properties: {
      binds: { items: { properties: { policies: { properties: { cors: { $ref: '#/$defs/cors' } } } } } },
    },
    $defs: {
      variable: { type: 'string' },
      cors: {
        properties: {
          allowOrigins: { type: 'array', default: [], items: { type: 'string' }, description: 'Who.' },
          allow_origins: { type: 'array', items: { type: 'string' } },
          allowCredentials: { default: false, anyOf: [{ type: 'boolean' }, { $ref: '#/$defs/variable' }] },
          mode: { default: 'a', anyOf: [{ enum: ['a', 'b'] }, { $ref: '#/$defs/variable' }] },
          port: { anyOf: [{ type: 'integer' }, { $ref: '#/$defs/variable' }] },
          maxAge: { type: 'string' },
          secret: { type: 'string', writeOnly: true },
          more: { type: 'object', properties: {} },
          rules: { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'object' }] } },
        },
      },
    },
  };
  const fields = fieldsAt(root, 'binds[0].policies.cors');
  expect(fields.map(({ name, kind, choices, fallback }) => [name, kind, choices, fallback])).toEqual([
    ['allowOrigins', 'list', undefined, undefined],
    ['allowCredentials', 'choice', ['true', 'false'], 'false'],
    ['mode', 'choice', ['a', 'b'], 'a'],
    ['port', 'number', undefined, undefined],
    ['maxAge', 'text', undefined, undefined],
  ]);
  expect(fields[0]?.about).toBe('Who.');
  expect(fieldsAt(root, 'binds[0].nothing')).toEqual([]);
});
