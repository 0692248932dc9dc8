import '@fontsource-variable/inter';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import './style.css';
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { logInFromAddress, styleNonce } from './api/client';
import { queryClient } from './api/queries';
import { router } from './router';
import { theme, variables } from './theme';

const colorSchemes = localStorageColorSchemeManager({ key: 'agentgateway-color-scheme' });

// Where the package behind Mantine's dialogs looks for the nonce of the style element that it makes.
Object.assign(globalThis, { __webpack_nonce__: styleNonce() });

await logInFromAddress();

const root = document.getElementById('root');
if (!root) throw new Error('the page has no root');
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      colorSchemeManager={colorSchemes}
      getStyleNonce={styleNonce}
    >
      <QueryClientProvider client={queryClient}>
        {/* Over the navigation: nothing that is being read lies there. */}
        <Notifications position="bottom-left" containerWidth={214} autoClose={2500} limit={2} />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
