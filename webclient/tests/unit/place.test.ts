import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Place } from '../../src/views/place';

const height = 500;

/** A scrolled box whose rows have heights; the test environment's DOM knows the tree, but lays nothing out. */
class Box {
  readonly el = document.createElement('div');
  private heights = new Map<Element, number>();
  private top = 0;

  constructor() {
    Object.defineProperties(this.el, {
      clientHeight: { get: () => height },
      scrollHeight: { get: () => Math.max(height, this.above(null)) },
      scrollTop: { get: () => this.top, set: (to: number) => (this.top = Math.max(0, Math.min(to, this.el.scrollHeight - height))) },
    });
    this.el.getBoundingClientRect = () => new DOMRect(0, 0, 300, height);
  }

  get bottom(): number {
    return this.el.scrollHeight - height - this.top;
  }

  /** Where a row stands in the window. */
  at(key: string): number {
    return (this.el.querySelector(`[data-key="${key}"]`) as Element).getBoundingClientRect().top;
  }

  append(...rows: [key: string, height: number][]): void {
    for (const [key, h] of rows) this.el.append(this.row(key, h));
  }

  prepend(...rows: [key: string, height: number][]): void {
    for (const [key, h] of rows.reverse()) this.el.prepend(this.row(key, h));
  }

  remove(key: string): void {
    this.el.querySelector(`[data-key="${key}"]`)?.remove();
  }

  private row(key: string, h: number): HTMLElement {
    const row = document.createElement('div');
    if (key === 'new') row.className = 'divider new';
    else row.dataset['key'] = key;
    this.heights.set(row, h);
    Object.defineProperty(row, 'offsetTop', { get: () => this.above(row) });
    row.getBoundingClientRect = () => new DOMRect(0, this.above(row) - this.top, 300, h);
    return row;
  }

  private above(row: Element | null): number {
    let sum = 0;
    for (const r of this.el.children) {
      if (r === row) break;
      sum += this.heights.get(r) as number;
    }
    return sum;
  }
}

const many = (stem: string, n: number): [string, number][] => Array.from({ length: n }, (_, i) => [`${stem}${i}`, 100]);

let box: Box;
let place: Place;

beforeEach(() => {
  vi.stubGlobal('CSS', { escape: (s: string) => s });
  box = new Box();
  place = new Place();
});

/** The reader scrolls, and the browser tells. */
function scroll(to: number, attached = true): void {
  box.el.scrollTop = to;
  place.note(box.el, attached);
}

function opened(): void {
  box.append(...many('m', 20));
  place.settle(box.el, true);
}

describe('a conversation opens', () => {
  it('at its end', () => {
    opened();
    expect([box.bottom, place.follow]).toEqual([0, true]);
  });

  it('at the New line, with a little of what was read', () => {
    box.append(...many('old', 10), ['new', 30], ...many('m', 10));
    place.settle(box.el, true);
    expect([box.el.scrollTop, place.follow]).toEqual([1_000 - 60, false]);
  });

  it('when there is something to read, not while it is empty', () => {
    place.settle(box.el, true);
    box.append(...many('old', 10), ['new', 30], ...many('m', 10));
    place.settle(box.el, true);
    expect(box.el.scrollTop).toBe(1_000 - 60);
  });

  it('once: a New line that comes later moves nobody', () => {
    opened();
    scroll(200);
    box.append(['new', 30], ...many('late', 3));
    place.settle(box.el, true);
    expect(box.el.scrollTop).toBe(200);
  });
});

describe('who is at the end', () => {
  it.each([
    [79, true],
    [80, false],
  ])('%i px away: follows it: %s', (away, follows) => {
    opened();
    scroll(1_500 - away);
    box.append(['last', 100]);
    place.settle(box.el, true);
    expect(box.bottom).toBe(follows ? 0 : away + 100);
  });

  it('of a part that is not the end follows nothing', () => {
    opened();
    scroll(1_500, false);
    box.append(['next', 100]);
    place.settle(box.el, false);
    expect(box.bottom).toBe(100);
  });

  it('and has just scrolled away stays there, though the browser has not told yet', () => {
    opened();
    box.el.scrollTop = 900;
    box.append(['last', 100]);
    place.settle(box.el, true);
    expect([box.el.scrollTop, place.follow]).toEqual([900, false]);
  });
});

describe('who reads further up', () => {
  beforeEach(() => {
    opened();
    scroll(250);
  });

  it('sees the same when something comes below', () => {
    box.append(...many('late', 3));
    place.settle(box.el, true);
    expect(box.at('m2')).toBe(-50);
  });

  it('sees the same when something comes above', () => {
    box.prepend(...many('older', 30));
    place.settle(box.el, true);
    expect([box.at('m2'), box.el.scrollTop]).toEqual([-50, 3_250]);
  });

  it('sees the same when something above is gone', () => {
    box.remove('m0');
    place.settle(box.el, true);
    expect(box.at('m2')).toBe(-50);
  });

  it('goes on scrolling while something comes above', () => {
    box.el.scrollTop = 230;
    box.prepend(...many('older', 30));
    place.settle(box.el, true);
    expect(box.at('m2')).toBe(-30);
  });

  it('stays when what was seen is gone', () => {
    box.remove('m2');
    place.settle(box.el, true);
    expect(box.el.scrollTop).toBe(250);
  });

  it('is anchored at what is seen after the change', () => {
    box.remove('m2');
    place.settle(box.el, true);
    box.prepend(['older', 100]);
    place.settle(box.el, true);
    expect(box.el.scrollTop).toBe(350);
  });
});
