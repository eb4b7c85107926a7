import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const server = process.env['PARLEY_URL'] ?? 'http://127.0.0.1:5280';

export default defineConfig({
  base: './',
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    // Nothing inlined: the page's policy allows no data: scripts or styles.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rollupOptions: {
      input: { main: 'index.html', classic: 'classic/index.html' },
    },
  },
  server: {
    proxy: {
      '/config.json': server,
      '/xmpp-websocket': { target: server, ws: true },
    },
  },
  test: {
    environment: 'jsdom',
    // Only a hang takes that long, even on a busy machine.
    testTimeout: 60_000,
    setupFiles: ['tests/unit/setup.ts'],
    // The browser's build of Strophe, on the DOM of the test environment.
    alias: { 'strophe.js': fileURLToPath(new URL('node_modules/strophe.js/dist/strophe.esm.js', import.meta.url)) },
    include: ['tests/unit/**/*.test.{ts,tsx}'],
  },
});
