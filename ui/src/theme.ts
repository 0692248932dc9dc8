import { type CSSVariablesResolver, createTheme } from '@mantine/core';

export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 7 },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace',
  defaultRadius: 'md',
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    // The head of a dialog is not that of the page.
    ModalHeader: { defaultProps: { role: 'presentation' } },
    Modal: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
  },
});

// Mantine's own values have too little contrast for WCAG AA.
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#545b63',
    '--mantine-color-placeholder': '#626972',
    '--mantine-color-teal-light-color': '#05603f',
    '--mantine-color-green-light-color': '#1c5f2a',
    '--mantine-color-red-light-color': '#a31616',
    '--mantine-color-yellow-light-color': '#6b4a00',
    '--mantine-color-orange-light-color': '#873700',
    '--mantine-color-gray-light-color': '#495057',
    '--mantine-color-blue-light-color': '#1252a1',
    '--mantine-color-indigo-light-color': '#3344b5',
    '--mantine-color-error': '#b01e1e',
    '--mantine-color-anchor': '#3344b5',
  },
  dark: {
    '--mantine-color-dimmed': '#b4b6ba',
    '--mantine-color-placeholder': '#a3a6ab',
    '--mantine-color-teal-light-color': '#7fe3c0',
    '--mantine-color-green-light-color': '#9be3a8',
    '--mantine-color-red-light-color': '#ffb3b3',
    '--mantine-color-yellow-light-color': '#ffe08a',
    '--mantine-color-orange-light-color': '#ffc894',
    '--mantine-color-gray-light-color': '#d0d3d7',
    '--mantine-color-blue-light-color': '#a9d2fb',
    '--mantine-color-indigo-light-color': '#c0ccff',
    '--mantine-color-error': '#ff9b9b',
    '--mantine-color-anchor': '#a9b8ff',
  },
});
