import { unifiedMergeView } from '@codemirror/merge';
import { EditorState } from '@codemirror/state';
import { EditorView, lineNumbers } from '@codemirror/view';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { styleNonce } from '../api/client';

/** What has changed between two texts, line by line. */
export function Diff({ before, after, label }: { before: string; after: string; label: string }) {
  const holder = useRef<HTMLDivElement>(null);
  const isDark = useComputedColorScheme('light', { getInitialValueInEffect: false }) === 'dark';
  useEffect(() => {
    if (!holder.current) return;
    const view = new EditorView({
      parent: holder.current,
      state: EditorState.create({
        doc: after,
        extensions: [
          EditorView.cspNonce.of(styleNonce()),
          lineNumbers(),
          EditorState.readOnly.of(true),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
          EditorView.theme(
            {
              '&': { maxHeight: '50vh' },
              '.cm-gutters': {
                backgroundColor: 'transparent',
                color: 'var(--mantine-color-dimmed)',
                border: 'none',
              },
            },
            { dark: isDark },
          ),
          unifiedMergeView({
            original: before,
            mergeControls: false,
            collapseUnchanged: { margin: 3, minSize: 6 },
            highlightChanges: false,
            gutter: true,
          }),
        ],
      }),
    });
    return () => view.destroy();
  }, [before, after, label, isDark]);
  return <div ref={holder} />;
}
