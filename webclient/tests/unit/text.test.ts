import { describe, expect, it } from 'vitest';
import { linkify } from '../../src/lib/links';
import { parseBody, parseSpans } from '../../src/lib/styling';
import type { Span } from '../../src/lib/styling';
import { clean } from '../../src/xmpp/dom';

describe('links', () => {
  const links = (s: string) => linkify(s).filter((p) => p.href).map((p) => p.text);

  it.each<[string, string[]]>([
    ['see https://a.example/x?y=1#z.', ['https://a.example/x?y=1#z']],
    ['(https://a.example/a_(b))', ['https://a.example/a_(b)']],
    ['www.example.org, and http://b.example!', ['www.example.org', 'http://b.example']],
    ['xmpp:ana@example.org', ['xmpp:ana@example.org']],
    ['javascript:alert(1) data:text/html,x file:///etc', []],
    ['https://', []],
    ['nothing here', []],
  ])('%s', (text, want) => expect(links(text)).toEqual(want));

  it('keeps every character', () => {
    const text = 'a https://x.example/,b www.y.example';
    expect(linkify(text).map((p) => p.text).join('')).toBe(text);
  });

  it('never points anywhere dangerous', () => {
    for (const text of ['https://x"onmouseover=alert(1)', 'http://<script>', "https://a'b"]) {
      for (const p of linkify(text)) if (p.href) expect(p.href).toMatch(/^https?:\/\/[^"'<>]*$/);
    }
  });
});

describe('styling (XEP-0393)', () => {
  const show = (spans: Span[]): string =>
    spans.map((s) => ('text' in s ? s.text : `[${s.mark} ${show(s.children)}]`)).join('');

  it.each([
    ['*strong* and _em_', '[strong strong] and [em em]'],
    ['~gone~ `x *y*`', '[del gone] [code x *y*]'],
    ['*a _b_ c*', '[strong a [em b] c]'],
    ['2 * 3 * 4', '2 * 3 * 4'],
    ['snake_case_name', 'snake_case_name'],
    ['* not*', '* not*'],
    ['*not *', '*not *'],
    ['**', '**'],
    ['*open', '*open'],
    ['(*x*)', '([strong x])'],
  ])('%s', (line, want) => expect(show(parseSpans(line))).toBe(want));

  it('finds quotes and preformatted blocks', () => {
    expect(parseBody('> a\n>> b\nc\n```x\n*d*\n```\ne')).toEqual([
      { kind: 'quote', children: [{ kind: 'text', lines: [[{ text: 'a' }]] }, { kind: 'quote', children: [{ kind: 'text', lines: [[{ text: 'b' }]] }] }] },
      { kind: 'text', lines: [[{ text: 'c' }]] },
      { kind: 'pre', text: '*d*' },
      { kind: 'text', lines: [[{ text: 'e' }]] },
    ]);
  });

  it('ends in time on hostile input', () => {
    expect(parseBody('*_~`'.repeat(5_000))).toHaveLength(1);
    expect(parseBody('>'.repeat(20_000))).toHaveLength(1);
    expect(linkify('https://a.example/' + ')'.repeat(20_000)).length).toBeGreaterThan(0);
  });
});

describe('clean', () => {
  it('drops what XML cannot carry and keeps the rest', () => {
    expect(clean('a\u0000b\u000bc\ud800d\ufffee\tf\n😄')).toBe('abcde\tf\n😄');
  });
});
