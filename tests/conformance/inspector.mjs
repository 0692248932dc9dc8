// Rows of the MCP Inspector's command line, in each of its three protocol eras. What the suite calls a check is here one
// command: it must end with 0 and print what is expected.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js', import.meta.url));
const longestCommand = 60000;

const commands = {
  'tools/list': { args: ['--method', 'tools/list'], holds: 'test_simple_text' },
  'tools/call': { args: ['--method', 'tools/call', '--tool-name', 'test_header_parameters', '--tool-arg', 'region=north'], holds: 'region north' },
  'resources/read': { args: ['--method', 'resources/read', '--uri', 'test://static-text'], holds: 'the content of the static text resource' },
  'prompts/get': { args: ['--method', 'prompts/get', '--prompt-name', 'test_prompt_with_arguments', '--prompt-args', 'arg1=one', 'arg2=two'], holds: "arg2='two'" },
};

/** One command: { status, why } as of a check. */
function command(folder, { args, holds }) {
  return new Promise((done) => {
    const child = spawn(process.execPath, [program, '--cli', '--config', join(folder, 'servers.json'), '--server', 'it', ...args, '--format', 'json'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: folder } });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => { text += part; });
    const timer = setTimeout(() => child.kill('SIGKILL'), longestCommand);
    child.once('close', (code) => {
      clearTimeout(timer);
      const isRight = code === 0 && text.includes(holds);
      done({ status: isRight ? 'SUCCESS' : 'FAILURE', why: isRight ? '' : `exit ${code}: ${text.replace(/\s+/g, ' ').slice(-250)}` });
    });
  });
}

/** All commands at that URL in that era. */
export async function inspect(url, era) {
  if (!existsSync(program)) throw new Error('the Inspector is not installed: ./dev conformance does it');
  const folder = mkdtempSync(join(tmpdir(), 'inspector-'));
  try {
    writeFileSync(join(folder, 'servers.json'), JSON.stringify({ mcpServers: { it: { type: 'streamable-http', url, protocolEra: era } } }));
    const scenarios = {};
    for (const [name, one] of Object.entries(commands)) scenarios[name] = { answers: await command(folder, one) };
    const failed = Object.values(scenarios).filter(({ answers }) => answers.status === 'FAILURE').length;
    return { scenarios, passed: Object.keys(commands).length - failed, failed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
