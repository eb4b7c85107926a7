import { describe, expect, it } from 'vitest';
import { grown, most, newer, older, opening, step } from '../../src/lib/span';
import type { Span } from '../../src/lib/span';

describe('the part of a list in the document', () => {
  it.each<[string, Span, Span]>([
    ['begins at the end', opening(1_000, -1), { start: 1_000 - Math.floor(most / 2), end: 1_000 }],
    ['begins with all of a short list', opening(3, -1), { start: 0, end: 3 }],
    ['begins around what is new', opening(1_000, 400), { start: 390, end: 390 + most }],
    ['begins at the end if that shows what is new', opening(1_000, 999), { start: 1_000 - Math.floor(most / 2), end: 1_000 }],
    ['goes back and leaves the end', older({ start: 100, end: 100 + most }), { start: 100 - step, end: 100 - step + most }],
    ['goes back to the start, not beyond', older({ start: 5, end: 60 }), { start: 0, end: 60 }],
    ['goes on and leaves the start', newer({ start: 0, end: most }, 1_000), { start: step, end: most + step }],
    ['goes on to the end, not beyond', newer({ start: 0, end: 10 }, 12), { start: 0, end: 12 }],
    ['follows what is added', grown({ start: 0, end: most }, most + 2, true), { start: 2, end: most + 2 }],
    ['stays where its reader is', grown({ start: 0, end: most }, most + 2, false), { start: 0, end: most }],
  ])('%s', (_, got, want) => expect(got).toEqual(want));
});
