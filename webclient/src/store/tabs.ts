import { newId } from '../lib/id';
import type { ChatEvent } from './model';

/** Identity of this tab: who sends which waiting message. */
export const tabId = newId();

const lockPrefix = 'parley tab ';

/** Holds this tab's name as long as the page lives; the browser frees it at the end. */
export function holdTab(): void {
  void navigator.locks?.request(lockPrefix + tabId, () => new Promise<void>(() => undefined));
}

/** The tabs that are alive, this one included. */
export async function liveTabs(): Promise<Set<string>> {
  const held = (await navigator.locks?.query())?.held ?? [];
  const names = held.map((l) => l.name ?? '').filter((n) => n.startsWith(lockPrefix));
  return new Set([tabId, ...names.map((n) => n.slice(lockPrefix.length))]);
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
