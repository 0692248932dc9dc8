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
