import { $msg } from 'strophe.js';
import type { Builder } from 'strophe.js';
import { readState } from './chatstates';
import type { ChatState } from './chatstates';
import { attr, child, childText } from './dom';
import * as Jid from './jid';
import { NS } from './ns';
import { readReceipt, wantsReceipt } from './receipts';
import { readError } from './stanzaerror';
import type { StanzaError } from './stanzaerror';

/** What a message stanza brought; each part may be absent. */
export interface IncomingMessage {
  /** Full JID of the sender, and the bare one of the conversation. */
  from: string;
  peer: string;
  type: string;
  id: string;
  body: string | null;
  /** When it was sent, in milliseconds; delayed says the server kept it. */
  at: number;
  delayed: boolean;
  chatState: ChatState | null;
  wantsReceipt: boolean;
  /** Id of the own message that this one confirms. */
  receiptFor: string | null;
  error: StanzaError | null;
}

/** Reads a message of a one-to-one chat; rooms have their own reader. */
export function parseMessage(el: Element, now: number): IncomingMessage | null {
  const type = attr(el, 'type') || 'normal';
  const from = attr(el, 'from');
  if (type === 'groupchat' || from === '') return null;
  const stamp = readDelay(el, now);
  return {
    from,
    peer: Jid.bare(from),
    type,
    id: readId(el),
    body: childText(el, 'body', NS.client),
    at: stamp ?? now,
    delayed: stamp !== null,
    chatState: readState(el),
    wantsReceipt: wantsReceipt(el),
    receiptFor: readReceipt(el),
    error: type === 'error' ? readError(el) : null,
  };
}

// XEP-0359 §3: the sender's own id, else the stanza's.
function readId(el: Element): string {
  const origin = child(el, 'origin-id', NS.sid);
  return (origin && attr(origin, 'id')) || attr(el, 'id');
}

// XEP-0203: never later than now, whatever the other clock says.
function readDelay(el: Element, now: number): number | null {
  const delay = child(el, 'delay', NS.delay);
  const at = delay ? Date.parse(attr(delay, 'stamp')) : Number.NaN;
  return Number.isNaN(at) ? null : Math.min(at, now);
}

/**
 * A chat message: the id is also the origin-id (XEP-0359), a receipt is asked
 * for (XEP-0184), and it says that the writer is here (XEP-0085 §4.2).
 */
export function chatMessage(to: string, id: string, body: string, resentAt: number | null): Builder {
  const m = $msg({ to, type: 'chat', id }).c('body', {}, body);
  m.c('origin-id', { xmlns: NS.sid, id }).up();
  m.c('request', { xmlns: NS.receipts }).up();
  m.c('active', { xmlns: NS.chatStates }).up();
  if (resentAt !== null) m.c('delay', { xmlns: NS.delay, stamp: new Date(resentAt).toISOString() }).up();
  return m;
}
