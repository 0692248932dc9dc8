// What went wrong, in words, and what one can do about it.
import { SdkHttpError, UnauthorizedError } from '@modelcontextprotocol/client';
import type { Via } from './session';

export type Told = { title: string; message: string; hints: string[] };

const statusOf = (error: unknown): number | undefined => {
  if (error instanceof SdkHttpError) return error.status;
  if (error instanceof UnauthorizedError) return 401;
  const found = /\b(?:HTTP|status(?: code)?:?)\s*(\d{3})\b/i.exec(
    error instanceof Error ? error.message : '',
  );
  return found ? Number(found[1]) : undefined;
};

const byStatus: Record<number, Omit<Told, 'message'>> = {
  401: {
    title: 'The gateway refuses the token (401)',
    hints: [
      'Compare issuer and audience of the token with the policy jwtAuth of the route.',
      'Look whether it has expired.',
      'Without a token, jwtAuth in mode strict refuses as well.',
    ],
  },
  403: {
    title: 'Refused (403)',
    hints: [
      'A policy of the route refuses this caller before MCP is spoken: see authorization on the page Policies.',
      'If the gateway has been restarted, reload this page.',
    ],
  },
  404: {
    title: 'Nothing is there (404)',
    hints: ['The route matches another path or host name.', 'The session has ended: connect again.'],
  },
  405: {
    title: 'This address does not speak MCP (405)',
    hints: ['Is the backend of the route an MCP server over Streamable HTTP?'],
  },
  406: {
    title: 'The answer is in no form that both know (406)',
    hints: ['The server insists on another form of answer than Streamable HTTP has.'],
  },
  429: { title: 'Too many requests (429)', hints: ['A limit of the route is used up; try again later.'] },
  502: {
    title: 'The target does not answer (502)',
    hints: ['See the page Backends for its state and its output.'],
  },
  503: {
    title: 'Not available now (503)',
    hints: ['The target cannot be started, or keys for tokens are missing. See Backends and the log.'],
  },
  504: {
    title: 'The target took too long (504)',
    hints: ['See the page Backends for its state and its output.'],
  },
};

const corsHints = [
  'The gateway does not answer at that address.',
  "The route has no cors policy, or it does not allow this page's origin.",
  'The cors policy lacks a header: allowHeaders needs authorization, content-type, mcp-protocol-version, mcp-session-id; exposeHeaders needs mcp-session-id.',
  'Choose "Gateway relay": it needs no cors policy.',
];

/** An error of connecting or calling, for people. */
export function told(error: unknown, via: Via, endpoint: string): Told {
  const message = error instanceof Error ? error.message : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
  const status = statusOf(error);
  const known = status === undefined ? undefined : byStatus[status];
  if (known) return { ...known, message };
  if (status === undefined && /failed to fetch|networkerror|load failed/i.test(`${message} ${cause}`))
    return {
      title: `The browser cannot reach ${endpoint}`,
      message,
      hints: via === 'browser' ? corsHints : ['The gateway has ended, or its admin address has changed.'],
    };
  if (/timed? ?out|timeout/i.test(message))
    return {
      title: 'No answer in time',
      message,
      hints: ['The target may still be starting; a package from npm is downloaded at its first start.'],
    };
  return { title: status ? `The gateway answers with ${status}` : 'It did not work', message, hints: [] };
}
