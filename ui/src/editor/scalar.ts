// One scalar of a YAML text, found by its place and replaced in it byte for byte: comments and layout stay.
import type { Position } from '../api/types';

export type Scalar = { from: number; to: number; value: string; style: 'plain' | 'single' | 'double' };

/** Whether its lines end as everybody counts them: YAML 1.1 has more line ends, which may hide what is written. */
export const hasPlainLines = (text: string) => !/[\u0085\u2028\u2029]|\r(?!\n)/.test(text);

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

// What ends a plain scalar above it: another entry, a comment, the end of a flow collection or of the text.
const isAnother = /^(#|-(\s|$)|[,\]}]|[^\s#].*?["']?:(\s|$)|\.\.\.|---|$)/;

/** Whether a plain scalar goes on in the next line, as it may. */
function goesOn(text: string, scalar: Scalar): boolean {
  if (scalar.style !== 'plain') return false;
  const begin = text.lastIndexOf('\n', scalar.from - 1) + 1;
  const indent = /^[ ]*(?:- +)*/.exec(text.slice(begin))?.[0].length ?? 0;
  const rest = text.slice(scalar.to);
  const next = /^[^\S\n]*\r?\n(?:[^\S\n]*\r?\n)*([ \t]*)([^\r\n]*)/.exec(rest);
  if (!next?.[2] || next[2].startsWith('#')) return false;
  return (next[1]?.length ?? 0) > indent || !isAnother.test(next[2]);
}

/** The scalar at the place of a value: behind its key, or itself. `path` is that of the value. */
export function scalarAt(text: string, at: Position, path: string): Scalar | null {
  const begin = hasPlainLines(text) ? indexOf(text, at) : null;
  if (begin === null) return null;
  let from = begin;
  const key = /^(["']?)([\w.$/-]+)\1[^\S\n]*:(?=\s|$)[^\S\n]*/.exec(text.slice(begin));
  if (key) {
    if (key[2] !== lastName(path)) return null;
    from += key[0].length;
  }
  const scalar = scalarFrom(text, from);
  if (!scalar || goesOn(text, scalar)) return null;
  // A key that is written in another way.
  if (/^[^\S\n]*:/.test(text.slice(scalar.to))) return null;
  // Within a flow collection a plain scalar ends at the comma or bracket: those are told apart by the editor only.
  if (scalar.style === 'plain' && /[,[\]{}]/.test(scalar.value)) return null;
  return scalar;
}

// Line ends, and what YAML has as escapes only.
const unprintable = /[\p{Cc}\p{Cs}\u2028\u2029\ufeff\ufffe\uffff]/u;

/** Whether it may stand without quotes, in a flow collection, too. */
export const looksPlain = (value: string) =>
  value !== '' &&
  value === value.trim() &&
  !notPlain.test(value) &&
  !unprintable.test(value) &&
  !/[,[\]{}]|^:|:(\s|$|\?)|\s#/.test(value);

/** Whether it is read as a number or the like, by this gateway or by others, unless it is quoted. */
export const looksTyped = (value: string) =>
  /^(true|false|yes|no|on|off|null|~|[-+]?(\.?\d[\d_.e+-]*|0[xo][\da-f]+|\.inf|\.nan))$/i.test(value);

/** What this gateway reads as something else than a text (the core schema of YAML 1.2). */
const isTyped = (source: string) =>
  /^(true|false|null|~|[-+]?(\d+|(\.\d+|\d+(\.\d*)?)(e[-+]?\d+)?|\.inf)|0o[0-7]+|0x[\da-f]+|\.nan)$/i.test(
    source,
  );

/** A text in quotes: single ones, if they can hold it and nothing else is preferred. */
export function quoted(value: string, style: Scalar['style'] = 'single'): string {
  if (style !== 'double' && !unprintable.test(value)) return `'${value.replaceAll("'", "''")}'`;
  return JSON.stringify(value).replace(
    new RegExp(unprintable, 'gu'),
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The text with another value there; what was quoted stays quoted, and a text does not become a number. */
export function withScalar(text: string, scalar: Scalar, value: string): string {
  const isPlain =
    scalar.style === 'plain' && looksPlain(value) && (isTyped(scalar.value) || !looksTyped(value));
  return text.slice(0, scalar.from) + (isPlain ? value : quoted(value, scalar.style)) + text.slice(scalar.to);
}
