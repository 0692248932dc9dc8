// Members and lists of a YAML text, edited where they are written: comments and layout of everything else stay.
// What is written with anchors, tags or over several lines is kept as it is, and left to the editor.
import { yamlLanguage } from '@codemirror/lang-yaml';
import type { Position } from '../api/types';
import { hasPlainLines, indexOf, looksPlain, looksTyped, quoted } from './scalar';

type Tree = ReturnType<typeof yamlLanguage.parser.parse>;
type SyntaxNode = Tree['topNode'];

export type Written =
  | { kind: 'scalar'; value: string }
  | { kind: 'list'; items: string[] }
  /** Here only to be seen. */
  | { kind: 'other' };

/** What a list shall hold: an item of before (`was`), that or a new one with a text, and under a key if it has one. */
export type Item = { was: number | null; key?: string | null; value?: string };
export type WrittenItem = { key: string | null; value: string | null; source: string };

type Style = 'plain' | 'single' | 'double';
type Where = { text: string; at: Position; name: string };

const trees = new Map<string, Tree>();

/** The tree of a text; those of the last few are kept, since every letter that is typed asks for them. */
function treeOf(text: string): Tree {
  const tree = trees.get(text) ?? yamlLanguage.parser.parse(text);
  trees.delete(text);
  trees.set(text, tree);
  for (const oldest of trees.keys()) if (trees.size > 4) trees.delete(oldest);
  return tree;
}

function childrenOf(node: SyntaxNode, ...names: string[]): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling)
    if (names.includes(child.name)) found.push(child);
  return found;
}

/** Nodes of the block style begin with the space before them. */
const beginOf = (text: string, node: SyntaxNode) =>
  node.from + (/^\s*/.exec(text.slice(node.from, node.to))?.[0].length ?? 0);

const isMapping = (node: SyntaxNode | null) => node !== null && /^(Block|Flow)Mapping$/.test(node.name);
const isFlow = (node: SyntaxNode) => node.name.startsWith('Flow');

function scalarOf(text: string, node: SyntaxNode | null): { value: string; style: Style } | null {
  const source = node ? text.slice(node.from, node.to) : '';
  if (!node || /[\r\n]/.test(source)) return null;
  if (node.name === 'Literal') return { value: source, style: 'plain' };
  if (node.name !== 'QuotedLiteral') return null;
  if (source.startsWith("'")) return { value: source.slice(1, -1).replaceAll("''", "'"), style: 'single' };
  try {
    return { value: JSON.parse(source) as string, style: 'double' };
  } catch {
    return null; // An escape that only YAML has.
  }
}

function valueIn(pair: SyntaxNode): SyntaxNode | null {
  const found = childrenOf(pair, ':')[0]?.nextSibling ?? null;
  return found?.name === 'Comment' ? (childrenOf(pair, 'BlockMapping', 'BlockSequence')[0] ?? null) : found;
}

const keyOf = (text: string, pair: SyntaxNode) =>
  scalarOf(text, childrenOf(pair, 'Key')[0]?.firstChild ?? null)?.value ?? null;

type Seen = { name: string; node: SyntaxNode; isError: boolean; from: number; to: number };

function hasWithin(node: SyntaxNode, test: (node: Seen) => boolean): boolean {
  let found = false;
  node.cursor().iterate((inner) => {
    found ||= test({
      name: inner.name,
      node: inner.node,
      isError: inner.type.isError,
      from: inner.from,
      to: inner.to,
    });
    return !found;
  });
  return found;
}

/** Whether there is a name for it that may be used elsewhere. */
function isNamed(text: string, node: SyntaxNode): boolean {
  const anchor = node.name === 'Anchor' ? text.slice(node.from + 1, node.to) : null;
  return anchor !== null && text.includes(`*${anchor}`);
}

/** Whether an alias elsewhere may mean it, or what it is in, and change with it. */
function isShared(text: string, node: SyntaxNode): boolean {
  for (let one: SyntaxNode | null = node; one; one = one.parent)
    if (one.name === 'Anchored' && one.firstChild && isNamed(text, one.firstChild)) return true;
  return false;
}

const hasNamed = (text: string, node: SyntaxNode) => hasWithin(node, (one) => isNamed(text, one.node));

/** What takes several lines, and so may take in more of them; and the mistakes. */
function longOnesIn(text: string): { found: Set<string>; mistakes: number } {
  const found = new Set<string>();
  let mistakes = 0;
  treeOf(text)
    .cursor()
    .iterate(({ name, type, from, to }) => {
      if (type.isError) mistakes++;
      const source = /Literal$/.test(name) ? text.slice(from, to) : '';
      if (source.includes('\n')) found.add(source);
    });
  return { found, mistakes };
}

/** The text that an edit has made, if nothing around the edit is read in another way. */
function ifSound(before: string, after: string | null): string | null {
  if (after === null || after === before) return after;
  const [old, now] = [longOnesIn(before), longOnesIn(after)];
  return now.mistakes <= old.mistakes && [...now.found].every((one) => old.found.has(one)) ? after : null;
}

/** The mapping that is there: its own place, or that of the key `name` it is the value of. */
function mappingOf({ text, at, name }: Where): SyntaxNode | null {
  const begin = hasPlainLines(text) ? indexOf(text, at) : null;
  if (begin === null) return null;
  const inner: SyntaxNode = treeOf(text).resolveInner(begin, 1);
  let found: SyntaxNode | null = null;
  for (let node: SyntaxNode | null = inner; node && !found; node = node.parent) {
    if (node.from !== begin) continue;
    if (node.name === 'FlowMapping') found = node;
    else if (node.name !== 'Pair') continue;
    else if (keyOf(text, node) === name) found = valueIn(node);
    else if (node.parent && pairsOf(node.parent)[0]?.from === begin) found = node.parent;
  }
  if (!found || !isMapping(found) || isShared(text, found)) return null;
  // Keys that are marked with ?, and lines at the end of a literal that count.
  const isOdd = (one: Seen) =>
    one.isError ||
    one.name === '?' ||
    (one.name === 'BlockLiteralHeader' && text.slice(one.from, one.to).includes('+')) ||
    (one.name === 'BlockLiteral' && one.to === text.length);
  return hasWithin(found, isOdd) ? null : found;
}

const pairsOf = (mapping: SyntaxNode) => childrenOf(mapping, 'Pair');
const pairOf = (text: string, mapping: SyntaxNode, key: string) =>
  pairsOf(mapping).find((pair) => keyOf(text, pair) === key) ?? null;

type Parsed = { node: SyntaxNode; key: string | null; scalar: SyntaxNode | null };

/** The items of a list; null if one of them has nothing written. */
function itemsOf(text: string, list: SyntaxNode): Parsed[] | null {
  const items = childrenOf(list, 'Item');
  if (list.name === 'BlockSequence' && items.length !== childrenOf(list, '-').length) return null;
  if (items.some((item) => item.from === item.to)) return null;
  return items.map((node) => {
    const inner = node.firstChild;
    const pairs = !inner ? [] : isMapping(inner) ? pairsOf(inner) : inner.name === 'Pair' ? [inner] : [];
    const [pair] = pairs;
    if (!pair) return { node, key: null, scalar: scalarOf(text, inner) ? inner : null };
    const scalar = pairs.length === 1 ? valueIn(pair) : null;
    return { node, key: keyOf(text, pair), scalar: scalarOf(text, scalar) ? scalar : null };
  });
}

/** What is written in the mapping at a place, by the names of its members. */
export function membersAt(where: Where): Map<string, Written> | null {
  const mapping = mappingOf(where);
  if (!mapping) return null;
  const found = new Map<string, Written>();
  for (const pair of pairsOf(mapping)) {
    const key = keyOf(where.text, pair);
    if (key === null || found.has(key)) return null;
    const value = valueIn(pair);
    const scalar = scalarOf(where.text, value);
    const items = value && /Sequence$/.test(value.name) ? itemsOf(where.text, value) : null;
    const texts = items?.map((item) =>
      item.key === null ? scalarOf(where.text, item.scalar)?.value : undefined,
    );
    if (scalar) found.set(key, { kind: 'scalar', value: scalar.value });
    else if (texts?.every((one) => one !== undefined)) found.set(key, { kind: 'list', items: texts });
    else found.set(key, { kind: 'other' });
  }
  return found;
}

/** The items of a list of the mapping at a place; null if it is not one that can be edited. */
export function itemsAt(where: Where, key: string): WrittenItem[] | null {
  const mapping = mappingOf(where);
  const pair = mapping && pairOf(where.text, mapping, key);
  const list = pair && valueIn(pair);
  if (!list || !/Sequence$/.test(list.name)) return null;
  const items = itemsOf(where.text, list);
  // Whether it can be written is known by writing what is there.
  if (
    !items ||
    withItems(
      where,
      key,
      items.map((_, was) => ({ was })),
    ) === null
  )
    return null;
  return items.map((item) => ({
    key: item.key,
    value: scalarOf(where.text, item.scalar)?.value ?? null,
    source: where.text.slice(beginOf(where.text, item.node), item.node.to),
  }));
}

/** A text as it is written; `isText` if it must not be read as a number or the like. */
function written(value: string, style: Style, isText: boolean): string {
  if (style === 'plain' && looksPlain(value) && !(isText && looksTyped(value))) return value;
  return quoted(value, style);
}

const lineStart = (text: string, at: number) => text.lastIndexOf('\n', at - 1) + 1;
/** Behind the line that `at` is in. */
function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}
const eolOf = (text: string) => (text.includes('\r\n') ? '\r\n' : '\n');
const replaced = (text: string, from: number, to: number, by: string) =>
  text.slice(0, from) + by + text.slice(to);
/** So that a line can be put behind the last one. */
const ended = (text: string) => (text.endsWith('\n') ? text : text + eolOf(text));

/** A flow collection with other entries; what stands between them stays as it was. */
function withEntries(text: string, node: SyntaxNode, old: SyntaxNode[], entries: string[]): string | null {
  if (hasWithin(node, (inner) => inner.name === 'Comment')) return null;
  const [open, close] = [text.charAt(node.from), text.charAt(node.to - 1)];
  if (entries.length === 0) return replaced(text, node.from, node.to, open + close);
  const last = old.at(-1);
  const [first, second] = old;
  const head = first ? text.slice(node.from + 1, first.from) : '';
  const between = first && second ? text.slice(first.to, second.from) : ', ';
  const tail = last ? text.slice(last.to, node.to - 1).replace(',', '') : '';
  return replaced(text, node.from, node.to, open + head + entries.join(between) + tail + close);
}

function styleIn(text: string, mapping: SyntaxNode): Style {
  const key = childrenOf(mapping, 'Pair')[0];
  // As JSON has it.
  return isFlow(mapping) && key && text.charAt(key.from) === '"' ? 'double' : 'plain';
}

function itemText(
  text: string,
  old: Parsed | undefined,
  item: Item,
  style: Style,
  isInFlow: boolean,
): string {
  const begin = old ? beginOf(text, old.node) : 0;
  const source = old ? text.slice(begin, old.node.to) : '';
  if (item.value === undefined && old) return source;
  const value = item.value ?? '';
  const key = item.key ?? null;
  const now = scalarOf(text, old?.scalar ?? null);
  if (old?.scalar && old.key === key) {
    const text = written(value, now?.style ?? 'single', true);
    return replaced(source, old.scalar.from - begin, old.scalar.to - begin, text);
  }
  const scalar = written(value, now?.style ?? style, true);
  if (key === null) return scalar;
  const pair = `${style === 'double' ? JSON.stringify(key) : key}: ${scalar}`;
  return isInFlow ? `{${pair}}` : pair;
}

/** Whether what is named for use elsewhere is still there, and nothing with a name or an alias has changed places. */
function keepsAnchors(text: string, old: Parsed[], items: Item[]): boolean {
  const stays = (was: number) => items.some((item) => item.was === was);
  const named = [...old.keys()].filter((was) => {
    const { node } = old[was] as Parsed;
    return hasNamed(text, node) || (stays(was) && hasWithin(node, ({ name }) => name === 'Alias'));
  });
  return (
    named.join() ===
    items
      .map(({ was }) => was)
      .filter((was) => was !== null && named.includes(was))
      .join()
  );
}

/** The text with other items in a list; each takes along the comments above it. Null if it is for the editor. */
export function withItems(where: Where, key: string, items: Item[], style: Style = 'single'): string | null {
  return ifSound(where.text, itemsSet(where, key, items, style));
}

function itemsSet(where: Where, key: string, items: Item[], style: Style): string | null {
  const text = ended(where.text);
  const mapping = mappingOf({ ...where, text });
  const pair = mapping && pairOf(text, mapping, key);
  const list = pair && valueIn(pair);
  const old = list && itemsOf(text, list);
  if (!list || !old || !keepsAnchors(text, old, items)) return null;
  const wanted = styleIn(text, mapping) === 'double' ? 'double' : style;
  const texts = items.map((item) =>
    itemText(text, item.was === null ? undefined : old[item.was], item, wanted, isFlow(list)),
  );
  if (list.name === 'FlowSequence')
    return withEntries(
      text,
      list,
      old.map((one) => one.node),
      texts,
    );
  const dashes = childrenOf(list, '-');
  const colon = childrenOf(pair, ':')[0];
  if (!colon || dashes.some((dash) => text.slice(lineStart(text, dash.from), dash.from).trim() !== ''))
    return null;
  const begin = lineEnd(text, colon.to);
  const ends = old.map((one) => lineEnd(text, one.node.to));
  const end = ends.at(-1) ?? begin;
  if (items.length === 0)
    return `${text.slice(0, colon.to)} []${text.slice(colon.to, begin)}${text.slice(end)}`;
  const indent = text.slice(lineStart(text, dashes[0]?.from ?? 0), dashes[0]?.from);
  const chunks = items.map((item, index) => {
    const one = item.was === null ? undefined : old[item.was];
    if (!one || item.was === null) return `${indent}- ${texts[index]}${eolOf(text)}`;
    const from = item.was === 0 ? begin : (ends[item.was - 1] ?? begin);
    const chunk = text.slice(from, ends[item.was]);
    return replaced(chunk, beginOf(text, one.node) - from, one.node.to - from, texts[index] ?? '');
  });
  return replaced(text, begin, end, chunks.join(''));
}

/** The text without a member of a mapping; comments stay. */
function without(text: string, mapping: SyntaxNode, pair: SyntaxNode): string | null {
  const pairs = pairsOf(mapping);
  if (hasNamed(text, pair)) return null;
  if (isFlow(mapping)) {
    const kept = pairs.filter((one) => one.from !== pair.from);
    return withEntries(
      text,
      mapping,
      pairs,
      kept.map((one) => text.slice(one.from, one.to)),
    );
  }
  const begin = lineStart(text, pair.from);
  if (text.slice(begin, pair.from).trim() !== '') return null;
  const shorter = replaced(text, begin, lineEnd(text, pair.to), '');
  if (pairs.length > 1) return shorter;
  const colon = mapping.parent?.name === 'Pair' ? childrenOf(mapping.parent, ':')[0] : undefined;
  return colon ? replaced(shorter, colon.to, colon.to, ' {}') : null;
}

/** Whether it is written for what reads it as a text, or as what it looks like. */
export type Member = { key: string; value: string | string[] | null; isText: boolean };

/** The text with a member set, added, or (null) removed. Null if it is for the editor. */
export function withMember(where: Where, member: Member): string | null {
  return ifSound(where.text, memberSet(where, member));
}

function memberSet(where: Where, { key, value, isText }: Member): string | null {
  const text = ended(where.text);
  const mapping = mappingOf({ ...where, text });
  if (!mapping) return null;
  const pair = pairOf(text, mapping, key);
  if (value === null) return pair ? without(text, mapping, pair) : text;
  const node = pair && valueIn(pair);
  const style = styleIn(text, mapping);
  if (pair && Array.isArray(value)) {
    const now = membersAt({ ...where, text })?.get(key);
    if (now?.kind !== 'list') return null;
    const old = now.items;
    // What is there already keeps its place and its comments.
    const free = new Set(old.keys());
    const items = value.map((one): Item => {
      const was = [...free].find((index) => old[index] === one);
      if (was === undefined) return { was: null, value: one };
      free.delete(was);
      return { was };
    });
    return withItems(where, key, items, style);
  }
  if (pair) {
    const now = scalarOf(text, node);
    return node && now && typeof value === 'string'
      ? replaced(text, node.from, node.to, written(value, now.style, isText))
      : null;
  }
  const scalar = (one: string, isOfText: boolean) =>
    written(one, !isOfText && style === 'double' ? 'plain' : style, isOfText);
  const shown = Array.isArray(value)
    ? `[${value.map((one) => scalar(one, true)).join(', ')}]`
    : scalar(value, isText);
  const entry = `${style === 'double' ? JSON.stringify(key) : key}: ${shown}`;
  const pairs = pairsOf(mapping);
  if (isFlow(mapping))
    return withEntries(text, mapping, pairs, [...pairs.map((one) => text.slice(one.from, one.to)), entry]);
  const [first, last] = [pairs[0], pairs.at(-1)];
  if (!first || !last) return null;
  const indent = ' '.repeat(first.from - lineStart(text, first.from));
  const end = lineEnd(text, last.to);
  return replaced(text, end, end, `${indent}${entry}${eolOf(text)}`);
}
