// What the documents show as the output of a command is what the command prints. In a block, a line that begins with `$ ` is a
// command, what follows is its output, and `(exit status N)` ends it.
import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runToEnd, workFolder } from './lib/gateway.mjs';

// The file that docs/cel.md shows the mistakes of.
const mistaken = `binds:
- port: 3000
  listeners:
  - routes:
    - policies:
        authorization:
          rules:
          - 'mcp.tool.name == "echo"'
        mcpAuthorization:
          rules:
          - 'mcp.tool.nmae == "echo"'
          - deny: 'jwt.team != "core"'
          - allow: mcp.tool.name
      backends:
      - mcp: { targets: [{ name: everything, stdio: { cmd: cat } }] }
`;

/** The words of a command line: separated by spaces, or in single quotes. */
const words = (line) => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);

function commandsOf(text) {
  const found = [];
  for (const [, block] of text.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)) {
    for (const line of block.split('\n')) {
      const ended = line.match(/^\(exit status (\d+)\)$/);
      if (line.startsWith('$ agentgateway ')) found.push({ line: line.slice(2), output: [] });
      else if (found.length === 0 || found.at(-1).code !== undefined) continue;
      else if (ended) found.at(-1).code = Number(ended[1]);
      else found.at(-1).output.push(line);
    }
  }
  return found;
}

describe('what the documents show', () => {
  let count = 0;
  for (const name of readdirSync(join(root, 'docs')).filter((file) => file.endsWith('.md'))) {
    for (const { line, output, code } of commandsOf(readFileSync(join(root, 'docs', name), 'utf8'))) {
      count++;
      test(`${name}: ${line}`, async () => {
        assert.notEqual(code, undefined, 'its end is not shown');
        const folder = workFolder();
        writeFileSync(join(folder, 'gateway.yaml'), mistaken);
        const ended = await runToEnd(words(line).slice(1), { folder });
        assert.equal((ended.stderr + ended.stdout).trimEnd(), output.join('\n').trimEnd());
        assert.equal(ended.code, code);
      });
    }
  }
  test('there are some', () => assert.ok(count >= 26, `${count}`));
});
