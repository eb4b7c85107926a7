import type { Archive, ArchivePage, Archived } from '../xmpp/mam';
import { StanzaError } from '../xmpp/stanzaerror';
import type { Marker } from './model';

const pageSize = 100;
/** So many of the newest messages come to a browser that knows none. */
const firstPages = 5;
/**
 * The marker stays this far behind: two messages may arrive in another order
 * than the archive's, and the earlier one must not be skipped.
 */
const lag = 10_000;

export interface SyncTarget {
  /** Takes over a page; fresh, if it holds what was missed. Kept when it is on disk. */
  archived(results: Archived[], fresh: boolean): Promise<unknown>;
  mark(marker: Marker): void;
}

/**
 * Brings what the archive got while we were away (XEP-0313 §5.1). The marker
 * says up to where nothing is missing; live messages move it only when the gap
 * before them is closed.
 */
export class Sync {
  private marker: Marker | null = null;
  private closed = false;
  private live: Marker[] = [];

  constructor(
    private archive: Archive,
    private target: SyncTarget,
  ) {}

  open(marker: Marker | null): void {
    this.marker = marker;
    this.closed = false;
    this.live = [];
  }

  /**
   * A new session: announce makes it available. The archive is asked before
   * that, so that the server does not send the same as offline messages
   * (XEP-0160), and again after it, for what came in between.
   */
  async catchUp(announce: () => Promise<void>): Promise<void> {
    this.closed = false;
    this.live = [];
    if (!this.marker) {
      await announce();
      await this.first();
    } else {
      const [early] = await Promise.allSettled([this.next(this.marker), announce()]);
      if (early.status === 'rejected') throw early.reason;
      await this.take(early.value);
      while (!(await this.take(await this.next(this.marker))));
    }
    this.closed = true;
  }

  /** A live message is on disk. */
  heard(id: string): void {
    if (!this.closed || id === '') return;
    const now = Date.now();
    this.live.push({ id, at: now });
    const old = this.live.filter((m) => m.at < now - lag);
    const last = old.at(-1);
    if (!last && this.marker) return;
    this.live.splice(0, old.length);
    this.move(last ?? { id, at: now });
  }

  private async next(from: Marker): Promise<ArchivePage> {
    try {
      return await this.archive.page({ max: pageSize, after: from.id });
    } catch (err) {
      // The message itself is no longer kept: go by the time.
      if (!(err instanceof StanzaError) || err.condition !== 'item-not-found') throw err;
      return this.archive.page({ max: pageSize }, { start: from.at });
    }
  }

  private async take(page: ArchivePage): Promise<boolean> {
    if (page.results.length > 0) await this.target.archived(page.results, true);
    const last = page.results.at(-1);
    if (last) this.move({ id: last.id, at: last.at });
    return page.complete || !last;
  }

  private async first(): Promise<void> {
    let newest: Archived | undefined;
    let before = '';
    for (let i = 0; i < firstPages; i++) {
      const page = await this.archive.page({ max: pageSize, before });
      await this.target.archived(page.results, false);
      newest ??= page.results.at(-1);
      if (page.complete || !page.ends) break;
      before = page.ends.first;
    }
    if (newest) this.move({ id: newest.id, at: newest.at });
  }

  private move(marker: Marker): void {
    this.marker = marker;
    this.target.mark(marker);
  }
}
