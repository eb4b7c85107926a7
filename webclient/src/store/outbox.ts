import type { Client } from '../xmpp/client';
import { chatMessage } from '../xmpp/messages';
import type { ChatEvent, Message } from './model';

/** A message older than this says when it was written. */
const late = 60_000;
/** The first in line is not tried again by itself after it was sent on so many connections in vain. */
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
 * Sends what waits. A message leaves the outbox when the server acknowledged it
 * (XEP-0198), which it does once the message is on disk; after a loss whatever
 * the server does not claim goes out again under the same id.
 */
export class Outbox {
  private attempts = new Map<string, number>();

  constructor(
    private client: Client,
    private source: OutboxSource,
  ) {}

  /** Sends what waits and is not on its way, oldest first. */
  flush(): void {
    if (!this.client.online) return;
    for (const [place, m] of this.source.waiting().entries()) {
      if (this.client.carries(m.id) || (place === 0 && this.givenUp(m))) continue;
      const writtenAt = Date.now() - m.at > late ? m.at : null;
      if (!this.client.send(chatMessage(m.peer, m.id, m.body, writtenAt))) return;
    }
  }

  /** The server has these messages on disk. */
  stored(ids: string[]): void {
    const peers = new Map<string, string[]>();
    const told = new Set(ids);
    for (const m of this.source.waiting()) {
      if (told.has(m.id)) peers.set(m.peer, [...(peers.get(m.peer) ?? []), m.id]);
    }
    for (const id of ids) this.attempts.delete(id);
    for (const [peer, list] of peers) this.source.tell({ type: 'confirmed', peer, ids: list });
  }

  /** The person asked to try again: the count starts anew. */
  retried(id: string): void {
    this.attempts.delete(id);
  }

  reset(): void {
    this.attempts.clear();
  }

  // A message that ends every connection holds up all the others. What comes
  // behind the first is not to blame: on a bad line it may go out many times.
  private givenUp(m: Message): boolean {
    const n = (this.attempts.get(m.id) ?? 0) + 1;
    this.attempts.set(m.id, n);
    if (n <= maxAttempts) return false;
    const error = 'The connection was lost each time this was sent.';
    this.source.tell({ type: 'failed', peer: m.peer, id: m.id, error });
    return true;
  }
}

/** Whether a message is larger than servers take. */
export function tooLong(m: Message): boolean {
  return new TextEncoder().encode(chatMessage(m.peer, m.id, m.body, null).toString()).length > maxBytes;
}
