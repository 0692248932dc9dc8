// An MCP server over Streamable HTTP that keeps the bytes it is sent, and whose answer to a call may be bytes that it
// was given; and three careless readers of JSON, to see what other servers would make of those bytes.
import { createServer } from 'node:http';

const show = (value) => JSON.stringify(value);

/** Methods that the gateway calls on its own: to open a session, to know names. */
const ofTheGateway = new Set(['initialize', 'server/discover', 'tools/list', 'prompts/list', 'resources/list', 'resources/templates/list', 'ping', 'logging/setLevel', 'subscriptions/listen']);

/** Those of `bodies` that the gateway does not send by itself; notifications ask for nothing, and come when they come. */
export const calls = (bodies) => bodies.filter((body) => {
  const { method } = JSON.parse(body);
  return !ofTheGateway.has(method) && !method?.startsWith('notifications/');
});

export class ScriptedServer {
  /** `offers` is { tools, prompts, resources }: lists of names. */
  constructor(offers) {
    this.offers = offers;
    this.bodies = [];     // every body, as it came
    this.script = undefined;  // (message, response) => true if it answered
  }

  async start() {
    this.server = createServer((request, response) => this.#serve(request, response));
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.port = this.server.address().port;
    return this;
  }

  get url() { return `http://127.0.0.1:${this.port}/mcp`; }
  stop() { this.server.closeAllConnections(); this.server.close(); }

  async #serve(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    if (request.method !== 'POST') return response.writeHead(request.method === 'DELETE' ? 200 : 405).end();
    const body = Buffer.concat(parts).toString('utf8');
    this.bodies.push(body);
    const message = JSON.parse(body);
    if (this.script?.(message, response)) return undefined;
    if (message.id === undefined || message.method === undefined) return response.writeHead(202).end();
    return response.writeHead(200, { 'content-type': 'application/json' }).end(show(answerOf(this.offers, message)));
  }
}

function resultOf({ tools = [], prompts = [], resources = [] }, { method, params = {} }) {
  switch (method) {
    case 'initialize': return { protocolVersion: params.protocolVersion, capabilities: { tools: {}, prompts: {}, resources: { subscribe: true }, completions: {}, logging: {} }, serverInfo: { name: 'scripted', version: '1' } };
    case 'tools/list': return { tools: tools.map((name) => ({ name, inputSchema: { type: 'object' } })) };
    case 'prompts/list': return { prompts: prompts.map((name) => ({ name })) };
    case 'resources/list': return { resources: resources.map((uri) => ({ uri, name: uri })) };
    case 'resources/templates/list': return { resourceTemplates: [] };
    case 'tools/call': return { content: [{ type: 'text', text: `called ${params.name}` }] };
    case 'prompts/get': return { messages: [] };
    case 'resources/read': return { contents: [{ uri: params.uri, text: 'read' }] };
    case 'completion/complete': return { completion: { values: [] } };
    case 'ping': case 'logging/setLevel': case 'resources/subscribe': case 'resources/unsubscribe': return {};
    default: return undefined;
  }
}

/** What a server with these offers answers. */
export function answerOf(offers, message) {
  const result = resultOf(offers, message);
  return { jsonrpc: '2.0', id: message.id, ...(result ? { result } : { error: { code: -32601, message: 'Method not found' } }) };
}

/** Writes `pieces` to `response` one by one, each in a segment of its own as far as that can be had, and ends it. */
export async function writeSlowly(response, pieces) {
  response.socket.setNoDelay(true);
  for (const piece of pieces) {
    if (response.destroyed) return;
    if (!response.write(piece)) await new Promise((done) => { response.once('drain', done); response.once('close', done); });
    await new Promise(setImmediate);
  }
  response.end();
}

// -- careless readers ------------------------------------------------------------------------------

const scalar = /[^\s,\]}]+/y;

/** JSON with every member kept: objects are lists of [name, value]. The text must be JSON. */
function membersOf(text) {
  let at = 0;
  const space = () => { while (' \t\r\n'.includes(text[at] ?? 'x')) at++; };
  const string = () => {
    const begin = at++;
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    return JSON.parse(text.slice(begin, ++at));
  };
  const value = () => {
    space();
    let found;
    if (text[at] === '{') {
      found = { members: [] };
      for (at++, space(); text[at] !== '}'; space()) {
        if (text[at] === ',') { at++; space(); }
        const name = string();
        space();
        at++;
        found.members.push([name, value()]);
      }
      at++;
    } else if (text[at] === '[') {
      found = { elements: [] };
      for (at++, space(); text[at] !== ']'; space()) {
        if (text[at] === ',') at++;
        found.elements.push(value());
      }
      at++;
    } else if (text[at] === '"') {
      found = string();
    } else {
      scalar.lastIndex = at;
      const [token] = scalar.exec(text);
      at = scalar.lastIndex;
      found = JSON.parse(token);
    }
    return found;
  };
  return value();
}

const folded = (name) => name.toLowerCase().replaceAll('ſ', 's').replaceAll('K', 'k');
const readers = {
  'first wins': (members, name) => members.find(([one]) => one === name),
  'last wins': (members, name) => members.findLast(([one]) => one === name),
  'case does not count': (members, name) => members.findLast(([one]) => folded(one) === name),
};

/** What each careless reader takes `body` for: [{ how, method, name, uri, task }]. */
export function readCarelessly(body) {
  JSON.parse(body);
  const root = membersOf(body);
  return Object.entries(readers).map(([how, find]) => {
    const get = (object, name) => find(object?.members ?? [], name)?.[1];
    const params = get(root, 'params'), ref = get(params, 'ref');
    return { how, method: get(root, 'method'), name: get(params, 'name'), uri: get(params, 'uri'), task: get(params, 'task'), refName: get(ref, 'name'), refUri: get(ref, 'uri') };
  });
}
