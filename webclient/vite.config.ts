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
    include: ['tests/unit/**/*.test.{ts,tsx}'],
  },
});
