import { linkify } from '../lib/links';
import { parseBody } from '../lib/styling';
import type { Block, Span } from '../lib/styling';

/** A message body: styled and linked as nodes, never as markup. */
export function Body({ text }: { text: string }) {
  return <div class="body" dir="auto">{parseBody(text).map(renderBlock)}</div>;
}

function renderBlock(block: Block, i: number) {
  switch (block.kind) {
    case 'pre':
      return <pre key={i}>{block.text}</pre>;
    case 'quote':
      return <blockquote key={i}>{block.children.map(renderBlock)}</blockquote>;
    case 'text':
      return <p key={i}>{block.lines.map((line, n) => [n > 0 && '\n', ...line.map(renderSpan)])}</p>;
  }
}

function renderSpan(span: Span, i: number) {
  if ('text' in span) return linkify(span.text).map((p, n) => (p.href ? <Link key={n} href={p.href} text={p.text} /> : p.text));
  if (span.mark === 'code') return <code key={i}>{span.children.map((c) => ('text' in c ? c.text : ''))}</code>;
  const Tag = span.mark;
  return <Tag key={i}>{span.children.map(renderSpan)}</Tag>;
}

function Link({ href, text }: { href: string; text: string }) {
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {text}
    </a>
  );
}
