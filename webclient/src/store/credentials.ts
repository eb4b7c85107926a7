import type { ScramKeys } from '../xmpp/link';

/** What is kept to sign in again: keys, never the password. */
export interface Saved {
  jid: string;
  keys: ScramKeys;
}

const key = 'parley.session';

/** Keeps the keys: for this tab only, or until the person logs out. */
export function save(saved: Saved, stay: boolean): void {
  (stay ? localStorage : sessionStorage).setItem(key, JSON.stringify(saved));
  (stay ? sessionStorage : localStorage).removeItem(key);
}

/** The kept keys and whether they outlive the tab. */
export function load(): { saved: Saved; stay: boolean } | null {
  const fromTab = read(sessionStorage);
  if (fromTab) return { saved: fromTab, stay: false };
  const fromDevice = read(localStorage);
  return fromDevice ? { saved: fromDevice, stay: true } : null;
}

export function forget(): void {
  sessionStorage.removeItem(key);
  localStorage.removeItem(key);
}

/** Calls back when another tab logs out of the account that this device kept. */
export function onForgotten(handler: () => void): void {
  addEventListener('storage', (e) => {
    if (e.storageArea === localStorage && e.key === key && e.newValue === null) handler();
  });
}

function read(storage: Storage): Saved | null {
  try {
    const value = JSON.parse(storage.getItem(key) ?? 'null') as Partial<Saved> | null;
    const k = value?.keys;
    if (typeof value?.jid !== 'string' || !k?.name || !k.salt || !k.iter || !k.ck || !k.sk) return null;
    return { jid: value.jid, keys: k };
  } catch {
    return null;
  }
}
