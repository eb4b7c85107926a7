import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/store/model';
import { byTime, momentAfter } from '../../src/store/order';

function message(at: number, stanzaId?: string): Message {
  return { id: `m${at}`, peer: 'ben@home.org', mine: false, body: '', at, ...(stanzaId === undefined ? {} : { stanzaId }) };
}

describe('of two messages', () => {
  it.each<[string, Message, Message, -1 | 0 | 1]>([
    ['the earlier one is first', message(1, '9'), message(2, '1'), -1],
    ['of one moment the lower number is first', message(1, '41'), message(1, '42'), -1],
    ['numbers count, not their letters', message(1, '9'), message(1, '10'), -1],
    ['numbers larger than a double are told apart', message(1, '9007199254740993'), message(1, '9007199254740992'), 1],
    ['of one number none is first', message(1, '7'), message(1, '7'), 0],
    ['an id that is no number says nothing', message(1, 'b1'), message(1, '1'), 0],
    ['no id says nothing', message(1), message(1, '1'), 0],
  ])('%s', (_, a, b, want) => {
    expect(Math.sign(byTime(a, b))).toBe(want);
    expect(Math.sign(byTime(b, a)) + want).toBe(0);
  });
});

describe('a new message', () => {
  const now = 1_000_000;

  it.each<[string, number | null, number]>([
    ['is of now where nothing was said', null, now],
    ['is of now after what was said before', now - 1, now],
    ['stands behind what was said in the same moment', now, now + 0.001],
    ['stands behind what a clock a minute ahead has stamped', now + 60_000, now + 60_000.001],
    ['does not believe a clock that is further ahead', now + 60_001, now],
  ])('%s', (_, last, want) => {
    expect(momentAfter(last === null ? undefined : message(last), now)).toBe(want);
  });
});
