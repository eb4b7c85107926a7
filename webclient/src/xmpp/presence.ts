import { $pres } from 'strophe.js';
import type { Builder } from 'strophe.js';
import { attr, child, childText } from './dom';
import * as Jid from './jid';
import { NS } from './ns';

/** Availability in the words of RFC 6121 §4.7.2.1, plus the two without a word. */
export type Show = 'chat' | 'available' | 'away' | 'xa' | 'dnd' | 'offline';

export type SubscriptionType = 'subscribe' | 'subscribed' | 'unsubscribe' | 'unsubscribed';

export interface Caps {
  node: string;
  ver: string;
  hash: string;
}

export interface ResourcePresence {
  resource: string;
  show: Show;
  status: string;
  priority: number;
  caps: Caps | null;
}

export type PresenceStanza =
  | { kind: 'presence'; jid: string; presence: ResourcePresence }
  | { kind: 'subscription'; jid: string; type: SubscriptionType; status: string; nick: string };

const shows: readonly string[] = ['chat', 'away', 'xa', 'dnd'];
const subscriptions: readonly string[] = ['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed'];

/** Reads an incoming presence; errors and probes tell nothing. */
export function parsePresence(el: Element): PresenceStanza | null {
  const from = attr(el, 'from');
  const type = attr(el, 'type');
  const status = childText(el, 'status', NS.client)?.trim() ?? '';
  const jid = Jid.bare(from);
  if (jid === '') return null;
  if (subscriptions.includes(type)) {
    const nick = childText(el, 'nick', 'http://jabber.org/protocol/nick')?.trim() ?? '';
    return { kind: 'subscription', jid, type: type as SubscriptionType, status, nick };
  }
  if (type !== '' && type !== 'unavailable') return null;
  return {
    kind: 'presence',
    jid,
    presence: {
      resource: Jid.resource(from),
      show: type === 'unavailable' ? 'offline' : readShow(el),
      status,
      priority: readPriority(el),
      caps: readCaps(el),
    },
  };
}

function readShow(el: Element): Show {
  const show = childText(el, 'show', NS.client)?.trim() ?? '';
  return shows.includes(show) ? (show as Show) : 'available';
}

// RFC 6121 §4.7.2.3: an integer from -128 to 127, 0 where absent.
function readPriority(el: Element): number {
  const n = Number.parseInt(childText(el, 'priority', NS.client) ?? '0', 10);
  return Number.isNaN(n) ? 0 : Math.max(-128, Math.min(127, n));
}

function readCaps(el: Element): Caps | null {
  const c = child(el, 'c', NS.caps);
  if (!c || !attr(c, 'ver') || !attr(c, 'hash')) return null;
  return { node: attr(c, 'node'), ver: attr(c, 'ver'), hash: attr(c, 'hash') };
}

/** The own presence, sent to all contacts by the server (RFC 6121 §4.2, §4.5). */
export function ownPresence(show: Show, status: string, caps: Caps | null): Builder {
  if (show === 'offline') return $pres({ type: 'unavailable' });
  const p = $pres();
  if (show !== 'available') p.c('show', {}, show);
  if (status) p.c('status', {}, status);
  if (caps) p.c('c', { xmlns: NS.caps, hash: caps.hash, node: caps.node, ver: caps.ver }).up();
  return p;
}

/** A subscription stanza (RFC 6121 §3); the message is shown with a request. */
export function subscription(to: string, type: SubscriptionType, message = ''): Builder {
  const p = $pres({ to, type });
  return message ? p.c('status', {}, message) : p;
}

const rank: Record<Show, number> = { chat: 5, available: 4, dnd: 3, away: 2, xa: 1, offline: 0 };

/** The presence that stands for a person: highest priority, then most available. */
export function best(resources: Iterable<ResourcePresence>): ResourcePresence | null {
  let top: ResourcePresence | null = null;
  for (const r of resources) {
    if (!top || r.priority > top.priority || (r.priority === top.priority && rank[r.show] > rank[top.show])) top = r;
  }
  return top;
}
