/**
 * How long to wait before the next attempt: doubling from half a second to
 * thirty, each time a random point in the upper half, so that many clients of
 * a restarted server do not come back in one wave.
 */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(30_000, 500 * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}
