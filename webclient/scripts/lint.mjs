/*
 * Rules that the compiler does not know: nothing that turns text into markup or
 * code, nothing from elsewhere, files of a readable size.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(import.meta.dirname, '..');

/** What must not occur in the sources, and why. */
export const rules = [
  [/\.(?:inner|outer)HTML\b|insertAdjacentHTML|dangerouslySetInnerHTML/, 'text becomes markup: build nodes instead'],
  [/document\.write\b|createContextualFragment|\.h\(/, 'text becomes markup: build nodes instead'],
  [/\beval\(|new Function\(|set(?:Timeout|Interval)\(\s*['"`]/, 'text becomes code'],
  [/\sstyle=(?:\{|")/, 'inline styles break the policy: use a class'],
  [/(?:src|href)="(?:https?:)?\/\//, 'nothing is loaded from elsewhere'],
  [/@ts-ignore|@ts-nocheck|\bas any\b|:\s*any\b/, 'the types say what is meant'],
  [/\b(?:TODO|FIXME|XXX)\b/, 'finish it or write an issue'],
  [/javascript:/i, 'no such links'],
];

const longest = 300;

/** The violations in one file, as lines to print. */
export function check(name, text) {
  const out = [];
  const lines = text.split('\n');
  if (lines.length > longest && !name.endsWith('.css')) out.push(`${name}: ${lines.length} lines; split it at ${longest}`);
  lines.forEach((line, i) => {
    for (const [pattern, why] of rules) if (pattern.test(line)) out.push(`${name}:${i + 1}: ${why}`);
  });
  return out;
}

function* walk(dir) {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    if (statSync(path).isDirectory()) yield* walk(path);
    else if (/\.(tsx?|css|html)$/.test(name)) yield path;
  }
}

/** All violations of the page's sources. */
export function checkAll() {
  const files = [...walk(join(root, 'src')), join(root, 'index.html'), join(root, 'classic/index.html')];
  return files.flatMap((f) => check(relative(root, f), readFileSync(f, 'utf8')));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = checkAll();
  for (const line of found) console.error(line);
  if (found.length > 0) process.exit(1);
  console.log('lint: clean');
}
