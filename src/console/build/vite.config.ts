/** Says how Vite builds the console: two pages, and files whose names contain a hash of their content. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  root: path('../pages'),
  base: '/console/',
  publicDir: false,
  logLevel: 'warn',
  build: {
    outDir: path('../../../dist/console'),
    emptyOutDir: true,
    // The content security policy of the broker allows no code and no style outside of files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // MapLibre GL is one file above the limit. It is loaded only where a map is shown.
    chunkSizeWarningLimit: 1500,
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      checks: { bundlerTimings: false },
      input: { console: path('../pages/console.html'), city: path('../pages/city.html') },
    },
  },
});
