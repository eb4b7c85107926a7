import { $iq } from 'strophe.js';
import type { Builder } from 'strophe.js';
import type { Client, Wire } from './client';
import { fromHome } from './client';
import { attr, child, children } from './dom';
import * as Jid from './jid';
import { NS } from './ns';
import { StanzaError } from './stanzaerror';

export type Subscription = 'none' | 'to' | 'from' | 'both' | 'remove';

/** One line of the contact list (RFC 6121 §2.1.2). */
export interface RosterItem {
  jid: string;
  name: string;
  subscription: Subscription;
  /** Whether a request of ours waits for an answer. */
  asking: boolean;
  groups: string[];
}

/** Reads the items of a roster result or push. */
export function parseRoster(iq: Element): RosterItem[] {
  const query = child(iq, 'query', NS.roster);
  return query ? children(query, 'item', NS.roster).map(parseItem) : [];
}

function parseItem(item: Element): RosterItem {
  return {
    jid: Jid.bare(attr(item, 'jid')),
    name: attr(item, 'name'),
    subscription: (attr(item, 'subscription') || 'none') as Subscription,
    asking: attr(item, 'ask') === 'subscribe',
    groups: children(item, 'group', NS.roster).map((g) => g.textContent ?? ''),
  };
}

/** RFC 6121 §2.1.3: the whole list. */
export async function fetchRoster(wire: Wire): Promise<RosterItem[]> {
  return parseRoster(await wire.iq($iq({ type: 'get' }).c('query', { xmlns: NS.roster })));
}

/** RFC 6121 §2.3 and §2.4: adds a contact or changes its name and groups. */
export async function setItem(wire: Wire, jid: string, name: string, groups: string[] = []): Promise<void> {
  const iq = $iq({ type: 'set' })
    .c('query', { xmlns: NS.roster })
    .c('item', name ? { jid, name } : { jid });
  for (const group of groups) iq.c('group', {}, group);
  await wire.iq(iq);
}

/** RFC 6121 §2.5: the server ends both subscriptions with it. */
export async function removeItem(wire: Wire, jid: string): Promise<void> {
  await wire.iq(
    $iq({ type: 'set' }).c('query', { xmlns: NS.roster }).c('item', { jid, subscription: 'remove' }),
  );
}

/** Takes roster pushes, from the own server only (RFC 6121 §2.1.6). */
export function onPush(client: Client, handler: (item: RosterItem) => void): void {
  client.onIq('set', 'query', NS.roster, (iq): Builder | null => {
    if (!fromHome(client, iq)) throw new StanzaError('service-unavailable', 'cancel', '');
    parseRoster(iq).forEach(handler);
    return null;
  });
}
