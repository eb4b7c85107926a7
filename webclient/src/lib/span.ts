/** The part of a long list that stands in the document: from start up to, not including, end. */
export interface Span {
  start: number;
  end: number;
}

/** So many items stand in the document at most, and so many come at a time. */
export const most = 95;
export const step = 30;

/** Where a reader begins: around the first unread item, else at the end. */
export function opening(length: number, unread: number): Span {
  const start = Math.max(0, length - Math.floor(most / 2));
  if (unread < 0 || unread >= start) return { start, end: length };
  const from = Math.max(0, unread - 10);
  return { start: from, end: Math.min(length, from + most) };
}

/** One step back; what is then too much leaves at the end. */
export function older({ start, end }: Span): Span {
  const from = Math.max(0, start - step);
  return { start: from, end: Math.min(end, from + most) };
}

/** One step on; what is then too much leaves at the start. */
export function newer({ start, end }: Span, length: number): Span {
  const to = Math.min(length, end + step);
  return { start: Math.max(start, to - most), end: to };
}

/**
 * Items were added behind a span that reached to the end: who follows the end
 * sees them, who reads further up keeps the place.
 */
export function grown({ start }: Span, length: number, follow: boolean): Span {
  if (follow) return { start: Math.max(start, length - most), end: length };
  return { start, end: Math.min(length, start + most) };
}
