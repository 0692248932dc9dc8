// A token decoded for the eye. Whether it is valid is for the gateway to say, not for this page.

export type Decoded = { header: Record<string, unknown>; claims: Record<string, unknown> };

function part(text: string): Record<string, unknown> | null {
  try {
    const bytes = Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) =>
      letter.charCodeAt(0),
    );
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

export function decoded(token: string): Decoded | null {
  const parts = token.trim().split('.');
  if (parts.length !== 3) return null;
  const header = part(parts[0] ?? '');
  const claims = part(parts[1] ?? '');
  return header && claims ? { header, claims } : null;
}

const span = (seconds: number) => {
  const steps: [number, string][] = [
    [31_557_600, 'year'],
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
    [1, 'second'],
  ];
  const [size, name] = steps.find(([one]) => seconds >= one) ?? [1, 'second'];
  const count = Math.floor(seconds / size);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
};

/** When it expires, from the seconds of its claim `exp`. */
export function expiryText(claims: Record<string, unknown>, now = Date.now() / 1000): string {
  if (typeof claims.exp !== 'number') return 'never expires';
  return claims.exp > now
    ? `expires in ${span(claims.exp - now)}`
    : `has expired ${span(now - claims.exp)} ago`;
}
