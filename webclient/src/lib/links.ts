/** A piece of text: plain, or a link. */
export type Piece = { text: string; href?: string };

const pattern = /\b(?:https?:\/\/|xmpp:|mailto:|www\.)[^\s<>"'`]+/giu;

/** Finds addresses in text; only these schemes ever become links. */
export function linkify(text: string): Piece[] {
  const out: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const raw = trimEnd(match[0]);
    const href = toHref(raw);
    if (!href) continue;
    if (match.index > end) out.push({ text: text.slice(end, match.index) });
    out.push({ text: raw, href });
    end = match.index + raw.length;
  }
  if (end < text.length) out.push({ text: text.slice(end) });
  return out;
}

// Punctuation at the end belongs to the sentence, a bracket to who opened it.
function trimEnd(raw: string): string {
  const surplus: Record<string, number> = {
    ')': count(raw, ')') - count(raw, '('),
    ']': count(raw, ']') - count(raw, '['),
  };
  let end = raw.length;
  for (; end > 0; end--) {
    const c = raw[end - 1] as string;
    if (/[.,;:!?*_~]/.test(c)) continue;
    const left = surplus[c];
    if (left === undefined || left <= 0) break;
    surplus[c] = left - 1;
  }
  return raw.slice(0, end);
}

function count(s: string, c: string): number {
  return s.split(c).length - 1;
}

function toHref(raw: string): string | null {
  const url = /^www\./i.test(raw) ? `https://${raw}` : raw;
  try {
    const { protocol, href } = new URL(url);
    return ['http:', 'https:', 'xmpp:', 'mailto:'].includes(protocol) ? href : null;
  } catch {
    return null;
  }
}
