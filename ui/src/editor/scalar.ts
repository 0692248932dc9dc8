// One scalar of a YAML text, found by its place and replaced in it byte for byte: comments and layout stay.
import type { Position } from '../api/types';

export type Scalar = { from: number; to: number; value: string; style: 'plain' | 'single' | 'double' };

/** The index of a place; the gateway counts lines and characters from 1. */
export function indexOf(text: string, at: Position): number | null {
  let begin = 0;
  for (let line = 1; line < at.line; line++) {
    const end = text.indexOf('\n', begin);
    if (end < 0) return null;
    begin = end + 1;
  }
  const end = text.indexOf('\n', begin);
  const characters = Array.from(text.slice(begin, end < 0 ? text.length : end));
  return at.column - 1 > characters.length
    ? null
    : begin + characters.slice(0, at.column - 1).join('').length;
}

// Anchors, tags, aliases, blocks and collections are for the editor.
const notPlain = /^[&*!|>%@`[\]{},#"'?]|^[-:?](?=\s|$)/;

/** The scalar that begins there, if it is on one line; in a flow collection it ends sooner. */
function scalarFrom(text: string, from: number): Scalar | null {
  const line = /^[^\r\n]*/.exec(text.slice(from))?.[0] ?? '';
  const single = /^'((?:[^']|'')*)'(?=\s*(?:$|[,\]}]|\s#))/.exec(line);
  if (single)
    return {
      from,
      to: from + single[0].length,
      value: (single[1] ?? '').replaceAll("''", "'"),
      style: 'single',
    };
  const double = /^"((?:[^"\\]|\\.)*)"(?=\s*(?:$|[,\]}]|\s#))/.exec(line);
  if (double) {
    try {
      // YAML has more escapes than JSON; a text with one of those is for the editor.
      const value = JSON.parse(double[0]) as string;
      return { from, to: from + double[0].length, value, style: 'double' };
    } catch {
      return null;
    }
  }
  if (line === '' || notPlain.test(line)) return null;
  const value = (/^(?:(?!\s#|:(?:\s|$)).)*/.exec(line)?.[0] ?? '').trimEnd();
  return value === '' ? null : { from, to: from + value.length, value, style: 'plain' };
}

const lastName = (path: string) => /([^.[\]]+)(?:\[\d+\])*$/.exec(path)?.[1] ?? '';

/** Whether a plain scalar goes on in the next line, as it may. */
function goesOn(text: string, scalar: Scalar): boolean {
  if (scalar.style !== 'plain') return false;
  const begin = text.lastIndexOf('\n', scalar.from - 1) + 1;
  const indent = /^[ ]*(?:- +)*/.exec(text.slice(begin))?.[0].length ?? 0;
  const rest = text.slice(scalar.to);
  const next = /^[^\S\n]*\r?\n([ ]*)([^\r\n]*)/.exec(rest);
  if (!next?.[2] || next[2].startsWith('#')) return false;
  return (next[1]?.length ?? 0) > indent;
}

/** The scalar at the place of a value: behind its key, or itself. `path` is that of the value. */
export function scalarAt(text: string, at: Position, path: string): Scalar | null {
  const begin = indexOf(text, at);
  if (begin === null) return null;
  let from = begin;
  const key = /^(["']?)([\w.$/-]+)\1[^\S\n]*:(?=\s|$)[^\S\n]*/.exec(text.slice(begin));
  if (key) {
    if (key[2] !== lastName(path)) return null;
    from += key[0].length;
  }
  const scalar = scalarFrom(text, from);
  if (!scalar || goesOn(text, scalar)) return null;
  // Within a flow collection a plain scalar ends at the comma or bracket: those are told apart by the editor only.
  if (scalar.style === 'plain' && /[,[\]{}]/.test(scalar.value)) return null;
  return scalar;
}

export const looksPlain = (value: string) =>
  value !== '' &&
  value === value.trim() &&
  !notPlain.test(value) &&
  !/[\r\n\t,[\]{}]|:(\s|$)|\s#/.test(value);

/** The text with another value there; what was quoted stays quoted. */
export function withScalar(text: string, scalar: Scalar, value: string): string {
  const isPlain = scalar.style === 'plain' && looksPlain(value);
  const isDouble = scalar.style === 'double' || /[\r\n\t]/.test(value);
  const written = isPlain ? value : isDouble ? JSON.stringify(value) : `'${value.replaceAll("'", "''")}'`;
  return text.slice(0, scalar.from) + written + text.slice(scalar.to);
}
