import type { Message } from './model';

/**
 * The order of a conversation. Many messages may share a millisecond: then the
 * archive's ids speak, where they are numbers, which grow with time.
 */
export function byTime(a: Message, b: Message): number {
  return a.at - b.at || byNumber(a.stanzaId ?? '', b.stanzaId ?? '');
}

function byNumber(a: string, b: string): number {
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b) || a === b) return 0;
  return a.length - b.length || (a < b ? -1 : 1);
}

/** How far a server's clock may be ahead of ours before we stop believing it. */
const skew = 60_000;

/** The moment of a new message: now, but after what its writer has seen. */
export function momentAfter(last: Message | undefined, now: number): number {
  if (!last || last.at < now || last.at > now + skew) return now;
  return last.at + 0.001;
}
