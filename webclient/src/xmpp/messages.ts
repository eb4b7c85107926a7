import { $msg } from 'strophe.js';
import type { Builder } from 'strophe.js';
import { readState } from './chatstates';
import type { ChatState } from './chatstates';
import { attr, child, children, childText } from './dom';
import * as Jid from './jid';
import { NS } from './ns';
import { readReceipt, wantsReceipt } from './receipts';
import { readError } from './stanzaerror';
import type { StanzaError } from './stanzaerror';
import { parseStamp } from './stamp';

/** What a message stanza brought; each part may be absent. */
export interface IncomingMessage {
  /** Full JID of the sender, and the bare one of the conversation. */
  from: string;
  peer: string;
  /** Whether the own account sent it, from this device or another. */
  mine: boolean;
  type: string;
  /** What identifies it: the origin-id, else the id in the own archive, else the stanza's. */
  id: string;
  /** The stanza's own id, which receipts and errors speak of. */
  ref: string;
  /** Id in the own archive (XEP-0359), or an empty string. */
  stanzaId: string;
  body: string | null;
  /** When it was sent, in milliseconds; delayed says the server kept it. */
  at: number;
  delayed: boolean;
  chatState: ChatState | null;
  wantsReceipt: boolean;
  /** Id of the message of the other side that this one confirms. */
  receiptFor: string | null;
  error: StanzaError | null;
}

/** Where a message was found: what is known besides the stanza itself. */
export interface Context {
  /** The own bare JID. */
  account: string;
  now: number;
  /** Of the archive's results: id and time there. */
  stanzaId?: string;
  at?: number;
}

/** Reads a message of a one-to-one chat; rooms have their own reader. */
export function parseMessage(el: Element, context: Context): IncomingMessage | null {
  const type = attr(el, 'type') || 'normal';
  const from = attr(el, 'from');
  if (type === 'groupchat' || from === '') return null;
  const mine = Jid.bare(from) === context.account && attr(el, 'to') !== '' && type !== 'error';
  const peer = Jid.bare(mine ? attr(el, 'to') : from);
  const stamp = readDelay(el, context.now);
  const stanzaId = context.stanzaId ?? readStanzaId(el, context.account);
  return {
    from,
    peer,
    mine,
    type,
    id: readOriginId(el) || stanzaId || attr(el, 'id'),
    ref: attr(el, 'id'),
    stanzaId,
    body: childText(el, 'body', NS.client),
    at: stamp ?? context.at ?? context.now,
    delayed: stamp !== null || context.at !== undefined,
    chatState: readState(el),
    wantsReceipt: wantsReceipt(el),
    receiptFor: readReceipt(el),
    error: type === 'error' ? readError(el) : null,
  };
}

// XEP-0359 §3.2: the sender's own id.
function readOriginId(el: Element): string {
  const origin = child(el, 'origin-id', NS.sid);
  return origin ? attr(origin, 'id') : '';
}

// XEP-0359 §6: anybody can write one; only the own archive's is believed.
function readStanzaId(el: Element, account: string): string {
  const own = children(el, 'stanza-id', NS.sid).find((c) => Jid.bare(attr(c, 'by')) === account);
  return own ? attr(own, 'id') : '';
}

// XEP-0203: never later than now, whatever the other clock says.
function readDelay(el: Element, now: number): number | null {
  const delay = child(el, 'delay', NS.delay);
  const at = delay ? parseStamp(attr(delay, 'stamp')) : Number.NaN;
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
