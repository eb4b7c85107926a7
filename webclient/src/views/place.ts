/** How near to the end a reader follows it. */
const nearEnd = 80;

/** Where the reader is in a scrolled box. */
export class Place {
  /** Whether what is added at the end is scrolled to. */
  follow = true;
  private placed = false;
  private top = 0;
  private anchor: { key: string; top: number } | null = null;

  /** Remembers what the reader sees; attached, if the list's end is in the document. */
  note(box: HTMLElement, attached: boolean): void {
    this.follow = attached && box.scrollHeight - box.scrollTop - box.clientHeight < nearEnd;
    this.top = box.scrollTop;
    const top = box.getBoundingClientRect().top;
    const row = firstVisible([...box.querySelectorAll<HTMLElement>('[data-key]')], top);
    this.anchor = row ? { key: row.dataset['key'] ?? '', top: row.getBoundingClientRect().top } : null;
  }

  /** After a change: opens at the New line, follows the end, or leaves the seen where it was. */
  settle(box: HTMLElement, attached: boolean): void {
    if (this.hasLeft(box)) this.follow = false;
    if (!this.placed && box.querySelector('[data-key]')) this.open(box);
    else if (this.follow) toEnd(box);
    else this.restore(box);
    this.note(box, attached);
  }

  // The reader has scrolled up, and the browser has not told yet.
  private hasLeft(box: HTMLElement): boolean {
    return box.scrollTop < this.top - 1 && box.scrollHeight - box.scrollTop - box.clientHeight >= nearEnd;
  }

  private open(box: HTMLElement): void {
    this.placed = true;
    const line = box.querySelector<HTMLElement>('.divider.new');
    if (line) box.scrollTop = line.offsetTop - 60;
    else toEnd(box);
  }

  private restore(box: HTMLElement): void {
    const { anchor } = this;
    if (!anchor) return;
    const row = box.querySelector(`[data-key="${CSS.escape(anchor.key)}"]`);
    // What the reader scrolled since is not to be taken back.
    const scrolled = box.scrollTop - this.top;
    if (row) box.scrollTop += row.getBoundingClientRect().top - anchor.top + scrolled;
  }
}

export function toEnd(box: HTMLElement): void {
  box.scrollTop = box.scrollHeight;
}

// Rows follow one another, so half of them need no look.
function firstVisible(rows: HTMLElement[], top: number): HTMLElement | undefined {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] as HTMLElement).getBoundingClientRect().bottom > top) high = middle;
    else low = middle + 1;
  }
  return rows[low];
}
