import { $iq } from 'strophe.js';
import { fromHome } from './client';
import type { Wire } from './client';
import { child } from './dom';
import { NS } from './ns';

/** XEP-0280 §4: from here on the other devices' messages come here too. */
export async function enableCarbons(wire: Wire): Promise<void> {
  await wire.iq($iq({ type: 'set' }).c('enable', { xmlns: NS.carbons }));
}

/**
 * The message in a carbon copy, and whether it is one that the own account
 * sent. A copy that does not come from the own account is a forgery
 * (XEP-0280 §11) and holds nothing.
 */
export function unwrapCarbon(wire: Wire, el: Element): { message: Element; sent: boolean } | null {
  const sent = child(el, 'sent', NS.carbons);
  const copy = sent ?? child(el, 'received', NS.carbons);
  if (!copy || !fromHome(wire, el)) return null;
  const forwarded = child(copy, 'forwarded', NS.forward);
  const message = forwarded && child(forwarded, 'message', NS.client);
  return message ? { message, sent: sent !== null } : null;
}

/** Whether a message is a carbon copy, genuine or not. */
export function isCarbon(el: Element): boolean {
  return child(el, 'sent', NS.carbons) !== null || child(el, 'received', NS.carbons) !== null;
}
