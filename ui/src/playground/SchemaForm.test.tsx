// @vitest-environment jsdom
import '../test_setup';
import { MantineProvider } from '@mantine/core';
import { fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { expect, test } from 'vitest';
import { type FormState, formError, SchemaForm, valuesOf } from './SchemaForm';
import { initialOf, type Schema } from './schema';

const schema: Schema = {
  type: 'object',
  required: ['message'],
  properties: { message: { type: 'string', description: 'What to say' }, loud: { type: 'boolean' } },
};

let last: FormState;
function Form() {
  const [state, setState] = useState<FormState>({ values: initialOf(schema), isJson: false, text: '' });
  last = state;
  return (
    <MantineProvider>
      <SchemaForm schema={schema} state={state} onChange={setState} />
    </MantineProvider>
  );
}

test('the form and the JSON are two views of the same arguments', () => {
  render(<Form />);
  expect(formError(schema, last)).toBe('Missing: message');
  fireEvent.change(screen.getByRole('textbox', { name: 'message' }), { target: { value: 'hello' } });
  fireEvent.click(screen.getByRole('switch', { name: 'loud' }));
  expect(formError(schema, last)).toBe('');
  expect(valuesOf(last)).toEqual({ message: 'hello', loud: true });

  fireEvent.click(screen.getByRole('switch', { name: 'Edit as JSON' }));
  const text = screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Arguments as JSON' });
  expect(JSON.parse(text.value)).toEqual({ message: 'hello', loud: true });

  fireEvent.change(text, { target: { value: '{"message": ' } });
  expect(formError(schema, last)).not.toBe('');
  fireEvent.change(text, { target: { value: '{"message": "bye"}' } });
  fireEvent.click(screen.getByRole('switch', { name: 'Edit as JSON' }));
  expect(screen.getByRole<HTMLInputElement>('textbox', { name: 'message' }).value).toBe('bye');
});

test('arguments that are no object are refused', () => {
  expect(formError(schema, { values: {}, isJson: true, text: '[1]' })).toBe('It must be an object.');
});
