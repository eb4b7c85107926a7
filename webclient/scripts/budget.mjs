/* The first load stays small: sums what index.html refers to, compressed. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const kb = 1024;
const limits = { js: 70 * kb, css: 12 * kb, all: 90 * kb };
const dist = new URL('../dist/', import.meta.url);
const html = readFileSync(new URL('index.html', dist), 'utf8');

const sizes = { js: 0, css: 0, all: zipped('index.html') };
for (const [, file] of html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)) {
  const size = zipped(file);
  sizes.all += size;
  if (file.endsWith('.js')) sizes.js += size;
  if (file.endsWith('.css')) sizes.css += size;
}

function zipped(file) {
  return gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
}

let over = false;
for (const [kind, limit] of Object.entries(limits)) {
  const size = sizes[kind];
  over ||= size > limit || size === 0;
  console.log(`budget: ${kind.padEnd(3)} ${(size / kb).toFixed(1)} of ${limit / kb} KB${size > limit ? ' — too much' : ''}`);
}
process.exit(over ? 1 : 0);
