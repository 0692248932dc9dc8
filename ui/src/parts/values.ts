type Row = { key: string; value: unknown };

/** Leaves of a value by the path of their keys, as the gateway names them in `origins`. */
export function leavesOf(value: unknown, prefix = ''): Row[] {
  if (value === null || typeof value !== 'object') return [{ key: prefix, value }];
  if (Array.isArray(value)) {
    if (value.every((one) => one === null || typeof one !== 'object')) return [{ key: prefix, value }];
    return value.flatMap((one, index) => leavesOf(one, `${prefix}[${index}]`));
  }
  return Object.entries(value).flatMap(([key, one]) =>
    leavesOf(one, prefix === '' ? key : `${prefix}.${key}`),
  );
}

export function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join(', ');
  if (value === null || value === undefined) return 'none';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/**
 * Where a value is written: itself, or what holds it and was written as a whole, as a list is. What others of the
 * same object are written beside is a default.
 */
export function originOf(origins: Record<string, { line: number; column: number }>, key: string) {
  for (let path = key; path !== ''; path = path.replace(/(\[\d+\]|\.?[^.[\]]+)$/, '')) {
    const found = origins[path];
    if (!found) continue;
    const isWhole =
      path === key ||
      !Object.keys(origins).some((one) => one.startsWith(path) && /^[.[]/.test(one.slice(path.length)));
    return isWhole ? found : undefined;
  }
  return undefined;
}

/** The values of the policy or target that stands there in a model. */
export function valuesIn(node: unknown, path: string): Map<string, string> | undefined {
  if (node === null || typeof node !== 'object') return undefined;
  const own = node as { path?: string; value?: unknown; settings?: { value?: unknown } };
  if (own.path === path && (own.settings !== undefined || own.value !== undefined))
    return new Map(leavesOf(own.settings?.value ?? own.value).map((leaf) => [leaf.key, plain(leaf.value)]));
  for (const child of Object.values(node)) {
    const found = valuesIn(child, path);
    if (found) return found;
  }
  return undefined;
}

const isWithin = (path: string, other: string) => path === other || /^[.[]/.test(path.slice(other.length));
const areRelated = (one: string, other: string) =>
  (one.startsWith(other) && isWithin(one, other)) || (other.startsWith(one) && isWithin(other, one));

/** All values of a model by their places, but those at the path, within it, or of what holds it. */
export function valuesBeside(model: unknown, path: string): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (node: unknown, name: string) => {
    if (node === null || typeof node !== 'object') return;
    const own = node as { path?: string; value?: unknown; settings?: { value?: unknown }; origins?: unknown };
    const place = own.path ?? name;
    if (own.settings !== undefined || (own.value !== undefined && own.origins !== undefined)) {
      if (areRelated(place, path)) return;
      for (const leaf of leavesOf(own.settings?.value ?? own.value))
        found.set(leaf.key === '' ? place : `${place}.${leaf.key}`, plain(leaf.value));
      return;
    }
    for (const [key, child] of Object.entries(node)) walk(child, Array.isArray(node) ? name : key);
  };
  walk(model, '');
  return found;
}

/** The first place that reads differently; null if there is none. */
export function differenceOf(before: Map<string, string>, after: Map<string, string>): string | null {
  return [...before.keys(), ...after.keys()].find((key) => before.get(key) !== after.get(key)) ?? null;
}

/** Whether an edit of that one value changes others beside it, or removes it: what is typed was not what is read. */
export function isMisread(before: Map<string, string>, after: Map<string, string> | undefined, name: string) {
  if (!after?.has(name)) return true;
  const others = (all: Map<string, string>) => new Map([...all].filter(([key]) => key !== name));
  return differenceOf(others(before), others(after)) !== null;
}
