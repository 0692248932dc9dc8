// The matrix of the page "Who can call what" for elsewhere, and what an edit changes in it.
import { api } from './api/client';
import type { ExplainAsk, Explained } from './api/types';

/** The gateway's answer, with the names that clients use: those of several targets carry the target's. */
export async function explain(ask: ExplainAsk, signal?: AbortSignal): Promise<Explained> {
  const found = await api<Explained>('/api/v1/authz/explain', { body: ask, signal });
  return { ...found, subjects: found.subjects.map((one) => ({ ...one, name: one.exposedName ?? one.name })) };
}

const rowsOf = (found: Explained, indexes: number[]) => [
  ['', ...indexes.map((index) => found.subjects[index]?.name ?? '')],
  ...found.identities.map((identity, row) => [
    identity.name,
    ...indexes.map((index) => found.cells[row]?.[index]?.decision ?? ''),
  ]),
];

// A cell that begins like a formula would be run as one by a spreadsheet.
const csvCell = (text: string) =>
  `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

export const matrixCsv = (found: Explained, indexes: number[]) =>
  rowsOf(found, indexes)
    .map((row) => row.map(csvCell).join(','))
    .join('\n');

export function matrixMarkdown(found: Explained, indexes: number[]): string {
  const [head = [], ...rows] = rowsOf(found, indexes).map((row) =>
    row.map((cell) => cell.replaceAll('|', '\\|')),
  );
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

export type AccessChange = { identity: string; kind: string; name: string; before: string; after: string };

/** Which decisions two answers differ in; what only one of them knows is `none` in the other. */
export function accessChanges(before: Explained, after: Explained): AccessChange[] {
  const table = (found: Explained) => {
    const cells = new Map<string, { identity: string; kind: string; name: string; decision: string }>();
    found.identities.forEach((identity, row) => {
      found.subjects.forEach((subject, index) => {
        const decision = found.cells[row]?.[index]?.decision ?? 'none';
        cells.set(JSON.stringify([identity.name, subject.kind, subject.name]), {
          identity: identity.name,
          kind: subject.kind,
          name: subject.name,
          decision,
        });
      });
    });
    return cells;
  };
  const [old, now] = [table(before), table(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
    const cell = now.get(key) ?? old.get(key);
    const [was, is] = [old.get(key)?.decision ?? 'none', now.get(key)?.decision ?? 'none'];
    return cell && was !== is
      ? [{ identity: cell.identity, kind: cell.kind, name: cell.name, before: was, after: is }]
      : [];
  });
}
