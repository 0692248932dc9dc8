// A client of 2026-07-28 at servers that have never heard of it: every tool does what it does directly, and what the server
// asks (sampling, elicitation, roots) reaches the client and comes back.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { join } from 'node:path';
import { everything2025, everything2026, freePort, mcpConfig, patience, root, start, until } from './lib/gateway.mjs';
import { remoteConfig, RemoteServer, serveEverything } from './lib/remote.mjs';
import { madeUp } from './lib/made_up.mjs';

const capabilities = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} };
const longestCall = 20000 * patience;
/** What makes no sense here: it fetches from the network, it demands a task, it lasts a minute. */
const leftOut = new Set(['gzip-file-as-resource', 'simulate-research-query', 'trigger-sampling-request-async', 'trigger-elicitation-request-async']);
const shorter = { longRunningOperation: { duration: 1, steps: 2 }, 'trigger-long-running-operation': { duration: 1, steps: 2 } };

/** A client that answers whatever it is asked and remembers what that was. */
function obliging(mode) {
  const client = new Client({ name: 'e2e', version: '1' }, { capabilities, versionNegotiation: { mode } });
  client.asked = [];
  const answer = (method, result) => client.setRequestHandler(method, async (request) => { client.asked.push(method); return result(request); });
  answer('roots/list', () => ({ roots: [{ uri: 'file:///a-root', name: 'a root' }] }));
  answer('sampling/createMessage', () => ({ role: 'assistant', model: 'none', content: { type: 'text', text: 'sampled' } }));
  answer('elicitation/create', ({ params }) => (params.mode === 'url' ? { action: 'accept' } : { action: 'accept', content: madeUp(params.requestedSchema) }));
  return client;
}

const names = async (client) => (await client.listTools()).tools.map(({ name }) => name).sort();

/** All tools that depend on what the client can do: some servers offer them a moment after they were opened. */
async function settledTools(client, count) {
  for (let tries = 0; tries < 100; tries++) {
    if ((await names(client)).length >= count) break;
    await new Promise((done) => setTimeout(done, 50));
  }
  return (await client.listTools()).tools;
}

/** What each tool answers, as far as it is the same each time. */
async function callAll(client, tools) {
  const found = {};
  for (const { name, inputSchema } of tools) {
    if (leftOut.has(name)) continue;
    client.asked.length = 0;
    let answer;
    try {
      const { content, isError = false, structuredContent } = await client.callTool({ name, arguments: { ...madeUp(inputSchema), ...shorter[name] } }, { timeout: longestCall });
      answer = { isError, types: content.map(({ type }) => type), isStructured: structuredContent !== undefined };
    } catch (error) { answer = { error: error.code ?? error.message }; }
    // Roots are asked for whenever a server likes.
    found[name] = { ...answer, asked: client.asked.filter((method) => method !== 'roots/list') };
  }
  return found;
}

for (const [version, server, count] of [['2025.12.18', everything2025, 12], ['2026.8.31', everything2026, 16]])
  describe(`server-everything ${version}`, () => {
    let direct;
    before(async () => {
      const client = obliging('legacy');
      await client.connect(new StdioClientTransport({ command: process.execPath, args: [server, 'stdio'], stderr: 'ignore' }));
      const tools = await settledTools(client, count);
      direct = { tools: tools.map(({ name }) => name).sort(), answers: await callAll(client, tools) };
      await client.close();
      const asked = Object.values(direct.answers).flatMap((answer) => answer.asked);
      for (const method of ['sampling/createMessage', 'elicitation/create']) assert.ok(asked.includes(method), `the server asks: ${method}`);
    });

    for (const transport of ['stdio', 'Streamable HTTP'])
      describe(`over ${transport}`, () => {
        let gateway, remote;
        before(async () => {
          if (transport === 'stdio') {
            gateway = await start((port) => mcpConfig(port, { cmd: process.execPath, args: [server, 'stdio'] }));
          } else {
            remote = await serveEverything(server);
            gateway = await start((port) => remoteConfig(port, remote.url));
          }
        });
        after(async () => { await gateway?.stop(); await remote?.kill(); });

        test('all tools do what they do directly', async () => {
          const client = obliging({ pin: '2026-07-28' });
          await client.connect(new StreamableHTTPClientTransport(new URL(gateway.url())), { timeout: longestCall });
          const tools = await settledTools(client, direct.tools.length);
          assert.deepEqual(tools.map(({ name }) => name).sort(), direct.tools);
          assert.deepEqual(await callAll(client, tools), direct.answers);
          await client.close();
        });
      });
  });

const suiteServer = join(root, 'tests/e2e/lib/suite_server.mjs');
const watched = 'test://watched-resource';

/** Runs `work` with the URL of a gateway before the suite's server of that era. */
async function withSuite(era, transport, work) {
  let remote, gateway;
  try {
    if (transport === 'stdio') {
      gateway = await start((port) => mcpConfig(port, { cmd: process.execPath, args: [suiteServer, 'stdio', era] }));
    } else {
      remote = await new RemoteServer(await freePort(), (port) => [process.execPath, suiteServer, 'http', String(port), era]).start();
      gateway = await start((port) => remoteConfig(port, remote.url));
    }
    await work(gateway.url());
  } finally {
    await gateway?.stop();
    await remote?.kill();
  }
}

describe('what a server says by itself reaches whoever wants to know', () => {
  for (const ofClient of ['legacy', 'modern'])
    for (const ofServer of ['legacy', 'modern'])
      for (const transport of ofServer === 'modern' ? ['Streamable HTTP'] : ['stdio', 'Streamable HTTP'])
        test(`${ofClient} client, ${ofServer} server over ${transport}`, () => withSuite(ofServer, transport, async (url) => {
          const seen = [];
          const client = new Client({ name: 'e2e', version: '1' }, { versionNegotiation: { mode: ofClient === 'modern' ? { pin: '2026-07-28' } : 'legacy' } });
          for (const method of ['notifications/tools/list_changed', 'notifications/prompts/list_changed']) client.setNotificationHandler(method, () => { seen.push(method); });
          client.setNotificationHandler('notifications/resources/updated', ({ params }) => { seen.push(params.uri); });
          await client.connect(new StreamableHTTPClientTransport(new URL(url)), { timeout: longestCall });
          let subscription;
          if (ofClient === 'modern') subscription = await client.listen({ toolsListChanged: true, resourceSubscriptions: [watched] }, { timeout: longestCall });
          else await client.subscribeResource({ uri: watched });
          for (const [tool, sign] of [['test_trigger_tool_change', 'notifications/tools/list_changed'], ['test_trigger_resource_update', watched]]) {
            // The stream on which it is told may open a moment after the session.
            await until(async () => { await client.callTool({ name: tool, arguments: {} }); return seen.includes(sign); }, sign, 15000);
          }
          if (ofClient === 'modern') {
            await client.callTool({ name: 'test_trigger_prompt_change', arguments: {} });
            await client.callTool({ name: 'test_simple_text', arguments: {} });
            assert.ok(!seen.includes('notifications/prompts/list_changed'), 'what was not asked for is not told');
            await subscription.close();
          }
          await client.close();
        }));
});
