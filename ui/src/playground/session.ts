// One connection to a route as one caller: the official client, what it has found there, every message,
// and the questions of the server that wait for a person. Tokens live here and nowhere else.
import {
  Client,
  type ClientOptions,
  type JSONRPCMessage,
  StreamableHTTPClientTransport,
  type StreamableHTTPClientTransportOptions,
} from '@modelcontextprotocol/client';
import { tokenHeader } from '../api/client';
import { type Told, told } from './errors';

export type Via = 'relay' | 'browser';
export type Era = 'auto' | 'legacy' | 'modern';

export type Tool = {
  name: string;
  title?: string;
  description?: string;
  inputSchema?: unknown;
  outputSchema?: unknown;
  annotations?: Record<string, unknown>;
};
export type Prompt = {
  name: string;
  title?: string;
  description?: string;
  arguments?: { name: string; description?: string; required?: boolean }[];
};
export type Resource = { uri: string; name: string; title?: string; description?: string; mimeType?: string };
export type Template = { uriTemplate: string; name: string; description?: string };

export type Message = {
  id: number;
  at: number;
  direction: 'out' | 'in';
  method: string;
  /** Of an answer: how long it took. */
  ms?: number;
  isError?: boolean;
  body: JSONRPCMessage;
};

export type Question = {
  id: number;
  method: 'elicitation/create' | 'sampling/createMessage';
  params: Record<string, unknown>;
  answer: (result: Record<string, unknown>) => void;
  refuse: (why: string) => void;
};

export type State = {
  phase: 'idle' | 'connecting' | 'connected';
  error: Told | null;
  server: { name: string; version: string } | null;
  protocol: string | null;
  era: string | null;
  sessionId: string | null;
  instructions: string | null;
  capabilities: Record<string, unknown>;
  tools: Tool[];
  prompts: Prompt[];
  resources: Resource[];
  templates: Template[];
  messages: Message[];
  questions: Question[];
};

const nothing: Omit<State, 'messages'> = {
  phase: 'idle',
  error: null,
  server: null,
  protocol: null,
  era: null,
  sessionId: null,
  instructions: null,
  capabilities: {},
  tools: [],
  prompts: [],
  resources: [],
  templates: [],
  questions: [],
};

const keptMessages = 500;
const callTimeout = 10 * 60_000;
const versions: Record<Era, ClientOptions['versionNegotiation']> = {
  auto: { mode: 'auto', probe: { timeoutMs: 20_000 } },
  legacy: { mode: 'legacy' },
  modern: { mode: { pin: '2026-07-28' } },
};

/** Accepts any result: what the server says is shown, whatever it is. */
const anyResult = {
  '~standard': { version: 1 as const, vendor: 'agentgateway', validate: (value: unknown) => ({ value }) },
};

/** Hands every message to `seen`, in both directions. */
class SeenTransport extends StreamableHTTPClientTransport {
  private readonly seen: (direction: 'out' | 'in', message: JSONRPCMessage) => void;

  constructor(url: URL, options: StreamableHTTPClientTransportOptions, seen: SeenTransport['seen']) {
    super(url, options);
    this.seen = seen;
    // The client sets it after this; what it sets is wrapped.
    let handler: ((message: JSONRPCMessage) => void) | undefined;
    Object.defineProperty(this, 'onmessage', {
      get: () => handler,
      set: (given: typeof handler) => {
        handler =
          given &&
          ((message, ...rest: []) => {
            this.seen('in', message);
            given(message, ...rest);
          });
      },
    });
  }

  override async send(
    message: JSONRPCMessage | JSONRPCMessage[],
    options?: Parameters<StreamableHTTPClientTransport['send']>[1],
  ): Promise<void> {
    for (const one of Array.isArray(message) ? message : [message]) this.seen('out', one);
    return super.send(message, options);
  }
}

export type Wanted = { routeId: string; endpoint: string; via: Via; era: Era; token: string };

const urlOf = ({ via, routeId, endpoint }: Wanted) =>
  via === 'browser'
    ? new URL(endpoint)
    : new URL(`/api/v1/playground/${encodeURIComponent(routeId)}`, window.location.origin);

export class Session {
  private state: State = { ...nothing, messages: [] };
  private listeners = new Set<() => void>();
  private client: Client | null = null;
  private transport: SeenTransport | null = null;
  private counted = 0;
  private sentAt = new Map<string | number, { at: number; method: string }>();
  /** Counts connections, so that what belongs to an ended one changes nothing. */
  private turn = 0;

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
  snapshot = () => this.state;

  private set(change: Partial<State>) {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }

  async connect(wanted: Wanted): Promise<boolean> {
    const turn = ++this.turn;
    this.sentAt.clear();
    this.set({ ...nothing, phase: 'connecting', messages: [] });
    const client = this.makeClient(wanted.era);
    try {
      const transport = this.makeTransport(wanted);
      this.client = client;
      this.transport = transport;
      await client.connect(transport, { timeout: 60_000 });
      if (turn !== this.turn) return false;
      client.onclose = () => turn === this.turn && this.set({ ...nothing });
      // With the lists: a table that fills in a moment later looks like one that is empty.
      await this.refresh();
      if (turn !== this.turn) return false;
      this.set({
        phase: 'connected',
        server: client.getServerVersion() ?? null,
        protocol: client.getNegotiatedProtocolVersion() ?? null,
        era: client.getProtocolEra() ?? null,
        sessionId: transport.sessionId ?? null,
        instructions: client.getInstructions() ?? null,
        capabilities: (client.getServerCapabilities() ?? {}) as Record<string, unknown>,
      });
      return true;
    } catch (error) {
      if (turn !== this.turn) return false;
      this.client = null;
      void client.close().catch(() => {});
      this.set({ ...nothing, error: told(error, wanted.via, wanted.endpoint) });
      return false;
    }
  }

  private makeTransport(wanted: Wanted): SeenTransport {
    const token = wanted.token.trim();
    const headers: Record<string, string> = {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(wanted.via === 'relay' ? tokenHeader() : {}),
    };
    return new SeenTransport(
      urlOf(wanted),
      { requestInit: { headers }, redirectPolicy: 'same-origin' },
      this.record,
    );
  }

  private makeClient(era: Era): Client {
    const client = new Client(
      { name: 'agentgateway-playground', version: '1.0.0' },
      {
        capabilities: { elicitation: { form: {}, url: {} }, sampling: {}, roots: { listChanged: false } },
        versionNegotiation: versions[era],
        listChanged: {
          tools: { autoRefresh: false, onChanged: () => void this.refresh() },
          prompts: { autoRefresh: false, onChanged: () => void this.refresh() },
          resources: { autoRefresh: false, onChanged: () => void this.refresh() },
        },
      },
    );
    client.setRequestHandler(
      'elicitation/create',
      (request) => this.ask('elicitation/create', request.params) as never,
    );
    client.setRequestHandler(
      'sampling/createMessage',
      (request) => this.ask('sampling/createMessage', request.params) as never,
    );
    // Folders of whoever looks at this page are nobody's business: none, and the message log shows it.
    client.setRequestHandler('roots/list', () => ({ roots: [] }));
    return client;
  }

  private record = (direction: 'out' | 'in', body: JSONRPCMessage) => {
    const message: Message = {
      id: this.counted++,
      at: Date.now(),
      direction,
      body,
      method: 'method' in body ? body.method : '',
    };
    const id = 'id' in body ? body.id : undefined;
    if ('method' in body && id !== undefined && id !== null)
      this.sentAt.set(`${direction}${id}`, { at: performance.now(), method: body.method });
    if (!('method' in body) && id !== undefined && id !== null) {
      const asked = this.sentAt.get(`${direction === 'in' ? 'out' : 'in'}${id}`);
      message.method = asked?.method ?? '';
      message.ms = asked ? Math.round(performance.now() - asked.at) : undefined;
      message.isError = 'error' in body;
    }
    this.set({ messages: [...this.state.messages.slice(-keptMessages + 1), message] });
  };

  private ask(method: Question['method'], params: unknown): Promise<Record<string, unknown>> {
    return new Promise((answer, refuse) => {
      const id = this.counted++;
      const without = () => this.set({ questions: this.state.questions.filter((one) => one.id !== id) });
      const question: Question = {
        id,
        method,
        params: (params ?? {}) as Record<string, unknown>,
        answer: (result) => {
          without();
          answer(result);
        },
        refuse: (why) => {
          without();
          refuse(new Error(why));
        },
      };
      this.set({ questions: [...this.state.questions, question] });
    });
  }

  /** Asks for the lists that the server says it has. */
  async refresh(): Promise<void> {
    const client = this.client;
    const turn = this.turn;
    if (!client) return;
    const has = client.getServerCapabilities() ?? {};
    const fresh = { cacheMode: 'refresh' as const };
    const or = <T>(wanted: Promise<T>, otherwise: T) => wanted.catch(() => otherwise);
    const [tools, prompts, resources, templates] = await Promise.all([
      has.tools
        ? or(
            client.listTools(undefined, fresh).then((all) => all.tools as Tool[]),
            [],
          )
        : [],
      has.prompts
        ? or(
            client.listPrompts(undefined, fresh).then((all) => all.prompts as Prompt[]),
            [],
          )
        : [],
      has.resources
        ? or(
            client.listResources(undefined, fresh).then((all) => all.resources as Resource[]),
            [],
          )
        : [],
      has.resources
        ? or(
            client.listResourceTemplates(undefined, fresh).then((all) => all.resourceTemplates as Template[]),
            [],
          )
        : [],
    ]);
    if (turn === this.turn) this.set({ tools, prompts, resources, templates });
  }

  /** Any request; the result is whatever comes. */
  async request(method: string, params: Record<string, unknown>, signal?: AbortSignal): Promise<unknown> {
    if (!this.client) throw new Error('Not connected.');
    const options = { timeout: callTimeout, signal, resetTimeoutOnProgress: true };
    if (method === 'tools/call') return this.client.callTool(params as { name: string }, options);
    if (method === 'prompts/get') return this.client.getPrompt(params as { name: string }, options);
    if (method === 'resources/read')
      return this.client.readResource(params as { uri: string }, { ...options, cacheMode: 'bypass' });
    return this.client.request({ method, params } as never, anyResult as never, options);
  }

  async disconnect(): Promise<void> {
    const client = this.client;
    const transport = this.transport;
    this.turn++;
    this.client = null;
    this.transport = null;
    for (const question of this.state.questions) question.refuse('The connection was closed.');
    this.set({ ...nothing });
    // The session's end is told to the server, which need not wait for it to grow old.
    await transport?.terminateSession().catch(() => {});
    await client?.close().catch(() => {});
  }

  clearMessages() {
    this.set({ messages: [] });
  }
}
