// Servers of others, as they are published: each is opened, lists its tools and does one harmless thing, as a child of
// one gateway, and is gone when its session is. None of them needs a network: two get a web service of ours.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { Client as ModernClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { everything2025, everything2026, freePort, root, start, until, workFolder } from './lib/gateway.mjs';
import { connect, textOf } from './lib/mcp.mjs';

const modules = join(root, 'tests/e2e/node_modules');
const drawing = '<mxfile><diagram id="one" name="First page"><mxGraphModel><root><mxCell id="0"/></root></mxGraphModel></diagram></mxfile>';

/** name -> its program, how many tools it has at least, one call and what the answer holds. */
const servers = {
  filesystem: { program: '@modelcontextprotocol/server-filesystem/dist/index.js', args: ({ data }) => [data], tools: 14, call: ['list_directory', ({ data }) => ({ path: data })], holds: /page\.drawio/ },
  memory: { program: '@modelcontextprotocol/server-memory/dist/index.js', env: ({ data }) => ({ MEMORY_FILE_PATH: join(data, 'memory.jsonl') }), tools: 9, call: ['read_graph', {}], holds: /entities/ },
  thinking: { program: '@modelcontextprotocol/server-sequential-thinking/dist/index.js', tools: 1, call: ['sequentialthinking', { thought: 'a thought', nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 }], holds: /"thoughtNumber": 1/ },
  everything2025: { program: everything2025, args: () => ['stdio'], tools: 10, call: ['add', { a: 2, b: 3 }], holds: /\b5\b/ },
  everything2026: { program: everything2026, args: () => ['stdio'], tools: 12, call: ['get-sum', { a: 2, b: 3 }], holds: /\b5\b/ },
  time: { program: 'time-mcp/dist/index.js', tools: 6, call: ['days_in_month', { date: '2028-02-03' }], holds: /\b29\b/ },
  runner: { program: 'mcp-server-code-runner/dist/cli.js', tools: 1, call: ['run-code', { code: 'console.log(6 * 7)', languageId: 'javascript' }], holds: /\b42\b/ },
  hello: { program: 'mcp-hello-world/build/stdio.js', tools: 3, call: ['add', { a: 2, b: 3 }], holds: /\b5\b/ },
  chart: { program: '@antv/mcp-server-chart/build/index.js', env: ({ web }) => ({ VIS_REQUEST_SERVER: `${web}/chart` }), tools: 20, call: ['generate_pie_chart', { data: [{ category: 'a', value: 1 }, { category: 'b', value: 2 }] }], holds: /charts\.example\/pie\.png/ },
  drawio: { program: '@drawio/mcp/src/index.js', tools: 7, call: ['list_pages', ({ data }) => ({ path: join(data, 'page.drawio') })], holds: /First page/ },
  context7: { program: '@upstash/context7-mcp/dist/index.js', env: ({ web }) => ({ CONTEXT7_API_URL: `${web}/docs` }), tools: 2, call: ['resolve-library-id', { query: 'how', libraryName: 'widgets' }], holds: /Widgets for tests/ },
};

/** What the two servers that ask the network find there. */
const web = createServer((request, response) => {
  const answer = request.url.startsWith('/chart') ? { success: true, resultObj: 'http://charts.example/pie.png' }
    : { results: [{ id: '/tests/widgets', title: 'Widgets for tests', description: 'widgets', totalSnippets: 3, trustScore: 9, versions: [] }] };
  request.resume().once('end', () => response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(answer)));
});

const quote = (value) => JSON.stringify(String(value));

function route(name, { program, args, env }, place) {
  const list = [resolve(modules, program), ...(args?.(place) ?? [])];
  const variables = Object.entries(env?.(place) ?? {});
  return `
    - matches: [{ path: { exact: /${name} } }]
      backends:
      - mcp:
          targets:
          - name: ${name}
            stdio:
              cmd: node
              args: [${list.map(quote).join(', ')}]
${variables.length > 0 ? `              env: { ${variables.map(([key, value]) => `${key}: ${quote(value)}`).join(', ')} }\n` : ''}`;
}

describe('servers from npm', () => {
  let gateway;
  const place = {};
  before(async () => {
    const webPort = await freePort();
    await new Promise((done) => web.listen(webPort, '127.0.0.1', done));
    const folder = workFolder();
    Object.assign(place, { data: join(folder, 'data'), web: `http://127.0.0.1:${webPort}` });
    mkdirSync(place.data);
    writeFileSync(join(place.data, 'page.drawio'), drawing);
    gateway = await start((port) => `binds:\n- port: ${port}\n  listeners:\n  - routes:${Object.entries(servers).map(([name, server]) => route(name, server, place)).join('')}`, { folder });
  });
  after(async () => { await gateway?.stop(); web.closeAllConnections(); web.close(); });

  test('there are at least ten', () => assert.ok(Object.keys(servers).length >= 10));

  /** Lists all its tools and calls one. */
  const use = async (client, { tools, call: [tool, given], holds }) => {
    const listed = [];
    let cursor;
    do { const page = await client.listTools(cursor ? { cursor } : {}); listed.push(...page.tools); cursor = page.nextCursor; } while (cursor);
    assert.ok(listed.length >= tools, `${listed.length} tools`);
    const result = await client.callTool({ name: tool, arguments: typeof given === 'function' ? given(place) : given }, undefined, { timeout: 30000 });
    assert.notEqual(result.isError, true, JSON.stringify(result));
    assert.match(textOf(result), holds);
  };

  for (const [name, server] of Object.entries(servers))
    test(name, async () => {
      const client = await connect(gateway.url(`/${name}`));
      await use(client, server);
      await client.transportOfTest.terminateSession();
      await client.close();
      await until(() => gateway.children().length === 0, 'its process has ended');
    });

  // Clients without sessions leave processes behind for those that come next; so they come last.
  for (const [name, server] of Object.entries(servers))
    test(`${name}, for a client of 2026-07-28`, async () => {
      const client = new ModernClient({ name: 'e2e', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
      await client.connect(new StreamableHTTPClientTransport(new URL(gateway.url(`/${name}`))), { timeout: 30000 });
      await use({ listTools: (params) => client.listTools(params), callTool: (params, _, options) => client.callTool(params, options) }, server);
      await client.close();
    });
});
