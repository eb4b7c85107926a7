import type { Client } from '../xmpp/client';
import type { Archive } from '../xmpp/mam';
import { readArchived, toMessage } from './inbox';
import type { History } from './history';
import type { Message } from './model';

const pageSize = 100;

export interface Page {
  messages: Message[];
  /** Whether there is nothing older. */
  complete: boolean;
}

/** Older messages of one conversation: from this browser first, then from the archive. */
export class Pages {
  /** Where the archive's next page ends; it may hold more than what is shown. */
  private cursors = new Map<string, string>();
  private busy = new Set<string>();

  constructor(
    private client: Client,
    private archive: Archive,
  ) {}

  /** The next page back from what is known; null when that cannot be told now. */
  async earlier(peer: string, known: readonly Message[], history: History): Promise<Page | null> {
    if (this.busy.has(peer)) return null;
    this.busy.add(peer);
    try {
      const kept = await history.before(peer, known[0]?.at ?? Date.now(), pageSize);
      const ids = new Set(known.map((m) => m.id));
      if (kept.some((m) => !ids.has(m.id))) return { messages: kept, complete: false };
      return await this.archived(peer, known);
    } catch {
      // Without an archive this browser's messages are all there is.
      return this.client.online ? { messages: [], complete: true } : null;
    } finally {
      this.busy.delete(peer);
    }
  }

  reset(): void {
    this.cursors.clear();
  }

  // XEP-0313 §3.4: backwards from the oldest message that the archive knows,
  // past pages that hold nothing to show, such as receipts.
  private async archived(peer: string, known: readonly Message[]): Promise<Page | null> {
    while (this.client.online) {
      const before = this.cursors.get(peer) ?? known.find((m) => m.stanzaId)?.stanzaId ?? '';
      const page = await this.archive.page({ max: pageSize, before }, { with: peer });
      if (page.ends) this.cursors.set(peer, page.ends.first);
      const messages = readArchived(this.client, page.results).map(toMessage).filter((m) => m !== null);
      const complete = page.complete || !page.ends;
      if (complete || messages.length > 0) return { messages, complete };
    }
    return null;
  }
}
