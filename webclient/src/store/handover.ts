import type { KeptStream } from '../xmpp/stream';
import type { ContactsSnapshot } from './contacts';
import { tabId } from './tabs';

/** What a page leaves to the one that a reload puts in its place. */
export interface Handover {
  jid: string;
  stream: KeptStream;
  /** Null when the contacts were told that we left. */
  contacts: ContactsSnapshot | null;
}

// The name of the tab is part of the key: a duplicated tab has a copy of the
// storage, but must not go on with the stream of its original.
function key(): string {
  return `parley.stream ${tabId()}`;
}

export function leave(handover: Handover): void {
  try {
    sessionStorage.setItem(key(), JSON.stringify(handover));
  } catch (err) {
    console.warn('parley: the stream could not be kept for the reload', err);
  }
}

/** Takes what was left, once: it is worth nothing a second time. */
export function takeOver(jid: string): Handover | null {
  const text = sessionStorage.getItem(key());
  sessionStorage.removeItem(key());
  try {
    const left = JSON.parse(text ?? 'null') as Handover | null;
    return left?.jid === jid ? left : null;
  } catch {
    return null;
  }
}

/**
 * Whether this page is certainly going away only to be loaded again. Not all
 * browsers tell, and none does when its own button was used.
 */
export class ReloadSign {
  private reloading = false;

  constructor() {
    const navigation = (globalThis as { navigation?: EventTarget }).navigation;
    navigation?.addEventListener('navigate', (e) => {
      this.reloading = (e as Event & { navigationType?: string }).navigationType === 'reload';
    });
  }

  get given(): boolean {
    return this.reloading;
  }
}
