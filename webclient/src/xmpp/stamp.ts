/**
 * The moment of an XEP-0082 stamp in milliseconds, with what finer digits say as
 * a fraction: archives order by it. NaN if it is none.
 */
export function parseStamp(text: string): number {
  const finer = /\.\d{3}(\d+)/.exec(text)?.[1];
  return Date.parse(text) + (finer ? Number(`0.${finer}`) : 0);
}
