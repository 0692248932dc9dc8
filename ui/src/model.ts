// Ways through the model that the gateway answers.
import type { BackendNode, BindNode, ListenerNode, Model, Policy, RouteNode, TargetNode } from './api/types';

export type Place = { bind: BindNode; listener: ListenerNode; route: RouteNode };
export type TargetPlace = { place: Place; backend: BackendNode; target: TargetNode };

export function routesOf(model: Model | undefined): Place[] {
  return (model?.binds ?? []).flatMap((bind) =>
    bind.listeners.flatMap((listener) => listener.routes.map((route) => ({ bind, listener, route }))),
  );
}

export function targetsOf(model: Model | undefined): TargetPlace[] {
  return routesOf(model).flatMap((place) =>
    place.route.backends.flatMap((backend) => backend.targets.map((target) => ({ place, backend, target }))),
  );
}

/** The port that is really listened on; a configured 0 means any. */
export const portOf = (bind: BindNode) => bind.boundPort || bind.port;

const record = (value: unknown): Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};

/** `x-team: red` of a header or parameter that a route wants. */
function namedText(wanted: Record<string, unknown>): string {
  const [kind, value] = Object.entries(record(wanted.value)).find(([, one]) => one !== null) ?? [];
  return `${String(wanted.name)}: ${kind === 'exact' ? '' : `${kind} `}${String(value)}`;
}

export function matchText(match: Record<string, unknown>): string {
  const parts: string[] = [];
  const path = match.path as Record<string, unknown> | undefined;
  if (path && typeof path === 'object') {
    const [kind, value] = Object.entries(path)[0] ?? [];
    if (kind === 'pathPrefix') parts.push(`${String(value).replace(/\/$/, '')}/*`);
    else if (kind === 'exact') parts.push(String(value));
    else if (kind) parts.push(`${kind} ${String(value)}`);
  }
  for (const [key, value] of Object.entries(match)) {
    if (key === 'path' || value === null || (Array.isArray(value) && value.length === 0)) continue;
    if (Array.isArray(value)) parts.push(...value.map((one) => `${key} ${namedText(record(one))}`));
    else parts.push(`${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  }
  return parts.join(' · ') || '/*';
}

export const matchesText = (route: RouteNode) =>
  route.matches.length === 0 ? '/*' : route.matches.map(matchText).join(', ');

export const titleOf = ({ bind, route }: Place) =>
  `${route.isNamed ? route.name : matchesText(route)} on port ${portOf(bind)}`;

/** Where a value of a policy comes from, in words: the line, or that nobody has written it. */
export function originText(origins: Record<string, { line: number }>, key: string): string {
  const found = origins[key];
  return found ? `line ${found.line}` : 'default';
}

const list = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];

function summaryOfJwt(value: Record<string, unknown>): string {
  const several = list(value.providers);
  const providers = (several.length > 0 ? several : [value]).map(record);
  const issuers = providers.map((one) => String(one.issuer ?? '')).filter(Boolean);
  return [`mode ${String(value.mode ?? 'optional')}`, ...issuers.map((one) => `issuer ${one}`)].join(', ');
}

/** One line about a policy. What this build of the page does not know is named, not hidden. */
export function summaryOf(policy: Policy): string {
  const value = record(policy.value);
  const rules = list(value.rules ?? (Array.isArray(policy.value) ? policy.value : undefined));
  switch (policy.kind) {
    case 'jwtAuth':
    case 'mcpAuthentication':
      return summaryOfJwt(value);
    case 'authorization':
    case 'mcpAuthorization':
      return `${rules.length} ${rules.length === 1 ? 'rule' : 'rules'}`;
    case 'cors':
      return `origins ${list(value.allowOrigins).join(', ') || 'none'}`;
    case 'timeout':
      return Object.entries(value)
        .map(([key, one]) => `${key} ${String(one)}`)
        .join(', ');
    default:
      return Object.entries(value)
        .map(([key, one]) => (key === 'mode' && typeof one === 'string' ? `mode ${one}` : key))
        .join(', ');
  }
}

/** Whether callers without a token get in, for the hint on the Overview. */
export const letsAnonymousIn = (policy: Policy) =>
  (policy.kind === 'jwtAuth' || policy.kind === 'mcpAuthentication') &&
  ['optional', 'permissive'].includes(String(record(policy.value).mode ?? 'optional'));
