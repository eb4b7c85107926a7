/** XEP-0393 Message Styling, parsed to a tree; markup characters are left out. */

export type Mark = 'strong' | 'em' | 'del' | 'code';
export type Span = { text: string } | { mark: Mark; children: Span[] };
export type Block =
  | { kind: 'text'; lines: Span[][] }
  | { kind: 'pre'; text: string }
  | { kind: 'quote'; children: Block[] };

const marks: Record<string, Mark> = { '*': 'strong', _: 'em', '~': 'del', '`': 'code' };
const maxDepth = 8;

/** Splits a body in blocks (XEP-0393 §4). */
export function parseBody(body: string, depth = 0): Block[] {
  const lines = body.split('\n');
  const out: Block[] = [];
  for (let i = 0; i < lines.length; ) {
    const line = lines[i] as string;
    if (line.startsWith('```')) {
      const end = lines.findIndex((l, j) => j > i && l === '```');
      const stop = end < 0 ? lines.length : end;
      out.push({ kind: 'pre', text: lines.slice(i + 1, stop).join('\n') });
      i = stop + 1;
    } else if (line.startsWith('>') && depth < maxDepth) {
      let stop = i;
      while (stop < lines.length && (lines[stop] as string).startsWith('>')) stop++;
      const inner = lines.slice(i, stop).map((l) => l.slice(1).replace(/^ /, ''));
      out.push({ kind: 'quote', children: parseBody(inner.join('\n'), depth + 1) });
      i = stop;
    } else {
      push(out, parseSpans(line));
      i++;
    }
  }
  return out;
}

function push(out: Block[], line: Span[]): void {
  const before = out.at(-1);
  if (before?.kind === 'text') before.lines.push(line);
  else out.push({ kind: 'text', lines: [line] });
}

/** Finds styled spans in one line (XEP-0393 §5). */
export function parseSpans(line: string, depth = 0): Span[] {
  const out: Span[] = [];
  let plain = '';
  for (let i = 0; i < line.length; ) {
    const end = opens(line, i) && depth < maxDepth ? closing(line, i) : -1;
    if (end < 0) {
      plain += line[i++];
      continue;
    }
    if (plain) out.push({ text: plain });
    plain = '';
    const mark = marks[line[i] as string] as Mark;
    const inner = line.slice(i + 1, end);
    out.push({ mark, children: mark === 'code' ? [{ text: inner }] : parseSpans(inner, depth + 1) });
    i = end + 1;
  }
  if (plain) out.push({ text: plain });
  return out;
}

// An opening mark stands at the start, after white space, or after another opening mark.
function opens(line: string, i: number): boolean {
  if (!((line[i] as string) in marks)) return false;
  const before = line[i - 1];
  const after = line[i + 1];
  if (after === undefined || /\s/.test(after)) return false;
  return before === undefined || /\s/.test(before) || before in marks || /[([{"'“‘«]/.test(before);
}

// A closing mark is the next one of its kind that does not follow white space.
function closing(line: string, i: number): number {
  for (let j = i + 2; j < line.length; j++) {
    if (line[j] === line[i] && !/\s/.test(line[j - 1] as string)) return j;
  }
  return -1;
}
