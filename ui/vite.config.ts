import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** Writes x.br beside each text file: the gateway sends what is there and compresses nothing itself. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    closeBundle() {
      const folder = 'dist';
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        // index.html is not: the gateway puts the page's token into it.
        if (!entry.isFile() || !/\.(js|css|svg)$/.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const text = readFileSync(path);
        const small = brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
        writeFileSync(`${path}.br`, small);
      }
    },
  };
}

/** Of the font only Latin: the other subsets are five files that nobody would load. */
function latinOnly(): Plugin {
  return {
    name: 'latin-only',
    enforce: 'pre',
    transform(code, id) {
      if (!id.includes('@fontsource-variable')) return null;
      const faces = code.match(/\/\*[^*]*\*\/\s*@font-face\s*\{[^}]*\}/g) ?? [];
      return faces.filter((face) => /-latin(-ext)?-wght/.test(face)).join('\n');
    },
  };
}

// In development the API is the one of a gateway that runs beside it.
const gateway = process.env.AGENTGATEWAY_ADMIN ?? 'http://localhost:15000';

export default defineConfig({
  base: '/ui/',
  // The gateway writes the real one, a new one for each page it serves.
  html: { cspNonce: '__CSP_NONCE__' },
  plugins: [latinOnly(), react(), compressed()],
  build: {
    outDir: 'dist',
    sourcemap: false,
    target: 'es2023',
    chunkSizeWarningLimit: 900,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': gateway } },
  // Tests of components name jsdom themselves: it takes a second a file.
  test: { environment: 'node', include: ['src/**/*.test.{ts,tsx}'] },
});
