// Clients with sessions, and servers of 2026-07-28 that know none: the official SDK client (legacy), the gateway, and a
// server that refuses `initialize`.
import { test, after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema, LoggingMessageNotificationSchema, ResourceUpdatedNotificationSchema, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { freePort, mcpConfig, patience, root, start, until, workFolder } from './lib/gateway.mjs';
import { callText, connect, failure, RawClient, textOf, toolNames } from './lib/mcp.mjs';
import { connectModern } from './lib/modern.mjs';
import { remoteConfig, RemoteServer } from './lib/remote.mjs';

const server = join(root, 'tests/e2e/lib/suite_server.mjs');
const full = { sampling: {}, elicitation: { form: {} }, roots: { listChanged: true } };
const patient = { timeout: 20000 * patience };

/** A client that answers whatever it is asked. */
const obliging = (url, asked, capabilities = full) => connect(url, {
  capabilities, set(client) {
    if (capabilities.sampling) client.setRequestHandler(CreateMessageRequestSchema, async ({ method }) => { asked.push(method); return { model: 'canned', role: 'assistant', content: { type: 'text', text: 'canned answer' } }; });
    if (capabilities.elicitation) client.setRequestHandler(ElicitRequestSchema, async ({ method, params }) => { asked.push(method); return { action: 'accept', content: Object.fromEntries(Object.entries(params.requestedSchema.properties).map(([name, { type }]) => [name, type === 'boolean' ? true : 'somebody'])) }; });
    if (capabilities.roots) client.setRequestHandler(ListRootsRequestSchema, async ({ method }) => { asked.push(method); return { roots: [{ uri: 'file:///tmp/a-root', name: 'the root' }] }; });
  },
});

const transports = {
  async http() {
    const remote = await new RemoteServer(await freePort(), (port) => [process.execPath, server, 'http', String(port), 'modern']).start();
    return { config: (port) => remoteConfig(port, remote.url), end: () => remote.kill() };
  },
  async stdio() {
    return { config: (port) => mcpConfig(port, { cmd: process.execPath, args: [server, 'stdio', 'modern'] }), end: async () => {} };
  },
};

for (const [transport, serve] of Object.entries(transports)) {
  describe(`a server of 2026-07-28 over ${transport}`, () => {
    let gateway, behind;
    before(async () => { behind = await serve(); gateway = await start(behind.config); });
    after(async () => { try { await gateway?.stop(); } finally { await behind?.end(); } });

    test('lists, calls, reads, prompts, completion', async () => {
      const client = await connect(gateway.url());
      assert.equal(client.getServerVersion().name, 'suite-server');
      assert.equal(client.getServerCapabilities().extensions, undefined);
      const listed = await client.listTools();
      for (const spare of ['resultType', 'ttlMs', 'cacheScope']) assert.ok(!(spare in listed), spare);
      assert.ok(listed.tools.length > 20);
      const result = await client.callTool({ name: 'test_simple_text' });
      assert.deepEqual(Object.keys(result), ['content']);
      assert.match(result.content[0].text, /simple text/);
      assert.ok((await client.listPrompts()).prompts.length >= 3);
      assert.ok((await client.getPrompt({ name: 'test_simple_prompt' })).messages.length > 0);
      const { resources } = await client.listResources();
      assert.ok((await client.readResource({ uri: resources[0].uri })).contents[0].uri);
      assert.equal((await client.listResourceTemplates()).resourceTemplates.length, 1);
      assert.ok((await client.complete({ ref: { type: 'ref/prompt', name: 'test_prompt_with_arguments' }, argument: { name: 'arg1', value: 'par' } })).completion.values.includes('paris'));
      await client.ping();
      await client.close();
    });

    test('a resource that is not there is unknown, as that of any server', async () => {
      const client = await connect(gateway.url());
      assert.match((await failure(client.readResource({ uri: 'test://no/such' }))).message, /Unknown resource: test:\/\/no\/such/);
      await client.close();
    });

    test('progress and log messages come with the call', async () => {
      const client = await connect(gateway.url());
      const logged = [], seen = [];
      client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => { logged.push(params.level); });
      await client.callTool({ name: 'test_tool_with_progress' }, undefined, { onprogress: ({ progress }) => seen.push(progress), ...patient });
      assert.deepEqual(seen, [0, 50, 100]);
      await client.setLoggingLevel('debug');
      await client.callTool({ name: 'test_tool_with_logging' }, undefined, patient);
      assert.deepEqual(logged, ['info', 'info', 'info']);
      await client.close();
    });

    test('what the server must know is asked of the client', async () => {
      const asked = [];
      const client = await obliging(gateway.url(), asked);
      assert.match(await callText(client, 'test_sampling', { prompt: 'hello' }, patient), /canned answer/);
      assert.match(await callText(client, 'test_elicitation', { message: 'who?' }, patient), /action=accept.*somebody/);
      assert.match(await callText(client, 'test_input_required_result_list_roots', {}, patient), /a-root/);
      assert.deepEqual(asked.sort(), ['elicitation/create', 'roots/list', 'sampling/createMessage']);
      assert.match(await callText(client, 'test_input_required_result_multiple_inputs', {}, patient), /all three/);
      assert.match(await callText(client, 'test_input_required_result_multi_round', {}, patient), /somebody likes somebody/);
      assert.match(await callText(client, 'test_input_required_result_request_state', {}, patient), /state-ok/);
      await client.close();
    });

    test('a client that cannot be asked is not asked', async () => {
      const asked = [];
      const client = await obliging(gateway.url(), asked, {});
      const error = await failure(client.callTool({ name: 'test_missing_capability' }, undefined, patient));
      assert.equal(error.code, -32602);
      assert.match(error.message, /capability/);
      await client.close();
      assert.deepEqual(asked, []);
    });

    test('changes are told, and those of a subscribed resource', async () => {
      const client = await connect(gateway.url());
      let changed = 0;
      const updated = [];
      client.setNotificationHandler(ToolListChangedNotificationSchema, () => { changed++; });
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => { updated.push(params.uri); });
      await client.subscribeResource({ uri: 'test://watched-resource' }, patient);
      await client.callTool({ name: 'test_trigger_resource_update' }, undefined, patient);
      await until(() => updated.length > 0, 'the update is told', 10000);
      assert.equal(updated[0], 'test://watched-resource');
      await client.callTool({ name: 'test_trigger_tool_change' }, undefined, patient);
      await until(() => changed > 0, 'the change is told', 10000);
      await client.unsubscribeResource({ uri: 'test://watched-resource' }, patient);
      await client.close();
    });

    test('a cancelled call leaves the session as it was', async () => {
      const client = await connect(gateway.url());
      const controller = new AbortController();
      const call = failure(client.callTool({ name: 'test_tool_with_progress' }, undefined, { signal: controller.signal, onprogress: () => controller.abort(), ...patient }));
      assert.match((await call).message, /abort/i);
      assert.match(await callText(client, 'test_simple_text'), /simple text/);
      await client.close();
    });

    test('a client of 2026-07-28 finds everything, too', async () => {
      const client = await connectModern(gateway.url(), {
        capabilities: { sampling: {}, elicitation: { form: {} }, roots: {} }, set(client) {
          client.setRequestHandler('elicitation/create', async ({ params }) => ({ action: 'accept', content: Object.fromEntries(Object.keys(params.requestedSchema.properties).map((name) => [name, 'somebody'])) }));
          client.setRequestHandler('sampling/createMessage', async () => ({ model: 'canned', role: 'assistant', content: { type: 'text', text: 'canned answer' } }));
          client.setRequestHandler('roots/list', async () => ({ roots: [{ uri: 'file:///tmp/a-root' }] }));
        },
      });
      assert.ok((await client.listTools()).tools.length > 20);
      assert.match(textOf(await client.callTool({ name: 'test_simple_text' })), /simple text/);
      assert.match(textOf(await client.callTool({ name: 'test_sampling', arguments: { prompt: 'hello' } }, patient)), /canned answer/);
      assert.match(textOf(await client.callTool({ name: 'test_input_required_result_multi_round' }, patient)), /somebody likes somebody/);
      assert.match(textOf(await client.callTool({ name: 'test_header_parameters', arguments: { region: 'gr\u00fcn', count: 3 } }, patient)), /region gr\u00fcn/);
      await client.close();
    });

    test('several clients at once', async () => {
      const clients = await Promise.all([1, 2, 3, 4].map(() => connect(gateway.url())));
      const texts = await Promise.all(clients.flatMap((client) => [1, 2, 3].map(() => callText(client, 'test_simple_text', {}, patient))));
      assert.ok(texts.every((text) => /simple text/.test(text)));
      assert.ok((await toolNames(clients[0])).length > 20);
      await Promise.all(clients.map((client) => client.close()));
    });
  });
}

describe('a child of 2026-07-28 whose program vanishes', () => {
  // One target, or two of which the other stays as it is.
  const config = (port, program, others) => mcpConfig(port, { name: 'a', cmd: program, args: [server, 'stdio', 'modern'] })
    + (others ? `          - name: b\n            stdio:\n              cmd: ${JSON.stringify(process.execPath)}\n              args: [${JSON.stringify(server)}, stdio, modern]\n` : '');

  for (const [name, others, prefix] of [['alone', false, ''], ['as one of two', true, 'a_']]) {
    test(`${name}: calls say that it is not available, and the session goes on when it is back`, async () => {
      const folder = workFolder();
      const program = join(folder, 'program');
      symlinkSync(process.execPath, program);
      const gateway = await start((port) => config(port, program, others), { folder });
      try {
        const client = new RawClient(gateway.port);
        await client.initialize();
        const call = (target = prefix) => client.tool(`${target}test_simple_text`, {}, { ms: 20000 });
        assert.match((await call()).message.result.content[0].text, /simple text/);

        renameSync(program, `${program}.away`);
        const before = gateway.children();
        for (const child of before) process.kill(child.pid, 'SIGKILL');
        await until(() => gateway.output.split('child ended').length > before.length, 'the children end');
        for (let round = 0; round < 2; round++) {
          const failed = await call();
          assert.equal(failed.status, 200);
          assert.equal(failed.message.error.code, -32603);
          assert.match(failed.message.error.message, /the target is not available/);
        }
        if (others) assert.match((await call('b_')).message.result.content[0].text, /simple text/);
        assert.ok(gateway.hasLine(/child restart failed.*target=a /));

        renameSync(`${program}.away`, program);
        assert.match((await call()).message.result.content[0].text, /simple text/);
        await client.remove();
      } finally { await gateway.stop(); }
    });
  }
});
