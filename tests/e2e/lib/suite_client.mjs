// A client for the suite's client scenarios:  suite_client.mjs URL
//
// It does what a client does that has everything: lists, calls each tool with made-up arguments (or what the scenario
// says), reads each resource, gets each prompt, and answers what it is asked. CLIENT_ERA is `legacy` or `modern`;
// otherwise the revision that the suite asks for decides.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { madeUp } from './made_up.mjs';

const revision = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION ?? '2025-11-25';
const era = process.env.CLIENT_ERA ?? (revision === '2026-07-28' ? 'modern' : 'legacy');
const { toolCalls } = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');
const longest = 20000;

const client = new Client({ name: 'conformance-client', version: '1' }, {
  capabilities: { sampling: {}, elicitation: { form: { applyDefaults: true } }, roots: {} },
  versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' },
});
client.setRequestHandler('roots/list', async () => ({ roots: [{ uri: 'file:///a-root' }] }));
client.setRequestHandler('sampling/createMessage', async () => ({ role: 'assistant', model: 'none', content: { type: 'text', text: 'sampled' } }));
client.setRequestHandler('elicitation/create', async ({ params }) => {
  const { properties = {}, required = [] } = params.requestedSchema ?? {};
  // What has a default is left to it.
  const asked = Object.entries(properties).filter(([name, schema]) => required.includes(name) && !('default' in schema));
  return { action: 'accept', content: Object.fromEntries(asked.map(([name, schema]) => [name, madeUp(schema)])) };
});

/** A step may fail: the scenario judges what it saw. */
async function step(name, work) {
  try { return await work(); } catch (error) { console.error(`${name}: ${error.code ?? ''} ${error.message}`); return undefined; }
}

await client.connect(new StreamableHTTPClientTransport(new URL(process.argv[2])), { timeout: longest });
const able = client.getServerCapabilities() ?? {};
const listed = able.tools ? (await step('tools/list', () => client.listTools()))?.tools ?? [] : [];
/** A tool that takes a schema gets one that the server itself sent: it can tell whether it came through whole. */
const argumentsOf = ({ name, inputSchema }) => (inputSchema.properties?.schema ? { schema: listed.find((other) => other.name !== name)?.inputSchema } : madeUp(inputSchema));
const calls = toolCalls ?? listed.map((tool) => ({ name: tool.name, arguments: argumentsOf(tool) }));
// A scenario's own calls have an order; others are independent and may meet.
if (toolCalls) for (const call of calls) await step(call.name, () => client.callTool(call, { timeout: longest }));
else await Promise.all(calls.map((call) => step(call.name, () => client.callTool(call, { timeout: longest }))));
if (able.resources) for (const { uri } of (await step('resources/list', () => client.listResources()))?.resources ?? []) await step(uri, () => client.readResource({ uri }));
if (able.prompts) for (const { name, arguments: names = [] } of (await step('prompts/list', () => client.listPrompts()))?.prompts ?? []) await step(name, () => client.getPrompt({ name, arguments: Object.fromEntries(names.map((one) => [one.name, 'text'])) }));
await step('close', () => client.close());
process.exit(0);
