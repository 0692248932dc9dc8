// An MCP server with every tool, prompt and resource name that the official conformance suite calls, in the era it is told:
//
//   suite_server.mjs http PORT legacy|modern|dual      at /mcp; prints `listening on PORT`
//   suite_server.mjs stdio legacy|modern|dual
//
// `legacy`: sessions, initialize, questions as requests (SDK 1). `modern`: 2026-07-28 only, initialize is refused (SDK 2).
// Each tool is written once, in the modern way: it returns what it needs to be told (`ask`), and is called again with the
// answers. For a legacy client the questions are put to it and the tool is called again here.
import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { createMcpHandler, ProtocolError, Server as ModernServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { Server as LegacyServer } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { McpError, ResultSchema } from '@modelcontextprotocol/sdk/types.js';

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const say = (text) => ({ content: [{ type: 'text', text }] });
const show = (value) => JSON.stringify(value);

// One black pixel; eight silent samples.
const picture = { data: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==', mimeType: 'image/png' };
const sound = { data: Buffer.concat([Buffer.from('RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\x08\0\0\0', 'latin1'), Buffer.alloc(8, 0x80)]).toString('base64'), mimeType: 'audio/wav' };
const embedded = (uri, mimeType, text) => ({ type: 'resource', resource: { uri, mimeType, text } });

class Refused extends Error {
  constructor(code, message, data) { super(message); Object.assign(this, { code, data }); }
}

// -- what a modern client hands back ---------------------------------------------------------------

const key = randomBytes(32);
const macOf = (text) => createHmac('sha256', key).update(text).digest();

/** State that the client keeps and cannot change unnoticed. */
function sealed(state) {
  const text = Buffer.from(show(state)).toString('base64url');
  return `${text}.${macOf(text).toString('base64url')}`;
}

function unsealed(token) {
  if (token === undefined) return undefined;
  const [text, mac] = String(token).split('.');
  const given = Buffer.from(mac ?? '', 'base64url'), right = macOf(text ?? '');
  if (given.length !== right.length || !timingSafeEqual(given, right)) throw new Refused(-32602, 'requestState is not what this server gave out');
  return JSON.parse(Buffer.from(text, 'base64url').toString());
}

// -- questions -------------------------------------------------------------------------------------

const form = (message, properties, required = Object.keys(properties)) => ({ method: 'elicitation/create', params: { mode: 'form', message, requestedSchema: { type: 'object', properties, ...(required.length > 0 ? { required } : {}) } } });
const sample = (text) => ({ method: 'sampling/createMessage', params: { messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens: 100 } });
const roots = { method: 'roots/list', params: {} };
const ask = (inputRequests, state) => ({ resultType: 'input_required', inputRequests, ...(state === undefined ? {} : { requestState: sealed(state) }) });
const word = { type: 'string' };

/** A tool that asks all of `questions` at once and then says what `told` makes of the answers. */
const asking = (questions, told, properties) => ({
  properties,
  run: (args, call) => {
    const wanted = typeof questions === 'function' ? questions(args) : questions;
    const isAnswered = Object.keys(wanted).every((name) => isAnswer(wanted[name], call.answers[name]));
    return isAnswered ? say(told(call.answers, args)) : ask(wanted);
  },
});

/** Whether the client sent something of the right shape for that question. */
function isAnswer({ method }, answer) {
  if (typeof answer !== 'object' || answer === null) return false;
  if (method === 'elicitation/create') return ['accept', 'decline', 'cancel'].includes(answer.action);
  return method === 'roots/list' ? Array.isArray(answer.roots) : answer.content !== undefined;
}

const choice = (values) => ({ type: 'string', enum: values });
const titled = (values) => values.map((value, at) => ({ const: value, title: `Title ${at + 1}` }));
const numbered = (word) => [1, 2, 3].map((at) => `${word}${at}`);

// -- tools -----------------------------------------------------------------------------------------

const told = { listChanged: () => {} };  // set by whoever serves

const tools = {
  test_simple_text: { run: () => say('This is a simple text response for testing.') },
  test_image_content: { run: () => ({ content: [{ type: 'image', ...picture }] }) },
  test_audio_content: { run: () => ({ content: [{ type: 'audio', ...sound }] }) },
  test_embedded_resource: { run: () => ({ content: [embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')] }) },
  test_multiple_content_types: { run: () => ({ content: [{ type: 'text', text: 'Multiple content types test:' }, { type: 'image', ...picture }, embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}')] }) },
  test_error_handling: { run: () => ({ ...say('This tool intentionally returns an error for testing'), isError: true }) },
  test_tool_with_logging: {
    run: async (_, call) => {
      for (const text of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) { await call.log('info', text); await sleep(50); }
      return say('three lines were logged');
    },
  },
  test_tool_with_progress: {
    run: async (_, call) => {
      for (const done of [0, 50, 100]) { await call.progress(done, 100); await sleep(50); }
      return say('progress was told three times');
    },
  },
  test_reconnection: { run: async (_, call) => { await sleep(30); call.closeStream(); await sleep(120); return say('after the stream was closed'); } },
  test_logging_tool: { run: async (_, call) => { await call.log('info', 'a line'); return say('logged'); } },
  test_streaming_elicitation: { run: async (_, call) => { await call.log('info', 'begun'); return say('streamed'); } },
  test_missing_capability: {
    run: (_, call) => {
      if (!call.can('sampling')) throw new Refused(-32021, 'The client cannot sample', { requiredCapabilities: { sampling: {} } });
      return say('the client can sample');
    },
  },
  test_trigger_tool_change: { run: () => { told.listChanged('tools'); return say('tools have changed'); } },
  test_trigger_prompt_change: { run: () => { told.listChanged('prompts'); return say('prompts have changed'); } },
  test_trigger_resource_update: { run: () => { told.listChanged('watched'); return say('test://watched-resource has changed'); } },
  test_header_parameters: {
    properties: { region: { type: 'string', 'x-mcp-header': 'Region' }, count: { type: 'integer', 'x-mcp-header': 'Count' } }, required: ['region'],
    run: ({ region }) => say(`region ${region}`),
  },
  json_schema_2020_12_tool: {
    schema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object',
      $defs: { address: { $anchor: 'addressDef', type: 'object', properties: { street: word, city: word } } },
      properties: { name: word, address: { $ref: '#/$defs/address' }, contactMethod: choice(['phone', 'email']), phone: word, email: word },
      allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
      if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] }, then: { required: ['phone'] }, else: { required: ['email'] },
      additionalProperties: false,
    },
    run: () => say('a schema with everything'),
  },
  test_sampling: asking(({ prompt }) => ({ model: sample(prompt) }), ({ model }) => `LLM response: ${model.content.text ?? show(model.content)}`, { prompt: word }),
  test_elicitation: asking(({ message }) => ({ user: form(message, { username: { type: 'string', description: "User's response" }, email: { type: 'string', description: "User's email address" } }) }), ({ user }) => `User response: action=${user.action}, content=${show(user.content ?? {})}`, { message: word }),
  test_elicitation_sep1034_defaults: asking({
    user: form('Look at the defaults', {
      name: { type: 'string', default: 'John Doe' }, age: { type: 'integer', default: 30 }, score: { type: 'number', default: 95.5 },
      status: { ...choice(['active', 'inactive', 'pending']), default: 'active' }, verified: { type: 'boolean', default: true },
    }, []),
  }, ({ user }) => `Elicitation completed: action=${user.action}, content=${show(user.content ?? {})}`),
  test_elicitation_sep1330_enums: asking({
    user: form('Choose', {
      untitledSingle: choice(numbered('option')), titledSingle: { type: 'string', oneOf: titled(numbered('value')) },
      legacyEnum: { ...choice(numbered('opt')), enumNames: ['Option One', 'Option Two', 'Option Three'] },
      untitledMulti: { type: 'array', items: choice(numbered('option')) }, titledMulti: { type: 'array', items: { anyOf: titled(numbered('value')) } },
    }, []),
  }, ({ user }) => `Elicitation completed: action=${user.action}, content=${show(user.content ?? {})}`),
  test_input_required_result_elicitation: asking({ user_name: form('What is your name?', { name: word }) }, ({ user_name }) => `Hello, ${user_name.content?.name}!`),
  test_input_required_result_sampling: asking({ capital_question: sample('What is the capital of France?') }, ({ capital_question }) => `The model says: ${capital_question.content.text}`),
  test_input_required_result_list_roots: asking({ client_roots: roots }, ({ client_roots }) => `roots: ${client_roots.roots.map((root) => root.uri).join(' ')}`),
  test_input_required_result_request_state: stateful('state', { confirm: form('Please confirm', { ok: { type: 'boolean' } }) }, 'state-ok'),
  test_input_required_result_tampered_state: stateful('sealed', { confirm: form('Please confirm', { ok: { type: 'boolean' } }) }, 'it was not tampered with'),
  test_input_required_result_multiple_inputs: stateful('several', { user_name: form('What is your name?', { name: word }), greeting: sample('Generate a greeting'), client_roots: roots }, 'all three were answered'),
  test_input_required_result_multi_round: {
    run: (_, call) => {
      const state = unsealed(call.state) ?? { round: 0 };
      const first = form('Step 1: What is your name?', { name: word }), second = form('Step 2: What is your favorite color?', { color: word });
      if (state.round === 2 && isAnswer(second, call.answers.step2)) return say(`${state.name} likes ${call.answers.step2.content?.color}`);
      if (state.round === 2) return ask({ step2: second }, state);
      if (state.round === 1 && isAnswer(first, call.answers.step1)) return ask({ step2: second }, { round: 2, name: call.answers.step1.content?.name });
      return ask({ step1: first }, { round: 1 });
    },
  },
  test_input_required_result_capabilities: {
    run: (_, call) => {
      const questions = { ...(call.can('elicitation') ? { form: form('A value?', { value: word }) } : {}), ...(call.can('sampling') ? { model: sample('Say something') } : {}) };
      const names = Object.keys(questions);
      if (names.length === 0) return say('the client can be asked nothing');
      return names.every((name) => isAnswer(questions[name], call.answers[name])) ? say(`answered: ${names}`) : ask(questions, { names });
    },
  },
};

/** A tool that insists on the state it gave out with its questions. */
function stateful(mark, questions, text) {
  return {
    run: (_, call) => {
      const state = unsealed(call.state);
      const isAnswered = Object.keys(questions).every((name) => isAnswer(questions[name], call.answers[name]));
      return isAnswered && state?.mark === mark ? say(text) : ask(questions, { mark });
    },
  };
}

// -- prompts, resources ----------------------------------------------------------------------------

const message = (...contents) => ({ messages: contents.map((content) => ({ role: 'user', content })) });
const plain = (text) => ({ type: 'text', text });

const prompts = {
  test_simple_prompt: { run: () => message(plain('This is a simple prompt for testing.')) },
  test_prompt_with_arguments: { names: ['arg1', 'arg2'], run: ({ arg1, arg2 }) => message(plain(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)) },
  test_prompt_with_embedded_resource: { names: ['resourceUri'], run: ({ resourceUri }) => message(embedded(resourceUri, 'text/plain', 'Embedded resource content for testing.'), plain('Please process the embedded resource above.')) },
  test_prompt_with_image: { run: () => message({ type: 'image', ...picture }, plain('Please analyze the image above.')) },
  test_input_required_result_prompt: {
    run: (_, call) => {
      const question = form('What context should the prompt use?', { context: word });
      return isAnswer(question, call.answers.user_context) ? message(plain(`In the context of ${call.answers.user_context.content?.context}`)) : ask({ user_context: question });
    },
  },
};

const resources = {
  'test://static-text': { name: 'static text', mimeType: 'text/plain', text: 'This is the content of the static text resource.' },
  'test://static-binary': { name: 'static picture', mimeType: 'image/png', blob: picture.data },
  'test://watched-resource': { name: 'watched', mimeType: 'text/plain', text: 'This resource can be watched.' },
};

function read(uri, era) {
  const [, id] = /^test:\/\/template\/([^/]+)\/data$/.exec(uri) ?? [];
  if (id !== undefined) return { contents: [{ uri, mimeType: 'application/json', text: show({ id, templateTest: true, data: `Data for ID: ${id}` }) }] };
  if (!Object.hasOwn(resources, uri)) throw new Refused(era === 'modern' ? -32602 : -32002, 'Resource not found', { uri });
  const { name: _, ...contents } = resources[uri];
  return { contents: [{ uri, ...contents }] };
}

const own = (table, name, kind) => {
  if (!Object.hasOwn(table, name ?? '')) throw new Refused(-32602, `Unknown ${kind}: ${name}`);
  return table[name];
};
const schemaOf = ({ schema, properties = {}, required }) => schema ?? { type: 'object', properties, ...(required ?? Object.keys(properties).length ? { required: required ?? Object.keys(properties) } : {}) };

/** What each method answers, in either era. */
const methods = {
  'tools/list': () => ({ tools: Object.entries(tools).map(([name, tool]) => ({ name, description: name.replaceAll('_', ' '), inputSchema: schemaOf(tool) })) }),
  'tools/call': ({ name, arguments: args = {} }, call) => own(tools, name, 'tool').run(args, call),
  'prompts/list': () => ({ prompts: Object.entries(prompts).map(([name, prompt]) => ({ name, description: name.replaceAll('_', ' '), ...(prompt.names ? { arguments: prompt.names.map((one) => ({ name: one, description: `the ${one}`, required: true })) } : {}) })) }),
  'prompts/get': ({ name, arguments: args = {} }, call) => own(prompts, name, 'prompt').run(args, call),
  'resources/list': () => ({ resources: Object.entries(resources).map(([uri, { name, mimeType }]) => ({ uri, name, mimeType, description: `${name} for tests` })) }),
  'resources/templates/list': () => ({ resourceTemplates: [{ uriTemplate: 'test://template/{id}/data', name: 'template', mimeType: 'application/json', description: 'data by id' }] }),
  'resources/read': ({ uri }, call) => read(uri, call.era),
  'completion/complete': ({ argument }) => {
    const values = ['paris', 'park', 'party'].filter((value) => value.startsWith(argument.value));
    return { completion: { values, total: values.length, hasMore: false } };
  },
};

const information = { name: 'suite-server', version: '1.0.0' };
const capabilities = { tools: { listChanged: true }, prompts: { listChanged: true }, resources: { subscribe: true, listChanged: true }, logging: {}, completions: {} };

// -- the legacy era --------------------------------------------------------------------------------

const maxRounds = 8;

/** Puts the questions of a tool to the client, as requests, until it has its result. */
async function rounds(run, server, extra, call) {
  let result = await run(call);
  for (let round = 0; result.resultType === 'input_required'; round++) {
    if (round === maxRounds) throw new Refused(-32603, 'too many questions');
    const questions = Object.entries(result.inputRequests);
    for (const [, { method }] of questions) {
      const capability = method.split('/')[0];
      if (!server.getClientCapabilities()?.[capability]) return { ...say(`the client has no ${capability}`), isError: true };
    }
    const answers = await Promise.all(questions.map(async ([name, request]) => [name, await extra.sendRequest(request, ResultSchema)]));
    result = await run({ ...call, answers: Object.fromEntries(answers), state: result.requestState });
  }
  return result;
}

const legacyServers = new Set();

function makeLegacyServer() {
  const server = new LegacyServer(information, { capabilities });
  const watched = new Set();
  server.watches = (uri) => watched.has(uri);
  server.fallbackRequestHandler = async ({ method, params = {} }, extra) => {
    if (method === 'resources/subscribe') { watched.add(params.uri); return {}; }
    if (method === 'resources/unsubscribe') { watched.delete(params.uri); return {}; }
    if (!Object.hasOwn(methods, method)) throw new McpError(-32601, 'Method not found');
    const token = extra._meta?.progressToken;
    const call = {
      era: 'legacy', answers: {},
      can: (capability) => server.getClientCapabilities()?.[capability] !== undefined,
      progress: async (progress, total) => { if (token !== undefined) await extra.sendNotification({ method: 'notifications/progress', params: { progressToken: token, progress, total } }); },
      log: (level, data) => extra.sendNotification({ method: 'notifications/message', params: { level, data } }),
      closeStream: () => extra.closeSSEStream?.(),
    };
    try {
      return await rounds((now) => methods[method](params, now), server, extra, call);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      throw Object.assign(new Error(error.message), { code: error.code, data: error.data });
    }
  };
  legacyServers.add(server);
  server.onclose = () => legacyServers.delete(server);
  return server;
}

function tellLegacy(what) {
  for (const server of legacyServers) {
    if (what === 'tools') server.sendToolListChanged().catch(() => {});
    if (what === 'prompts') server.sendPromptListChanged().catch(() => {});
    if (what === 'watched' && server.watches('test://watched-resource')) server.sendResourceUpdated({ uri: 'test://watched-resource' }).catch(() => {});
  }
}

/** The last events of each stream, so that a client may come back for them. */
class Events {
  kept = [];
  async storeEvent(stream, event) {
    this.kept.push({ id: `${this.kept.length}`, stream, event });
    return this.kept.at(-1).id;
  }
  async getStreamIdForEventId(id) { return this.kept[Number(id)]?.stream; }
  async replayEventsAfter(id, { send }) {
    const { stream } = this.kept[Number(id)];
    for (const one of this.kept.slice(Number(id) + 1))
      if (one.stream === stream && Object.keys(one.event).length > 0) await send(one.id, one.event);
    return stream;
  }
}

const sessions = new Map();

async function serveLegacy(request, response) {
  const named = request.headers['mcp-session-id'];
  let transport = sessions.get(named);
  if (named !== undefined && !transport) return refuse(response, 404, -32001, 'Session not found');
  if (!transport) {
    transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID, eventStore: new Events(), retryInterval: 500,
      onsessioninitialized: (id) => { sessions.set(id, transport); }, onsessionclosed: (id) => { sessions.delete(id); },
    });
    await makeLegacyServer().connect(transport);
  }
  return transport.handleRequest(request, response);
}

const refuse = (response, status, code, text) => response.writeHead(status, { 'content-type': 'application/json' }).end(show({ jsonrpc: '2.0', error: { code, message: text }, id: null }));

// -- the modern era --------------------------------------------------------------------------------

const prefix = 'io.modelcontextprotocol';

function makeModernServer() {
  const server = new ModernServer(information, { capabilities });
  for (const [method, answer] of Object.entries(methods))
    server.setRequestHandler(method, async ({ params = {} }, { mcpReq }) => {
      const envelope = mcpReq.envelope ?? {}, token = mcpReq._meta?.progressToken;
      const isModern = envelope[`${prefix}/protocolVersion`] !== undefined;
      const able = envelope[`${prefix}/clientCapabilities`] ?? server.getClientCapabilities?.() ?? {};
      const call = {
        era: isModern ? 'modern' : 'legacy', answers: mcpReq.inputResponses ?? {}, state: mcpReq.requestState?.(),
        can: (capability) => able[capability] !== undefined,
        progress: async (progress, total) => { if (token !== undefined) await mcpReq.notify({ method: 'notifications/progress', params: { progressToken: token, progress, total } }); },
        log: async (level, data) => { if (!isModern || envelope[`${prefix}/logLevel`]) await mcpReq.notify({ method: 'notifications/message', params: { level, data } }); },
        closeStream: () => {},
      };
      try {
        return await answer(params, call);
      } catch (error) {
        throw error instanceof Refused ? new ProtocolError(error.code, error.message, error.data) : error;
      }
    });
  return server;
}

// -- transports ------------------------------------------------------------------------------------

const local = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Names of this machine only: a page of another site that was pointed at us is refused. */
function isLocal({ host, origin }) {
  if (!local.test(host ?? '')) return false;
  return origin === undefined || local.test(origin.replace(/^https?:\/\//, ''));
}

/** Serves on `port`; the server that listens. */
export function serveHttp(port, era) {
  const handler = createMcpHandler(makeModernServer, { legacy: 'reject' });
  const modern = toNodeHandler(handler);
  told.listChanged = (what) => {
    tellLegacy(what);
    if (what === 'tools') handler.notify.toolsChanged();
    if (what === 'prompts') handler.notify.promptsChanged();
    if (what === 'watched') handler.notify.resourceUpdated('test://watched-resource');
  };
  const isModern = (request) => era === 'modern' || (era === 'dual' && request.headers['mcp-protocol-version'] === '2026-07-28');
  return createServer((request, response) => {
    if (!isLocal(request.headers)) return refuse(response, 403, -32000, 'Not for this host or origin');
    return isModern(request) ? modern(request, response) : serveLegacy(request, response);
  }).listen(port, '127.0.0.1', function listening() { console.log(`listening on ${this.address().port}`); });
}

export async function serveLines(era) {
  if (era === 'legacy') {
    told.listChanged = tellLegacy;
    return makeLegacyServer().connect(new StdioServerTransport());
  }
  let server;
  told.listChanged = (what) => {
    if (what === 'tools') server?.sendToolListChanged();
    if (what === 'prompts') server?.sendPromptListChanged();
    if (what === 'watched') server?.sendResourceUpdated({ uri: 'test://watched-resource' });
  };
  return serveStdio(() => (server = makeModernServer()), { legacy: era === 'modern' ? 'reject' : 'serve' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [kind, ...rest] = process.argv.slice(2);
  const era = rest.at(-1);
  if (!['legacy', 'modern', 'dual'].includes(era)) throw new Error('suite_server.mjs http PORT legacy|modern|dual, or stdio legacy|modern|dual');
  if (kind === 'http') serveHttp(Number(rest[0]), era);
  else await serveLines(era);
}
