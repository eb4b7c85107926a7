import { newId } from '../lib/id';
import type { ChatEvent } from './model';

const key = 'parley.tab';
const lockPrefix = 'parley tab ';
/** How long the page before a reload may take to let go of its name. */
const handover = 500;

let id = newId();

/** Identity of this tab: who sends which waiting message. */
export function tabId(): string {
  return id;
}

/**
 * Takes this tab's name and holds it as long as the page lives; the browser
 * frees it at the end. A reloaded page takes the name of the one before it, and
 * true is returned. A duplicated tab finds it taken, and gets one of its own.
 */
export async function claimTab(): Promise<boolean> {
  const before = sessionStorage.getItem(key);
  const again = before !== null && (await hold(before, handover));
  if (again) id = before;
  else await hold(id, 0);
  sessionStorage.setItem(key, id);
  return again;
}

// Resolves when the lock is ours; the lock itself stays until the page ends.
function hold(name: string, patience: number): Promise<boolean> {
  if (!navigator.locks) return Promise.resolve(patience === 0);
  const options = patience > 0 ? { signal: AbortSignal.timeout(patience) } : {};
  return new Promise((resolve) => {
    const forever = () => new Promise<void>(() => resolve(true));
    navigator.locks.request(lockPrefix + name, options, forever).catch(() => resolve(false));
  });
}

/** The tabs that are alive, this one included. */
export async function liveTabs(): Promise<Set<string>> {
  const held = (await navigator.locks?.query())?.held ?? [];
  const names = held.map((l) => l.name ?? '').filter((n) => n.startsWith(lockPrefix));
  return new Set([id, ...names.map((n) => n.slice(lockPrefix.length))]);
}

/** Runs a task in one tab at a time; alone where the browser has no locks. */
export async function exclusively(name: string, task: () => Promise<void>): Promise<void> {
  if (!navigator.locks) return task();
  await navigator.locks.request(`parley ${name}`, task);
}

/** Tells the other tabs of the account what happened here, and listens to them. */
export class TabChannel {
  private channel: BroadcastChannel | null;

  constructor(account: string, receive: (event: ChatEvent) => void) {
    this.channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(`parley ${account}`);
    if (this.channel) this.channel.onmessage = (e: MessageEvent<ChatEvent>) => receive(e.data);
  }

  tell(event: ChatEvent): void {
    this.channel?.postMessage(event);
  }

  close(): void {
    this.channel?.close();
  }
}
