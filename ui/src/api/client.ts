// Calls of the gateway's API. Whatever changes state shows the token that came with the page, which no
// other site can read.

const pageToken = () =>
  document.querySelector<HTMLMetaElement>('meta[name="agentgateway-token"]')?.content ?? '';

/** The nonce of the page's Content-Security-Policy, for the style elements that libraries make. */
export const styleNonce = () =>
  document.querySelector<HTMLElement>('meta[property="csp-nonce"]')?.nonce ?? '';

export const tokenHeader = (): Record<string, string> => ({ 'X-Agentgateway-Token': pageToken() });

/** An answer that is not 2xx, with the gateway's own words where it has some. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly body: unknown;

  constructor(status: number, code: string, message: string, body: unknown) {
    super(message);
    this.status = status;
    this.code = code;
    this.body = body;
  }
}

type Ask = { method?: string; body?: unknown; headers?: Record<string, string>; signal?: AbortSignal };

async function answerOf(path: string, { method, body, headers, signal }: Ask): Promise<Response> {
  const verb = method ?? (body === undefined ? 'GET' : 'POST');
  try {
    return await fetch(path, {
      method: verb,
      signal,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(verb === 'GET' ? {} : tokenHeader()),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'unreachable', 'The gateway cannot be reached. Has it ended?', null);
  }
}

function failure(status: number, body: unknown): ApiError {
  const said = (body as { error?: { code?: string; message?: string } } | null)?.error;
  return new ApiError(
    status,
    said?.code ?? 'http',
    said?.message ?? `The gateway answered with status ${status}.`,
    body,
  );
}

export async function api<T>(path: string, ask: Ask = {}): Promise<T> {
  const answer = await answerOf(path, ask);
  const text = await answer.text();
  let body: unknown = null;
  try {
    body = text === '' ? null : JSON.parse(text);
  } catch {
    if (answer.ok)
      throw new ApiError(
        answer.status,
        'not_json',
        'The gateway answered with something else than JSON.',
        text,
      );
  }
  if (!answer.ok) throw failure(answer.status, body);
  return body as T;
}

/** Posts the token of a `#token=` address, which the gateway has printed, and takes it off the address. */
export async function logInFromAddress(): Promise<void> {
  const found = /^#token=(.+)$/.exec(window.location.hash);
  if (!found?.[1]) return;
  window.history.replaceState(null, '', window.location.pathname + window.location.search);
  try {
    await logIn(decodeURIComponent(found[1]));
  } catch {
    // The first answer of the API says that a login is needed; the page for it comes then.
  }
}

export const logIn = (token: string) => api<null>('/api/v1/login', { body: { token } });
