// What the gateway's API answers, as far as the pages use it. docs/admin-api.md is the description.

export type Position = { line: number; column: number };
export type Settings = { value: Record<string, unknown>; origins: Record<string, Position> };
export type Located = { path: string; line: number; column: number };

export type ReadOnly = { is: boolean; why: string | null };
export type FileState = 'ok' | 'rejected' | 'missing';

export type Problem = {
  severity: 'error' | 'warning' | 'info';
  path: string;
  line: number;
  column: number;
  message: string;
  suggestion: string;
  source?: string;
};

export type DemoToken = { name: string; token: string; about: string };

export type Runtime = {
  version: string;
  build?: { compiler: string; type: string };
  pid?: number;
  startedAt: string;
  uptimeSeconds: number;
  workers?: number;
  config: { source: 'file' | 'stdin' | 'text' | 'demo'; path: string | null };
  running: { revision: string; since: string };
  file: { state: FileState };
  readOnly: ReadOnly;
  admin: { url: string; loginRequired: boolean };
  listeners: { port: number; boundPort: number }[];
  sessions?: { open: number };
  recordsArguments?: boolean;
  demoTokens: DemoToken[];
  capabilities: string[];
};

export type ConfigFile = {
  text: string;
  etag: string;
  running: { revision: string; since: string };
  file: { state: FileState; errors?: Problem[] };
  warnings?: Problem[];
  readOnly: ReadOnly;
};

export type Policy = Located & {
  kind: string;
  from: 'listener' | 'route' | 'backend';
  value: unknown;
  origins: Record<string, Position>;
};

export type TargetNode = Located & { id: string; name: string; transport: string; settings: Settings };

export type BackendNode = Located & {
  kind: string;
  name: string | null;
  host: string | null;
  policies: Policy[];
  targets: TargetNode[];
};

export type RouteNode = Located & {
  id: string;
  name: string;
  isNamed: boolean;
  kind: 'mcp' | 'http' | 'none';
  endpoint: string | null;
  hostnames: string[];
  matches: Record<string, unknown>[];
  policies: Policy[];
  backends: BackendNode[];
};

export type ListenerNode = Located & {
  name: string;
  isNamed: boolean;
  hostname: string | null;
  protocol: string;
  policies: Policy[];
  routes: RouteNode[];
};

export type BindNode = Located & { port: number; boundPort: number; listeners: ListenerNode[] };

export type Model = {
  revision: string;
  dialect: string;
  counts: {
    binds: number;
    listeners: number;
    routes: number;
    backends: number;
    targets: number;
    policies: number;
  };
  config?: Settings;
  frontend?: Settings;
  binds: BindNode[];
};

export type TargetState = {
  id: string;
  name: string;
  transport: string;
  state: string;
  sessions?: number;
  restarts?: number;
  pids?: number[];
  lastError?: string | null;
  routes?: string[];
};

/** What is kept of one request beside its row. */
export type Recorded = {
  id: string;
  arguments: { value: unknown; isCut: boolean; isRedacted: boolean } | null;
  /** The request as rules see it. */
  data: { jwt?: Record<string, unknown>; [name: string]: unknown };
};

export type Traffic = {
  time: string;
  method?: string;
  path?: string;
  status?: number;
  durationMs?: number;
  listener?: string;
  route?: string;
  source?: string;
  subject?: string;
  mcpMethod?: string;
  kind?: string;
  name?: string;
  target?: string;
  session?: string;
  decision?: string;
  rule?: string;
  expression?: string;
  reason?: string;
  error?: string;
};

export type Metrics = {
  time: string;
  connections: number;
  sessions: number;
  requests: number;
  errors: number;
  allowed: number;
  denied: number;
  latencyMs?: { p50: number; p99: number };
};

export type Identity = {
  name: string;
  token?: string;
  claims?: Record<string, unknown>;
  headers?: Record<string, string>;
  /** The id of a recorded request: its caller. */
  traffic?: string;
};

export type ExplainAsk = {
  route?: string;
  identities: Identity[];
  resources: 'all' | { tools?: string[]; prompts?: string[]; resources?: string[] };
  arguments?: Record<string, unknown>;
  details?: boolean;
  config?: string;
};

export type Step = {
  begin: number;
  end: number;
  depth: number;
  text: string;
  result: string;
  isError: boolean;
  isEvaluated: boolean;
};

export type Outcome = 'true' | 'false' | 'error';

export type Cell = {
  decision: 'allow' | 'deny';
  reason: string;
  rule: number | null;
  isUndecided?: boolean;
  outcomes: Outcome[];
  rules?: { index: number; outcome: Outcome; message?: string; steps: Step[] }[];
  nearest?: { rule: number; missing: { what: string; wants: string; has: string | null }[] } | null;
};

export type Judged = {
  name: string;
  kind: string;
  accepted: boolean;
  status: number | null;
  reason: string | null;
  subject?: string | null;
  issuer?: string | null;
  claims?: Record<string, unknown> | null;
  header?: Record<string, unknown> | null;
};

export type Subject = {
  kind: 'tool' | 'prompt' | 'resource';
  name: string;
  exposedName?: string;
  target?: string;
  description?: string;
};

export type Rule = {
  index: number;
  mode: string;
  expression: string;
  path: string;
  line: number;
  column: number;
};

export type Explained = {
  revision: string;
  route: { id: string; name: string; listener: string; port: number };
  rules: Rule[];
  subjects: Subject[];
  targetErrors?: { target: string; message: string }[];
  identities: Judged[];
  cells: Cell[][];
};

export type CelProblem = {
  severity: string;
  begin: number;
  end: number;
  message: string;
  suggestion: string;
};
export type CelAnswer = {
  ok: boolean;
  result: unknown;
  text: string;
  error: string | null;
  problems: CelProblem[];
  steps: Step[];
};

export type Imported = { yaml: string; findings: { severity: string; path: string; message: string }[] };
