// CodeMirror in React: one view for the life of the component; what changes is dispatched to it.
import {
  autocompletion,
  type CompletionSource,
  closeBrackets,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import {
  bracketMatching,
  defaultHighlightStyle,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
} from '@codemirror/language';
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  hoverTooltip,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { styleNonce } from '../api/client';

const darkColors = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: '#8ecbff' },
  { tag: [tags.string, tags.content], color: '#b8e6a0' },
  { tag: [tags.number, tags.bool, tags.null], color: '#ffc48a' },
  { tag: [tags.keyword, tags.operator], color: '#d8b4ff' },
  { tag: tags.comment, color: '#a3a9b3', fontStyle: 'italic' },
  { tag: [tags.meta, tags.punctuation, tags.separator], color: '#c9ced6' },
]);

const lightColors = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: '#17528f' },
  { tag: [tags.string, tags.content], color: '#20602f' },
  { tag: [tags.number, tags.bool, tags.null], color: '#8a3d00' },
  { tag: [tags.keyword, tags.operator], color: '#6b2fa0' },
  { tag: tags.comment, color: '#5b636d', fontStyle: 'italic' },
  { tag: [tags.meta, tags.punctuation, tags.separator], color: '#495057' },
]);

const look = (isDark: boolean): Extension => [
  EditorView.theme(
    {
      '&': { maxHeight: '70vh' },
      '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.55' },
      '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--mantine-color-dimmed)', border: 'none' },
      '.cm-activeLine': { backgroundColor: isDark ? '#ffffff0d' : '#0000000a' },
      '.cm-content': { caretColor: isDark ? '#fff' : '#000' },
      '.cm-cursor': { borderLeftColor: isDark ? '#fff' : '#000' },
      '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
        backgroundColor: isDark ? '#3b4a7a !important' : '#cdd8ff !important',
      },
      '.cm-tooltip': {
        backgroundColor: 'var(--mantine-color-body)',
        border: '1px solid var(--mantine-color-default-border)',
        maxWidth: '40rem',
      },
      '.cm-tooltip-hover': { padding: '0.4rem 0.6rem', whiteSpace: 'pre-wrap' },
      '.cm-tooltip-autocomplete ul li[aria-selected]': {
        backgroundColor: 'var(--mantine-color-indigo-filled)',
        color: '#fff',
      },
    },
    { dark: isDark },
  ),
  syntaxHighlighting(isDark ? darkColors : lightColors),
  syntaxHighlighting(defaultHighlightStyle, { fallback: true }),
];

export type Mark = { from: number; to: number; severity: 'error' | 'warning' | 'info'; message: string };

export type EditorProps = {
  value: string;
  label: string;
  language?: 'yaml' | 'json' | 'none';
  isReadOnly?: boolean;
  marks?: Mark[];
  complete?: CompletionSource;
  /** What to say about the place under the pointer. */
  explain?: (text: string, at: number) => string | null;
  /** A line to show, once for each new object. */
  goTo?: { line: number } | null;
  onChange?: (value: string) => void;
  /** Ctrl+Enter, and Ctrl+S where there is something to save. */
  onRun?: () => void;
};

const within = (marks: Mark[], length: number): Diagnostic[] =>
  marks.map((mark) => ({
    ...mark,
    from: Math.min(mark.from, length),
    to: Math.min(Math.max(mark.to, mark.from), length),
  }));

function extensionsOf(given: { current: EditorProps }, isDark: boolean): Extension[] {
  const { language = 'none', isReadOnly = false, complete, label } = given.current;
  const run = () => {
    given.current.onRun?.();
    return given.current.onRun !== undefined;
  };
  return [
    EditorView.cspNonce.of(styleNonce()),
    // Before the others: Enter would otherwise be a new line.
    keymap.of([
      { key: 'Mod-Enter', run },
      { key: 'Mod-s', run },
    ]),
    lineNumbers(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    highlightSelectionMatches(),
    lintGutter(),
    complete ? autocompletion({ override: [complete] }) : [],
    hoverTooltip((view, at) => {
      const text = given.current.explain?.(view.state.doc.toString(), at);
      if (!text) return null;
      const dom = document.createElement('div');
      dom.textContent = text;
      return { pos: at, create: () => ({ dom }) };
    }),
    keymap.of([...completionKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab]),
    language === 'yaml' ? yaml() : language === 'json' ? json() : [],
    EditorView.lineWrapping,
    EditorState.readOnly.of(isReadOnly),
    EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) given.current.onChange?.(update.state.doc.toString());
    }),
    look(isDark),
  ];
}

export function Editor(props: EditorProps) {
  const holder = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const given = useRef(props);
  given.current = props;
  const isDark = useComputedColorScheme('light', { getInitialValueInEffect: false }) === 'dark';
  const { value, marks, goTo, isReadOnly } = props;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of isReadOnly is a new view, too
  useEffect(() => {
    if (!holder.current) return;
    const doc = view.current?.state.doc.toString() ?? given.current.value;
    const made = new EditorView({
      parent: holder.current,
      state: EditorState.create({ doc, extensions: extensionsOf(given, isDark) }),
    });
    view.current = made;
    return () => made.destroy();
  }, [isDark, isReadOnly]);

  useEffect(() => {
    const now = view.current?.state.doc.toString();
    if (now !== undefined && now !== value)
      view.current?.dispatch({ changes: { from: 0, to: now.length, insert: value } });
  }, [value]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new view, made for another theme, has no marks yet
  useEffect(() => {
    const one = view.current;
    if (one) one.dispatch(setDiagnostics(one.state, within(marks ?? [], one.state.doc.length)));
  }, [marks, isDark]);

  useEffect(() => {
    const one = view.current;
    if (!one || !goTo || goTo.line < 1 || goTo.line > one.state.doc.lines) return;
    const { from } = one.state.doc.line(goTo.line);
    one.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
    one.focus();
  }, [goTo]);

  return <div ref={holder} />;
}
