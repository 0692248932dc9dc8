// A server with tasks (2025-11-25), made with the official SDK:  task_server.mjs stdio | PORT
// It cannot tell its callers apart: whoever knows a task may use it, and all are listed. What it is asked is on its
// error output (stdio) or its output (HTTP).
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { InMemoryTaskMessageQueue, InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { ElicitResultSchema, RootsListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';

const [place] = process.argv.slice(2);
const note = (text) => (place === 'stdio' ? process.stderr : process.stdout).write(`${text}\n`);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const say = (text) => ({ content: [{ type: 'text', text }] });

/** One for all sessions. */
class Store extends InMemoryTaskStore {
  createTask(params, id, request) { return super.createTask(params, id, request); }
  getTask(id) { return super.getTask(id); }
  storeTaskResult(id, status, result) { return super.storeTaskResult(id, status, result); }
  getTaskResult(id) { return super.getTaskResult(id); }
  updateTaskStatus(id, status, message) { note(`status ${id} ${status}`); return super.updateTaskStatus(id, status, message); }
  listTasks(cursor) { return super.listTasks(cursor); }
}
const taskStore = new Store();
const taskMessageQueue = new InMemoryTaskMessageQueue();

function makeServer() {
  const server = new McpServer({ name: 'task-server', version: '1' },
    { capabilities: { logging: {}, tools: { listChanged: true }, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } }, taskStore, taskMessageQueue });
  server.server.setNotificationHandler(RootsListChangedNotificationSchema, ({ params }) => note(`roots changed ${params?._meta?.['io.modelcontextprotocol/related-task']?.taskId}`));
  /** `work` is done behind the task, which is made after `wait` ms; its result is the task's. */
  const tool = (name, taskSupport, work, wait = 0) => server.experimental.tasks.registerToolTask(name, { description: name, execution: { taskSupport } }, {
    createTask: async (extra) => {
      if (wait > 0) { note(`waits ${name}`); await sleep(wait); }
      const task = await extra.taskStore.createTask({ ttl: extra.taskRequestedTtl ?? 60000, pollInterval: 50 });
      note(`made ${name} ${task.taskId} ttl ${extra.taskRequestedTtl}`);
      const related = { relatedTask: { taskId: task.taskId } };
      work({ extra, task, related }).then((result) => extra.taskStore.storeTaskResult(task.taskId, 'completed', result), (error) => note(`failed ${error}`));
      return { task };
    },
    getTask: async (extra) => extra.taskStore.getTask(extra.taskId),
    getTaskResult: async (extra) => extra.taskStore.getTaskResult(extra.taskId),
  });
  tool('needed', 'required', async () => { await sleep(100); return say('done as a task'); });
  tool('possible', 'optional', async () => say('done'));
  tool('forever', 'required', () => new Promise(() => {}));
  tool('late', 'required', () => new Promise(() => {}), 300);
  tool('asking', 'required', async ({ extra, related }) => {
    const answer = await extra.sendRequest({ method: 'elicitation/create', params: { mode: 'form', message: 'Name?', requestedSchema: { type: 'object', properties: { name: { type: 'string' } } } } }, ElicitResultSchema, related);
    return say(`${answer.action} ${answer.content?.name ?? ''}`);
  });
  tool('steps', 'required', async ({ extra, task, related }) => {
    for (let progress = 1; progress <= 3; progress++) {
      await sleep(20);
      const progressToken = extra._meta?.progressToken;
      if (progressToken !== undefined) await server.server.notification({ method: 'notifications/progress', params: { progressToken, progress, total: 3 } }, related);
      await extra.taskStore.updateTaskStatus(task.taskId, 'working', `step ${progress}`);
    }
    await sleep(50);
    return say('all steps');
  });
  server.registerTool('plain', { description: 'no task' }, async () => say('at once'));
  server.registerTool('unasked', { description: 'says that it became a task' }, async () => ({ ...say('no task'), task: { taskId: randomUUID().replaceAll('-', ''), status: 'working' } }));
  server.registerTool('broken', { description: 'fails' }, async () => { throw new Error('broken'); });
  return server;
}

if (place === 'stdio') {
  const transport = new StdioServerTransport();
  await makeServer().connect(transport);
} else {
  const transports = new Map();
  const transportOf = async (request) => {
    const named = request.headers['mcp-session-id'];
    if (named) return transports.get(named);
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID, onsessioninitialized: (id) => { transports.set(id, transport); } });
    transport.onclose = () => transports.delete(transport.sessionId);
    await makeServer().connect(transport);
    return transport;
  };
  createServer(async (request, response) => {
    const transport = await transportOf(request);
    if (transport) return transport.handleRequest(request, response);
    return response.writeHead(404, { 'content-type': 'application/json' }).end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}');
  }).listen(Number(place), '127.0.0.1');
}
