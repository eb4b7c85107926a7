/** So many attempts are made in quick succession: long enough for a restart. */
const quick = 20;

/**
 * How long to wait before the next attempt: from half a second to one while a
 * restart may be going on, then doubling to thirty; each time a random point
 * in the upper half, so that many clients do not come back in one wave.
 */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const ceiling = attempt < quick ? Math.min(1_000, 500 * 2 ** attempt) : Math.min(30_000, 2_000 * 2 ** (attempt - quick + 1));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}
