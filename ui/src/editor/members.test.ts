import { expect, test } from 'vitest';
import { itemsAt, membersAt, withItems, withMember } from './members';

const text = `# of the café
binds:
- port: 3000   # a comment
  listeners:
  - routes:
    - policies:
        cors: {allowOrigins: ["*"], 'allowHeaders': [ a, 'b' ]} # é
        jwtAuth:
          # Who signs
          issuer: agentgateway.dev # theirs
          audiences: [test]
          # Where
          jwks: {file: ./key}
        mcpAuthorization:
          rules:   # who may
          # Anybody
          - 'mcp.tool.name == "echo"'  # really

          # Not this
          - deny: mcp.tool.name == "x"
          # Long
          - allow: >-
              a ==
              b
          - &anchor 'c'
          # The end
      backends:
      - mcp: {targets: [{name: a, stdio: {cmd: npx}}]}
`;

/** The place of a word, as the gateway counts. */
const placeIn = (all: string, word: string) => {
  const lines = all.split('\n');
  const line = lines.findIndex((one) => one.includes(word));
  return { line: line + 1, column: Array.from((lines[line] ?? '').split(word)[0] ?? '').length + 1 };
};
const at = (word: string, name: string, all = text) => ({ text: all, at: placeIn(all, word), name });
const rules = at('rules:', 'mcpAuthorization');
const cors = at('{allowOrigins', 'cors');
const jwt = at('issuer:', 'jwtAuth');

test('rules are read as they are written', () => {
  expect(itemsAt(rules, 'rules')).toEqual([
    { key: null, value: 'mcp.tool.name == "echo"', source: `'mcp.tool.name == "echo"'` },
    { key: 'deny', value: 'mcp.tool.name == "x"', source: 'deny: mcp.tool.name == "x"' },
    { key: 'allow', value: null, source: 'allow: >-\n              a ==\n              b' },
    { key: null, value: null, source: "&anchor 'c'" },
  ]);
  expect(itemsAt(rules, 'others')).toBe(null);
  expect(itemsAt(jwt, 'issuer')).toBe(null);
});

test('what is not changed is not touched', () => {
  const kept = [0, 1, 2, 3].map((was) => ({ was }));
  expect(withItems(rules, 'rules', kept)).toBe(text);
  expect(withItems(cors, 'allowHeaders', [{ was: 0 }, { was: 1 }])).toBe(text);
  expect(withMember(jwt, { key: 'mode', value: null, isText: true })).toBe(text);
});

test('a rule is changed where it stands, another is added, and each takes its comments along', () => {
  const changed = withItems(rules, 'rules', [
    { was: 1, key: 'deny', value: 'a: b' },
    { was: 0, key: 'require', value: "it's" },
    { was: null, value: 'true' },
    { was: null, key: 'deny', value: 'false' },
    { was: 2 },
    { was: 3 },
  ]);
  const [before, after] = text.split(/ *# Anybody[\s\S]*\n(?= *# The end)/);
  expect(changed).toBe(`${before}
          # Not this
          - deny: 'a: b'
          # Anybody
          - require: 'it''s'  # really
          - 'true'
          - deny: 'false'
          # Long
          - allow: >-
              a ==
              b
          - &anchor 'c'
${after}`);
});

test('the last rule goes, and the first one comes', () => {
  const none = withItems(rules, 'rules', []) ?? '';
  expect(none).toContain('          rules: []   # who may\n          # The end\n');
  const one = withItems({ ...rules, text: none }, 'rules', [{ was: null, key: 'deny', value: 'a' }]);
  expect(one).toContain("rules: [{deny: 'a'}]   # who may");
});

test.each([
  [['*', 'https://a.example'], 'allowOrigins: ["*", https://a.example], '],
  [[], 'allowOrigins: [], '],
])('a flow list becomes %j', (value, shown) => {
  const edited = withMember(cors, { key: 'allowOrigins', value, isText: true });
  expect(edited).toBe(text.replace('allowOrigins: ["*"], ', shown));
});

test.each([
  [
    { key: 'allowHeaders', value: ['b', 'c'], isText: true },
    `{allowOrigins: ["*"], 'allowHeaders': [ 'b', c ]}`,
  ],
  [{ key: 'allowHeaders', value: null, isText: true }, '{allowOrigins: ["*"]}'],
  [{ key: 'maxAge', value: '10m', isText: true }, `"*"], 'allowHeaders': [ a, 'b' ], maxAge: 10m}`],
  [{ key: 'allowCredentials', value: 'true', isText: false }, `'b' ], allowCredentials: true} # é`],
  [{ key: 'exposeHeaders', value: ['*', '1'], isText: true }, `'b' ], exposeHeaders: ['*', '1']}`],
])('members of a flow mapping: %j', (member, shown) => {
  const edited = withMember(cors, member) ?? '';
  expect(edited).toContain(shown);
  expect(edited.split('\n').filter((line) => !line.includes('cors'))).toEqual(
    text.split('\n').filter((line) => !line.includes('cors')),
  );
});

test('members of a block mapping', () => {
  const set = (key: string, value: string | string[] | null) => withMember(jwt, { key, value, isText: true });
  expect(set('issuer', 'a # b')).toBe(text.replace('agentgateway.dev #', "'a # b' #"));
  expect(set('issuer', null)).toBe(text.replace(/ *issuer:.*\n/, ''));
  expect(set('mode', 'strict')).toBe(
    text.replace('jwks: {file: ./key}\n', 'jwks: {file: ./key}\n          mode: strict\n'),
  );
  expect(set('audiences', ['test', 'x'])).toBe(text.replace('[test]', '[test, x]'));
  // An object is not a text.
  expect(set('jwks', 'x')).toBe(null);
  expect(membersAt(jwt)).toEqual(
    new Map<string, unknown>([
      ['issuer', { kind: 'scalar', value: 'agentgateway.dev' }],
      ['audiences', { kind: 'list', items: ['test'] }],
      ['jwks', { kind: 'other' }],
    ]),
  );
});

test('the short form, lists at the indentation of their key, and no line break at the end', () => {
  const short = `mcp:
  port: 3000
  policies:
    cors:
      allowOrigins:
      - '*'
      # theirs
      - a
    mcpAuthorization:
      rules:
      - 'a'`;
  const where = at('allowOrigins', 'cors', short);
  expect(withMember(where, { key: 'allowOrigins', value: ['a', 'b'], isText: true })).toBe(
    `${short.replace("      - '*'\n", '').replace('- a\n', '- a\n      - b\n')}\n`,
  );
  expect(withMember(where, { key: 'allowOrigins', value: null, isText: true })).toContain(
    '    cors: {}\n    mcpAuthorization:',
  );
  const added = withItems(at('rules:', 'mcpAuthorization', short), 'rules', [
    { was: 0 },
    { was: null, key: 'deny', value: 'b' },
  ]);
  expect(added).toBe(`${short}\n      - deny: 'b'\n`);
});

test('JSON stays JSON, and lines end as they did', () => {
  const json = '{"mcp": {"policies": {"mcpAuthorization": {"rules": [\n  "a",\n  {"deny": "b"}\n]}}}}\n';
  const edited = withItems(at('{"rules', 'mcpAuthorization', json), 'rules', [
    { was: 1, key: 'deny', value: 'c' },
    { was: 0 },
    { was: null, key: 'require', value: '"' },
  ]);
  expect(JSON.parse(edited ?? '').mcp.policies.mcpAuthorization.rules).toEqual([
    { deny: 'c' },
    'a',
    { require: '"' },
  ]);
  const windows = text.replaceAll('\n', '\r\n');
  const more = withItems(at('rules:', 'mcpAuthorization', windows), 'rules', [
    { was: null, value: 'a' },
    { was: 0 },
  ]);
  expect(more).toContain("# who may\r\n          - 'a'\r\n          # Anybody\r\n");
  expect(more?.replaceAll('\r\n', '')).not.toContain('\n');
});

test('what cannot be told for sure is for the editor', () => {
  const inner = 'a:\n  rules: [a, # why\n    b]\n  others:\n  - - x\n';
  expect(itemsAt(at('rules', 'a', inner), 'rules')).toBe(null);
  expect(itemsAt(at('rules', 'a', 'a:\n  rules: *b\n'), 'rules')).toBe(null);
  expect(membersAt({ text, at: { line: 900, column: 1 }, name: 'a' })).toBe(null);
  expect(
    withMember(at('name: a', 'name', '- name: a\n  b: c\n'), { key: 'name', value: null, isText: true }),
  ).toBe(null);
});

// Each is refused, or changes nothing but what is meant: what stands elsewhere reads as it did.
const inside = (members: string, more = '') => `a:\n  b:\n${members}${more}`;
const set = (all: string, key: string, value: string | string[] | null) =>
  withMember(at('k:', 'b', all), { key, value, isText: true });

test.each([
  ['an anchor that is used elsewhere', 'a:\n  b: &x\n    k: v\nc: *x\n'],
  ['one around it', 'a: &x\n  b:\n    k: v\nc: *x\n'],
  ['keys marked with ?', inside('    k: v\n    ? l\n    : w\n')],
  ['keys marked with ? in a flow mapping', 'a:\n  b: { k: v, ? l : w }\n'],
  ['line breaks at the end that count', inside('    k: v\n    l: |+\n      x\n\n')],
  ['a duplicate key', inside('    k: v\n    k: w\n')],
  ['a mistake', inside('    k: v\n    l: [\n')],
  ['line ends that only YAML 1.1 has', `# \u2028k: x\n${inside('    k: v\n')}`],
  ['old line ends', inside('    k: v\n').replaceAll('\n', '\r')],
  ['a text at the end without a line end', inside('    k: v\n    l: |\n      x')],
])('%s: no members to edit', (_, all) => {
  const place = placeIn(all, all.includes('{') ? '{' : 'k: v');
  expect(membersAt({ text: all, at: place, name: 'b' })).toBe(null);
});

test('an anchor that nobody uses is no hindrance', () => {
  expect(set('a:\n  b: &x\n    k: v\n', 'k', 'w')).toBe('a:\n  b: &x\n    k: w\n');
});

test.each([
  'on',
  'Yes',
  'null',
  '~',
  '0x10',
  '1_000',
  '0o7',
  '.5',
  '1e3',
  '.inf',
  '-1',
  '',
  ' a',
  'a ',
  'a: b',
  'a:',
  ':a',
  'a:?b',
  '# a',
  'a #b',
  '*a',
  '&a',
  '!a',
  '%a',
  '@a',
  '`a',
  '|',
  '>',
  '- a',
  '-',
  '? a',
  '{a',
  '[a',
  'a, b',
  '"a',
  "'a",
])('the text %j is quoted, once', (value) => {
  expect(set(inside('    k: v # why\n'), 'k', value)).toBe(
    inside(`    k: '${value.replaceAll("'", "''")}' # why\n`),
  );
});

test.each([
  ['a\nb', '"a\\nb"'],
  ['a\tb', '"a\\tb"'],
  ['\u0007\u007f\u0085\u2028\ufeff', '"\\u0007\\u007f\\u0085\\u2028\\ufeff"'],
  ['é 😀', 'é 😀'],
  ["it's", "it's"],
  ['http://x:80/?a=b#c', 'http://x:80/?a=b#c'],
  ['x'.repeat(100_000), 'x'.repeat(100_000)],
])('the text %j is written so that it is read', (value, written) => {
  expect(set(inside('    k: v\n'), 'k', value)).toBe(inside(`    k: ${written}\n`));
  expect(set(inside('    k: v\n'), 'l', value)).toBe(inside(`    k: v\n    l: ${written}\n`));
});

test('a comment does not become a part of the text above it', () => {
  const all = inside('    k: |2\n        x\n    l:\n      # of l\n      - a\n      # the end\n');
  expect(set(all, 'l', null)).toBe(null);
  expect(set(all, 'k', null)).toBe(inside('    l:\n      # of l\n      - a\n      # the end\n'));
});

test.each([
  ['an item without a value', '    k:\n    - a\n    -\n    - b\n'],
  ['a list with a comment behind it', '    k: [a, # why\n      b]\n'],
  ['several lines', '    k:\n    - a\n      b\n'],
  ['an escape that only YAML has', '    k: ["\\x41"]\n'],
  ['a list with a name', '    k: &x [a]\n    l: *x\n'],
  ['an alias', '    l: &x [a]\n    k: *x\n'],
])('a list with %s is not one to edit', (_, members) => {
  const all = inside(members, 'c: d\n');
  const where = { text: all, at: { line: 3, column: 5 }, name: 'b' };
  expect(withMember(where, { key: 'k', value: ['z'], isText: true })).toBe(null);
});

test('items with names and aliases stay, in their order', () => {
  const all = inside('    k:\n    - &x a\n    - b\n    - *x\n', 'c: *x\n');
  const where = { text: all, at: placeIn(all, 'k:'), name: 'b' };
  const order = (...was: number[]) =>
    withItems(
      where,
      'k',
      was.map((one) => ({ was: one })),
    );
  expect(order(1, 0, 2)).toBe(inside('    k:\n    - b\n    - &x a\n    - *x\n', 'c: *x\n'));
  expect(order(0)).toBe(inside('    k:\n    - &x a\n', 'c: *x\n'));
  expect(order(1, 2)).toBe(null);
  expect(order(2, 0)).toBe(null);
});
