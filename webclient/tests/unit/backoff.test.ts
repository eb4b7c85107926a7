import { expect, it } from 'vitest';
import { backoff } from '../../src/xmpp/backoff';

it.each([
  [0, 250, 500],
  [1, 500, 1_000],
  [2, 500, 1_000],
  [19, 500, 1_000],
  [20, 2_000, 4_000],
  [23, 15_000, 30_000],
  [1_000, 15_000, 30_000],
])('attempt %i waits from %i to %i ms', (attempt, low, high) => {
  expect(backoff(attempt, () => 0)).toBe(low);
  expect(backoff(attempt, () => 1)).toBe(high);
});
