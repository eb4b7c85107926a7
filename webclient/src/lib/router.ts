import { signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';

/** The screens, as the address bar names them. */
export type Route =
  | { name: 'home' }
  | { name: 'chat'; jid: string; details: boolean }
  | { name: 'add'; jid: string }
  | { name: 'settings' }
  | { name: 'presence' }
  | { name: 'register' };

/** Reads the part after the #. */
export function parseRoute(hash: string): Route {
  const [head = '', arg = '', tail = ''] = hash.replace(/^#?\/?/, '').split('/').map(decode);
  if (head === 'chat' && arg) return { name: 'chat', jid: arg, details: tail === 'details' };
  if (head === 'add') return { name: 'add', jid: arg };
  if (head === 'settings') return { name: 'settings' };
  if (head === 'presence') return { name: 'presence' };
  if (head === 'register') return { name: 'register' };
  return { name: 'home' };
}

/** The address of a screen. */
export function hashOf(route: Route): string {
  switch (route.name) {
    case 'chat':
      return `#/chat/${encodeURIComponent(route.jid)}${route.details ? '/details' : ''}`;
    case 'add':
      return route.jid ? `#/add/${encodeURIComponent(route.jid)}` : '#/add';
    case 'home':
      return '#/';
    default:
      return `#/${route.name}`;
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

const current = signal<Route>(parseRoute(location.hash));
let depth = 0;

export const route: ReadonlySignal<Route> = current;

/** Goes to a screen; real history, so the back button and gesture work. */
export function go(to: Route, replace = false): void {
  const hash = hashOf(to);
  if (hash === location.hash) return;
  if (replace) history.replaceState(history.state, '', hash);
  else history.pushState({ depth: ++depth }, '', hash);
  current.value = to;
}

/** One step back, or to the given screen where the page was opened here. */
export function back(otherwise: Route): void {
  if (depth > 0) history.back();
  else go(otherwise, true);
}

/** Follows the browser's own buttons and typed addresses. */
export function follow(): void {
  const read = () => {
    depth = (history.state as { depth?: number } | null)?.depth ?? 0;
    current.value = parseRoute(location.hash);
  };
  read();
  addEventListener('popstate', read);
  addEventListener('hashchange', read);
}
