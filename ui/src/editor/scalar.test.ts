import { expect, test } from 'vitest';
import { scalarAt, withScalar } from './scalar';

const text = `# of the café
binds:
- port: 3000   # a comment
  listeners:
  - routes:
    - policies:
        jwtAuth: {mode: optional, issuer: "a # \\"b\\"", audiences: [one, 'it''s'], jwks: {file: ./key}}
        "mcpAuthorization":
          rules:
          - 'mcp.tool.name == "echo"'  # anybody
          - deny: mcp.tool.name == "x"
          - allow: >-
              a == b
          - &anchor a
      backends:
      - host: é.example:80
      - host: a long
          text
`;
const lines = text.split('\n');
/** The place of the first occurrence. */
const place = (word: string) => {
  const line = lines.findIndex((one) => one.includes(word));
  return { line: line + 1, column: Array.from((lines[line] ?? '').split(word)[0] ?? '').length + 1 };
};

test.each([
  ['port: 3000', 'binds[0].port', '3000', '8080', 'port: 8080   # a comment'],
  ["'mcp.tool.name", 'rules[0].allow', 'mcp.tool.name == "echo"', "a == 'b'", "- 'a == ''b'''  # anybody"],
  ['deny: mcp', 'rules[1].deny', 'mcp.tool.name == "x"', 'a: b', "deny: 'a: b'"],
  ['issuer: "a', 'issuer', 'a # "b"', 'x', 'issuer: "x", audiences'],
  ['host: é', 'host', 'é.example:80', 'b:1', '- host: b:1'],
  ["'it''s'", 'audiences[1]', "it's", 'its', "[one, 'its']"],
])('%s is found and replaced where it stands', (word, path, value, next, written) => {
  const scalar = scalarAt(text, place(word), path);
  expect(scalar?.value).toBe(value);
  const edited = withScalar(text, scalar as NonNullable<typeof scalar>, next);
  expect(edited).toContain(written);
  // Nothing else has changed.
  const others = (all: string) => all.split('\n').filter((_, index) => index !== place(word).line - 1);
  expect(others(edited)).toEqual(others(text));
});

test.each([
  ['mode: optional', 'mode'], // a flow collection
  ['file: ./key', 'jwks.file'],
  ['allow: >-', 'rules[2].allow'],
  ['&anchor', 'rules[3].allow'],
  ['host: a long', 'host'], // goes on
  ['port: 3000', 'host'], // another key than the one that is meant
  ['rules:', 'rules'],
])('%s is left to the editor', (word, path) => {
  expect(scalarAt(text, place(word), path)).toBe(null);
});

test('a place outside of the text is none', () => {
  expect(scalarAt(text, { line: 900, column: 1 }, 'a')).toBe(null);
  expect(scalarAt(text, { line: 1, column: 900 }, 'a')).toBe(null);
});

test.each([
  ['a key in other letters', 'x~y: v\n'],
  ['a key in other letters, with a space', 'x y : v\n'],
  ['a text that goes on behind an empty line', 'k: v\n\n  w\n'],
  ['a text that goes on in a flow collection', 'f: {\n  k: v\n w }\n'],
  ['a text that goes on behind a tab', 'k: v\n\tw\n'],
  ['line ends that only YAML 1.1 has', '# \u0085\nk: v\n'],
  ['no value', 'k:\nl: v\n'],
])('%s is left to the editor', (_, all) => {
  const line = all.split('\n').findIndex((one) => /^ *[kx]/.test(one));
  const column = (/^ */.exec(all.split('\n')[line] ?? '')?.[0].length ?? 0) + 1;
  expect(scalarAt(all, { line: line + 1, column }, 'k')).toBe(null);
});

test.each([
  '\nl: w\n',
  '\r\nl: w\r\n',
  '\n  # why\n',
  ' # why\n\n- x\n',
  '\n...\n',
  '\n"l m": w\n',
  '\t\n',
  '',
])('a value before %j is one line', (behind) => {
  const scalar = scalarAt(`k: v${behind}`, { line: 1, column: 1 }, 'k');
  expect(scalar?.value).toBe('v');
  expect(withScalar(`k: v${behind}`, scalar as NonNullable<typeof scalar>, 'w')).toBe(`k: w${behind}`);
});

test.each([
  ['v', 'on', "'on'"],
  ['v', '0x10', "'0x10'"],
  ['v', '1_000', "'1_000'"],
  ['v', '', "''"],
  ['1_000', '2', "'2'"],
  ['3000', '8080', '8080'],
  ['true', 'false', 'false'],
  ["'1'", '2', "'2'"],
  ['v', '\u0085\u2028', '"\\u0085\\u2028"'],
])('%s becomes %j as %s', (before, value, written) => {
  const scalar = scalarAt(`k: ${before} # c\n`, { line: 1, column: 1 }, 'k');
  expect(withScalar(`k: ${before} # c\n`, scalar as NonNullable<typeof scalar>, value)).toBe(
    `k: ${written} # c\n`,
  );
});
