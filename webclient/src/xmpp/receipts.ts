import { $msg } from 'strophe.js';
import type { Builder } from 'strophe.js';
import { attr, child } from './dom';
import { NS } from './ns';

/** XEP-0184 §5.3: whether the sender asks to be told of the arrival. */
export function wantsReceipt(el: Element): boolean {
  return child(el, 'request', NS.receipts) !== null && attr(el, 'id') !== '' && attr(el, 'type') !== 'error';
}

/** XEP-0184 §5.4: the id of the message that arrived. */
export function readReceipt(el: Element): string | null {
  const received = child(el, 'received', NS.receipts);
  if (!received || attr(el, 'type') === 'error') return null;
  return attr(received, 'id') || null;
}

/** The confirmation; it asks for none itself (XEP-0184 §5.6). */
export function receipt(to: string, id: string, type: string): Builder {
  return $msg({ to, type })
    .c('received', { xmlns: NS.receipts, id })
    .up()
    .c('store', { xmlns: 'urn:xmpp:hints' });
}
