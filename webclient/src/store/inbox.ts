import { newId } from '../lib/id';
import { isCarbon, unwrapCarbon } from '../xmpp/carbons';
import type { Client } from '../xmpp/client';
import * as Jid from '../xmpp/jid';
import { isResult } from '../xmpp/mam';
import type { Archived } from '../xmpp/mam';
import { parseMessage } from '../xmpp/messages';
import type { IncomingMessage } from '../xmpp/messages';
import type { Message } from './model';

/** A message stanza that came live: to us, or as a carbon copy. */
export interface Live {
  message: IncomingMessage;
  /** Whether another device of the account was meant, or sent it. */
  copied: boolean;
}

/** Reads a live message stanza; null for what says nothing here, forgeries included. */
export function readLive(client: Client, el: Element): Live | null {
  if (isResult(el)) return null;
  const carbon = unwrapCarbon(client, el);
  if (isCarbon(el) && !carbon) return null;
  const message = parseMessage(carbon?.message ?? el, { account: Jid.bare(client.jid), now: Date.now() });
  return message && { message, copied: carbon !== null };
}

/** Reads the results of the archive; errors are not kept. */
export function readArchived(client: Client, results: Archived[]): IncomingMessage[] {
  const account = Jid.bare(client.jid);
  const now = Date.now();
  return results
    .map((r) => parseMessage(r.message, { account, now, stanzaId: r.id, at: Math.min(r.at, now) }))
    .filter((m): m is IncomingMessage => m !== null && m.error === null);
}

/** The message to show, if there is a text. What the server gave back is stored there. */
export function toMessage(m: IncomingMessage): Message | null {
  if (m.body === null) return null;
  const id = m.id || newId();
  return {
    id,
    ...(m.ref && m.ref !== id ? { ref: m.ref } : {}),
    ...(m.stanzaId ? { stanzaId: m.stanzaId } : {}),
    peer: m.peer,
    mine: m.mine,
    body: m.body,
    at: m.at,
    ...(m.mine ? { state: m.peer === Jid.bare(m.from) ? 'received' : 'sent' } : {}),
  };
}
