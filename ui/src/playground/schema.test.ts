import { expect, test } from 'vitest';
import { argumentsOf, choicesOf, fieldOf, initialOf, missingOf, type Schema, valueOfChoice } from './schema';

test.each<[Schema, string]>([
  [{ type: 'string' }, 'text'],
  [{ type: 'string', maxLength: 5000 }, 'long'],
  [{ type: ['string', 'null'] }, 'text'],
  [{ type: 'integer' }, 'number'],
  [{ type: 'boolean' }, 'switch'],
  [{ enum: [1, 2] }, 'choice'],
  [{ oneOf: [{ const: 'a', title: 'A' }] }, 'choice'],
  [{ type: 'array', items: { type: 'string' } }, 'list'],
  [{ type: 'array', items: { type: 'string', enum: ['a'] } }, 'choices'],
  [{ type: 'array', items: { type: 'object' } }, 'json'],
  [{ type: 'object', properties: { a: {} } }, 'object'],
  [{ type: 'object' }, 'json'],
  [{ anyOf: [{ type: 'string' }, { type: 'number' }] }, 'json'],
  [{}, 'json'],
])('%j gets the field %s', (schema, field) => {
  expect(fieldOf(schema)).toBe(field);
});

test('choices keep the type of their values', () => {
  const schema: Schema = { enum: [1, 'one', true] };
  expect(choicesOf(schema)?.map((one) => one.label)).toEqual(['1', 'one', 'true']);
  expect(valueOfChoice(schema, '1')).toBe(1);
  expect(valueOfChoice(schema, 'true')).toBe(true);
});

const nested: Schema = {
  type: 'object',
  required: ['name', 'loud', 'where'],
  properties: {
    name: { type: 'string' },
    loud: { type: 'boolean' },
    times: { type: 'integer', default: 2 },
    where: {
      type: 'object',
      required: ['x'],
      properties: { x: { type: 'number' }, y: { type: 'number', default: 0 } },
    },
  },
};

test('a form begins with the defaults, at any depth', () => {
  expect(initialOf(nested)).toEqual({ times: 2, where: { y: 0 } });
  expect(initialOf(undefined)).toEqual({});
});

test('what is missing is named by its path', () => {
  expect(missingOf(nested, initialOf(nested))).toEqual(['name', 'where.x']);
  expect(missingOf(nested, { name: '', where: { x: 0 } })).toEqual([]);
});

test('switches that nobody has touched are sent as false where they are required', () => {
  expect(argumentsOf(nested, { name: 'a', where: { x: 1 } })).toEqual({
    name: 'a',
    loud: false,
    where: { x: 1 },
  });
});
