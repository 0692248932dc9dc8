// Completion and words about fields from the JSON Schema of the configuration: the path of the place in
// the text, and the part of the schema that stands for it.
import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete';

export type JsonSchema = {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  writeOnly?: boolean;
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  allOf?: JsonSchema[];
  $defs?: Record<string, JsonSchema>;
  definitions?: Record<string, JsonSchema>;
};

type Step = string | number;
type Line = { indent: number; key: string | null; isItem: boolean };

/** Indentation, key and whether it begins an item, of one line of block style. */
function lineOf(text: string): Line | null {
  if (/^\s*(#|$)/.test(text)) return null;
  const match = /^(\s*)((?:- +)*)(?:-$)?(?:(["']?)([\w.$/-]+)\3\s*:(?=\s|$))?/.exec(text);
  if (!match) return null;
  const dashes = match[2] ?? '';
  const isItem = dashes !== '' || /^\s*-\s*$/.test(text);
  return { indent: (match[1] ?? '').length + dashes.length, key: match[4] ?? null, isItem };
}

/** The keys and items that the line at `at` is in, outermost first, without its own key. */
export function pathAt(text: string, at: number): Step[] {
  const before = text.slice(0, at);
  const lines = before.split('\n');
  const last = lines.pop() ?? '';
  const dashes = /^(\s*)((?:- *)*)/.exec(last);
  let indent = (dashes?.[1] ?? '').length + (dashes?.[2] ?? '').length;
  const path: Step[] = [];
  // A list may stand at the indentation of its key.
  let isInList = false;
  if (dashes?.[2]) {
    path.unshift(0);
    indent = (dashes[1] ?? '').length;
    isInList = true;
  }
  for (const raw of lines.reverse()) {
    const line = lineOf(raw);
    if (!line) continue;
    if (line.key !== null && (line.indent < indent || (isInList && line.indent === indent))) {
      path.unshift(line.key);
      indent = line.indent;
      isInList = false;
    }
    const outer = /^\s*/.exec(raw)?.[0].length ?? 0;
    if (line.isItem && outer < indent) {
      path.unshift(0);
      indent = outer;
      isInList = true;
    }
  }
  return path;
}

function resolved(schema: JsonSchema | undefined, root: JsonSchema, depth = 0): JsonSchema[] {
  if (!schema || depth > 12) return [];
  const own = schema.$ref?.startsWith('#/')
    ? resolved(
        schema.$ref
          .slice(2)
          .split('/')
          .reduce<unknown>(
            (part, key) => (part as Record<string, unknown> | undefined)?.[key],
            root,
          ) as JsonSchema,
        root,
        depth + 1,
      )
    : [];
  const parts = [...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.allOf ?? [])];
  return [schema, ...own, ...parts.flatMap((part) => resolved(part, root, depth + 1))];
}

/** All parts of the schema that may stand at the path. */
export function schemasAt(root: JsonSchema, path: Step[]): JsonSchema[] {
  let current = resolved(root, root);
  for (const step of path) {
    current = current.flatMap((schema) => {
      if (typeof step === 'number') return resolved(schema.items, root);
      const named = schema.properties?.[step];
      if (named) return resolved(named, root);
      return typeof schema.additionalProperties === 'object'
        ? resolved(schema.additionalProperties, root)
        : [];
    });
  }
  return current;
}

const typeText = (schema: JsonSchema) => [schema.type ?? []].flat().join(' or ');

/** Completion of keys, and of values where the schema lists them. */
export function completionOf(schema: () => JsonSchema | undefined) {
  return (context: CompletionContext): CompletionResult | null => {
    const root = schema();
    if (!root) return null;
    const line = context.state.doc.lineAt(context.pos);
    const text = line.text.slice(0, context.pos - line.from);
    const doc = context.state.doc.toString();
    const value = /^(\s*(?:- +)*)([\w.$/-]+)\s*:\s+([\w-]*)$/.exec(text);
    if (value) {
      const path = [...pathAt(doc, line.from + (value[1] ?? '').length), value[2] ?? ''];
      const found = schemasAt(root, path);
      const options = found.flatMap((one) =>
        (
          one.enum ?? (one.const !== undefined ? [one.const] : one.type === 'boolean' ? [true, false] : [])
        ).map((each) => ({ label: String(each), type: 'constant' })),
      );
      return options.length ? { from: context.pos - (value[3] ?? '').length, options } : null;
    }
    const key = /^(\s*(?:- *)*)([\w.$-]*)$/.exec(text);
    if (!key || (!context.explicit && key[2] === '')) return null;
    const from = context.pos - (key[2] ?? '').length;
    const options = new Map<
      string,
      { label: string; type: string; detail: string; info: string | undefined; apply: string }
    >();
    for (const one of schemasAt(root, pathAt(doc, from))) {
      for (const [name, property] of Object.entries(one.properties ?? {})) {
        const parts = resolved(property, root);
        options.set(name, {
          label: name,
          type: 'property',
          detail: typeText(parts.find((part) => part.type) ?? {}),
          info: parts.find((part) => part.description)?.description,
          apply: `${name}: `,
        });
      }
    }
    return options.size ? { from, options: [...options.values()], validFor: /^[\w.$-]*$/ } : null;
  };
}

/** What the schema says about the key under the pointer. */
export function wordsAt(root: JsonSchema | undefined, text: string, at: number): string | null {
  if (!root) return null;
  const begin = text.lastIndexOf('\n', at - 1) + 1;
  const end = text.indexOf('\n', at);
  const line = text.slice(begin, end < 0 ? text.length : end);
  const key = /^(\s*(?:- +)*)(["']?)([\w.$/-]+)\2\s*:/.exec(line);
  if (!key) return null;
  const from = begin + (key[1] ?? '').length;
  const name = key[3] ?? '';
  if (at < from || at > from + name.length) return null;
  const parts = schemasAt(root, [...pathAt(text, from), name]);
  const described = parts.find((part) => part.description)?.description;
  const type = typeText(parts.find((part) => part.type) ?? {});
  const fallback = parts.find((part) => part.default !== undefined)?.default;
  const lines = [
    type && `${name}: ${type}`,
    described,
    fallback === undefined ? '' : `Default: ${JSON.stringify(fallback)}`,
  ].filter(Boolean);
  return lines.length ? lines.join('\n') : null;
}

/** A member that a form can have. */
export type Field = {
  name: string;
  kind: 'text' | 'number' | 'choice' | 'list';
  about: string | undefined;
  fallback: string | undefined;
  choices?: string[];
};

function fieldOf(root: JsonSchema, path: Step[], name: string): Field | null {
  const parts = schemasAt(root, [...path, name]);
  const types = new Set(parts.flatMap((part) => part.type ?? []));
  if (types.has('object') || parts.some((part) => part.properties || part.writeOnly)) return null;
  const fallback = parts.find((part) => part.default !== undefined)?.default;
  const field = {
    name,
    about: parts.find((part) => part.description)?.description,
    fallback: fallback === undefined || Array.isArray(fallback) ? undefined : String(fallback),
  };
  if (types.has('array')) {
    const items = schemasAt(root, [...path, name, 0]).flatMap((part) => part.type ?? []);
    const isOfTexts = items.includes('string') && !items.includes('object');
    return isOfTexts && !types.has('string') ? { ...field, kind: 'list' } : null;
  }
  const choices = parts.flatMap((part) => part.enum ?? []).map(String);
  if (choices.length > 0) return { ...field, kind: 'choice', choices };
  if (types.has('boolean')) return { ...field, kind: 'choice', choices: ['true', 'false'] };
  if (types.has('integer') || types.has('number')) return { ...field, kind: 'number' };
  return types.has('string') ? { ...field, kind: 'text' } : null;
}

/** The members there that are scalars or lists of texts; `path` is as the gateway writes it. */
export function fieldsAt(root: JsonSchema, path: string): Field[] {
  const steps = [...path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, name, index]) => name ?? Number(index));
  const names = new Set(schemasAt(root, steps).flatMap((part) => Object.keys(part.properties ?? {})));
  // Of two spellings one is enough.
  const isAlias = (name: string) =>
    name.includes('_') && names.has(name.replace(/_(.)/g, (_, one) => one.toUpperCase()));
  return [...names].flatMap((name) => (isAlias(name) ? [] : (fieldOf(root, steps, name) ?? [])));
}
