// A server of 2026-07-28 that makes tasks of calls (extension io.modelcontextprotocol/tasks), written by hand so that every
// word on the wire is ours:
//
//   modern_task_server.mjs http PORT      at /mcp; prints `listening on PORT`
//   modern_task_server.mjs stdio
//
// It has the tools that the official conformance suite calls, and some for our tests: `hold` waits until `release` names it,
// `seen` tells what was asked about tasks, `all` the ids of everybody's tasks.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const extension = 'io.modelcontextprotocol/tasks';
const key = (name) => `io.modelcontextprotocol/${name}`;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const say = (text) => ({ content: [{ type: 'text', text }] });
const form = (message, properties) => ({ method: 'elicitation/create', params: { mode: 'form', message, requestedSchema: { type: 'object', properties } } });

class Refused extends Error {
  constructor(code, message, data, status = 200) { super(message); Object.assign(this, { code, data, status }); }
}
const lacking = () => new Refused(-32021, 'Missing required client capability', { requiredCapabilities: { extensions: { [extension]: {} } } }, 400);

// -- tasks -----------------------------------------------------------------------------------------

const tasks = new Map();
const listeners = new Set();
const over = ['completed', 'failed', 'cancelled'];

class Task {
  constructor(run) {
    const now = new Date().toISOString();
    Object.assign(this, { id: randomUUID(), status: 'working', createdAt: now, lastUpdatedAt: now, asked: {}, answers: {} });
    tasks.set(this.id, this);
    this.run(run);
  }

  async run(run) {
    await sleep(1);
    try { this.end('completed', { result: await run(this) }); } catch (error) { this.end('failed', { error: { code: error.code ?? -32603, message: error.message } }); }
  }

  become(status, more = {}) {
    Object.assign(this, more, { status, lastUpdatedAt: new Date().toISOString() });
    const now = this.detailed();
    for (const listener of listeners)
      if (listener.ids.has(this.id)) listener.send({ jsonrpc: '2.0', method: 'notifications/tasks', params: { ...now, _meta: { ...now._meta, [key('subscriptionId')]: listener.id } } });
  }
  end(status, more) { if (!over.includes(this.status)) this.become(status, more); }

  /** The answers to these questions, once all are there. */
  async ask(questions) {
    this.asked = questions;
    this.become('input_required');
    await new Promise((done) => { this.answered = done; });
    return this.answers;
  }

  take(answers) {
    for (const [name, answer] of Object.entries(answers)) {
      if (!Object.hasOwn(this.asked, name)) continue;
      this.answers[name] = answer;
      delete this.asked[name];
    }
    if (this.status === 'input_required' && Object.keys(this.asked).length === 0) { this.become('working'); this.answered(); }
  }

  plain() {
    const { id: taskId, status, createdAt, lastUpdatedAt } = this;
    return { taskId, status, createdAt, lastUpdatedAt, ttlMs: 300000, pollIntervalMs: 100, _meta: { [key('related-task')]: { taskId } } };
  }
  detailed() {
    return { ...this.plain(), ...(this.status === 'input_required' && { inputRequests: this.asked }), ...(this.status === 'completed' && { result: this.result }), ...(this.status === 'failed' && { error: this.error }) };
  }
}

function taskOf({ taskId }) {
  if (!tasks.has(taskId)) throw new Refused(-32602, 'Failed to retrieve task: Task not found');
  return tasks.get(taskId);
}

// -- tools -----------------------------------------------------------------------------------------

const word = { type: 'string' };
const held = new Map();
const seen = [];

/** A call that goes on as a task for clients that can follow one, and else is waited for, if it may be. */
const long = (run, { properties, isRequired = false } = {}) => ({
  properties, call: async (args, { follows }) => {
    if (follows) return { resultType: 'task', ...new Task((task) => run(args, task)).plain() };
    if (isRequired) throw lacking();
    return run(args);
  },
});

const tools = {
  greet: { properties: { name: word }, call: ({ name }) => say(`Hello, ${name}!`) },
  slow_compute: long(async ({ seconds = 0, label = '' }, task) => {
    for (let left = seconds * 10; left > 0 && !over.includes(task?.status); left--) await sleep(100);
    return say(`computed ${label}`);
  }, { properties: { seconds: { type: 'number' }, label: word } }),
  failing_job: long(async () => { await sleep(300); return { ...say('the job failed'), isError: true }; }, { isRequired: true }),
  protocol_error_job: long(async () => { await sleep(100); throw new Refused(-32603, 'the job broke'); }, { isRequired: true }),
  confirm_delete: long(async ({ filename }, task) => {
    const { confirm } = await task.ask({ confirm: form(`Delete ${filename}?`, { confirm: { type: 'boolean' } }) });
    return say(`${filename}: ${confirm.action}`);
  }, { properties: { filename: word }, isRequired: true }),
  multi_input: long(async (_, task) => say(JSON.stringify(await task.ask({ first: form('First?', { name: word }), second: form('Second?', { name: word }) }))), { isRequired: true }),
  test_tool_with_task: {
    call: (args, call) => {
      if (!call.follows) throw lacking();
      const { user_name } = call.answers;
      if (!user_name) return { resultType: 'input_required', inputRequests: { user_name: form('Your name?', { name: word }) }, requestState: 'round-1' };
      return { resultType: 'task', ...new Task(() => say(`done for ${user_name.content?.name}`)).plain() };
    },
  },
  hold: long(({ label }) => new Promise((done) => { held.set(label, () => done(say(`held ${label}`))); }), { properties: { label: word }, isRequired: true }),
  release: { properties: { label: word }, call: ({ label }) => { const free = held.get(label); held.delete(label); free?.(); return say(free ? 'released' : 'nothing is held'); } },
  long_id: { call: () => ({ resultType: 'task', ...new Task(() => say('done')).plain(), taskId: 'x'.repeat(2000) }) },
  unasked: { call: () => ({ resultType: 'task', ...new Task(() => say('done')).plain() }) },
  seen: { call: () => say(JSON.stringify(seen)) },
  all: { call: () => say(JSON.stringify([...tasks.keys()])) },
};

const methods = {
  'server/discover': () => ({ supportedVersions: ['2026-07-28'], capabilities: { tools: {}, extensions: { [extension]: {} } }, ttlMs: 0, cacheScope: 'private', _meta: { [key('serverInfo')]: { name: 'task-server', version: '1' } } }),
  'tools/list': () => ({ tools: Object.entries(tools).map(([name, { properties = {} }]) => ({ name, description: name, inputSchema: { type: 'object', properties } })), ttlMs: 0, cacheScope: 'private' }),
  'tools/call': ({ name, arguments: args = {} }, call) => {
    if (!Object.hasOwn(tools, name ?? '')) throw new Refused(-32602, `Unknown tool: ${name}`);
    return tools[name].call(args, call);
  },
  'tasks/get': (params) => taskOf(params).detailed(),
  'tasks/update': (params) => { taskOf(params).take(params.inputResponses ?? {}); return {}; },
  'tasks/cancel': (params) => { taskOf(params).end('cancelled'); return {}; },
};

// -- messages --------------------------------------------------------------------------------------

/** The answer to a request, and the HTTP status of it. */
async function answer({ id, method, params = {} }, headers = {}) {
  try {
    const follows = params._meta?.[key('clientCapabilities')]?.extensions?.[extension] !== undefined;
    if (method.startsWith('tasks/')) seen.push({ method, taskId: params.taskId, header: headers['mcp-name'], follows, answers: params.inputResponses });
    if (!Object.hasOwn(methods, method)) throw new Refused(-32601, 'Method not found', undefined, 404);
    if (method.startsWith('tasks/') && !follows) throw lacking();
    const result = await methods[method](params, { follows, answers: params.inputResponses ?? {} });
    return { status: 200, message: { jsonrpc: '2.0', id, result: { resultType: 'complete', ...result } } };
  } catch (error) {
    return { status: error.status ?? 200, message: { jsonrpc: '2.0', id, error: { code: error.code ?? -32603, message: error.message, ...(error.data && { data: error.data }) } } };
  }
}

/** Tells of the tasks of the filter from now on; what ends it. */
function listen({ id, params }, send) {
  const wanted = (params.notifications?.taskIds ?? []).filter((taskId) => tasks.has(taskId));
  seen.push({ method: 'subscriptions/listen', taskIds: params.notifications?.taskIds });
  const listener = { id, ids: new Set(wanted), send };
  listeners.add(listener);
  send({ jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params: { _meta: { [key('subscriptionId')]: id }, notifications: wanted.length > 0 ? { taskIds: wanted } : {} } });
  return () => listeners.delete(listener);
}

const named = { 'tools/call': 'name', 'tasks/get': 'taskId', 'tasks/update': 'taskId', 'tasks/cancel': 'taskId' };
const isMirrored = (message, headers) => headers['mcp-method'] === message.method && (!named[message.method] || headers['mcp-name'] === message.params?.[named[message.method]]);

function serveHttp(port) {
  createServer(async (request, response) => {
    let text = '';
    for await (const part of request.setEncoding('utf8')) text += part;
    const message = text === '' ? {} : JSON.parse(text);
    const give = ({ status, message: body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (message.id === undefined) return response.writeHead(request.method === 'POST' ? 202 : 405).end();
    if (request.headers['mcp-protocol-version'] !== '2026-07-28') return give({ status: 400, message: { jsonrpc: '2.0', id: message.id, error: { code: -32022, message: 'Unsupported protocol version', data: { supported: ['2026-07-28'] } } } });
    if (!isMirrored(message, request.headers)) return give({ status: 400, message: { jsonrpc: '2.0', id: message.id, error: { code: -32020, message: 'Header mismatch' } } });
    if (message.method !== 'subscriptions/listen') return give(await answer(message, request.headers));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.on('close', listen(message, (one) => response.write(`data: ${JSON.stringify(one)}\n\n`)));
  }).listen(port, '127.0.0.1', function listening() { console.log(`listening on ${this.address().port}`); });
}

function serveLines() {
  const send = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
  createInterface({ input: process.stdin }).on('line', async (line) => {
    const message = JSON.parse(line);
    if (message.id === undefined) return;
    if (message.method === 'subscriptions/listen') listen(message, send);
    else send((await answer(message)).message);
  }).on('close', () => process.exit(0));
}

const [kind, port] = process.argv.slice(2);
if (kind === 'http') serveHttp(Number(port));
else serveLines();
