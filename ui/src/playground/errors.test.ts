import { expect, test } from 'vitest';
import { told } from './errors';

test('a refused token is told as such, with what to look at', () => {
  const found = told(
    new Error('Error POSTing to endpoint (HTTP 401): unauthorized'),
    'relay',
    'http://localhost:3000/mcp',
  );
  expect(found.title).toMatch(/token \(401\)/);
  expect(found.hints.join(' ')).toMatch(/audience/);
});

test('what the browser may not reach is told with the causes that CORS has', () => {
  const found = told(new TypeError('Failed to fetch'), 'browser', 'http://localhost:3000/mcp');
  expect(found.title).toContain('http://localhost:3000/mcp');
  expect(found.hints.join(' ')).toMatch(/allowHeaders/);
  expect(told(new TypeError('Failed to fetch'), 'relay', 'x').hints.join(' ')).not.toMatch(/allowHeaders/);
});

test('what is not known is told as it is', () => {
  expect(told('odd', 'relay', 'x')).toEqual({ title: 'It did not work', message: 'odd', hints: [] });
});
