import type { Client } from '../xmpp/client';
import { chatMessage } from '../xmpp/messages';
import { ping } from '../xmpp/ping';
import { StanzaError } from '../xmpp/stanzaerror';
import type { ChatEvent, Message } from './model';

/** How long a confirmation of the server may take before the link counts as dead. */
const patience = 8_000;
/** A message older than this says when it was written. */
const late = 60_000;
/** A message that ended the connection this often is not tried again by itself. */
const maxAttempts = 5;
/** Servers end the stream over larger stanzas; the envelope is part of it. */
const maxBytes = 200_000;

/** What the outbox works on. */
export interface OutboxSource {
  /** Own messages of this tab that wait, oldest first. */
  waiting(): Message[];
  tell(event: ChatEvent): void;
}

/**
 * Sends what waits and finds out what arrived at the server. A message leaves
 * the outbox when the server proved that it handled it; after a loss whatever
 * was not proven goes out again under the same id, so that copies are known.
 */
export class Outbox {
  /** Sent and not yet confirmed: the message's id and its place in the order of sending. */
  private inFlight = new Map<string, number>();
  private sendings = 0;
  private attempts = new Map<string, number>();
  private confirming = false;

  constructor(
    private client: Client,
    private source: OutboxSource,
  ) {}

  /** Sends what waits, oldest first. */
  flush(): void {
    if (!this.client.online) return;
    for (const m of this.source.waiting()) {
      if (this.inFlight.has(m.id) || this.givenUp(m)) continue;
      const writtenAt = Date.now() - m.at > late ? m.at : null;
      if (!this.client.send(chatMessage(m.peer, m.id, m.body, writtenAt))) return;
      this.inFlight.set(m.id, ++this.sendings);
    }
    void this.confirm();
  }

  /** The link is gone: what was not confirmed goes out with the next flush. */
  offline(): void {
    this.inFlight.clear();
  }

  /** It bounced: no confirmation may cover it any more. */
  bounced(id: string): void {
    this.inFlight.delete(id);
  }

  /** The person asked to try again: the count starts anew. */
  retried(id: string): void {
    this.inFlight.delete(id);
    this.attempts.delete(id);
  }

  reset(): void {
    this.inFlight.clear();
    this.attempts.clear();
  }

  private givenUp(m: Message): boolean {
    const n = (this.attempts.get(m.id) ?? 0) + 1;
    this.attempts.set(m.id, n);
    if (n <= maxAttempts) return false;
    const error = 'The connection was lost each time this was sent.';
    this.source.tell({ type: 'failed', peer: m.peer, id: m.id, error });
    return true;
  }

  // RFC 6120 §10.1: a server handles stanzas in order, so the answer to a ping
  // sent after a message says that the message was handled too.
  private async confirm(): Promise<void> {
    if (this.confirming || this.inFlight.size === 0) return;
    this.confirming = true;
    const upTo = this.sendings;
    const proven = await this.proof();
    this.confirming = false;
    if (!proven) return;
    this.confirmed([...this.inFlight].filter(([, n]) => n <= upTo).map(([id]) => id));
    void this.confirm();
  }

  private async proof(): Promise<boolean> {
    try {
      await ping(this.client, patience);
      return true;
    } catch (err) {
      const condition = err instanceof StanzaError ? err.condition : '';
      if (condition === 'timeout') this.client.drop();
      // A server that does not know pings has still read up to here.
      return condition !== 'timeout' && condition !== 'recipient-unavailable';
    }
  }

  private confirmed(ids: string[]): void {
    const peers = new Map<string, string[]>();
    for (const m of this.source.waiting()) {
      if (ids.includes(m.id)) peers.set(m.peer, [...(peers.get(m.peer) ?? []), m.id]);
    }
    for (const id of ids) {
      this.inFlight.delete(id);
      this.attempts.delete(id);
    }
    for (const [peer, list] of peers) this.source.tell({ type: 'confirmed', peer, ids: list });
  }
}

/** Whether a message is larger than servers take. */
export function tooLong(m: Message): boolean {
  return new TextEncoder().encode(chatMessage(m.peer, m.id, m.body, null).toString()).length > maxBytes;
}
