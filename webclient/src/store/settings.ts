import { effect, signal } from '@preact/signals';
import type { Signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

/** A value that this browser remembers. */
function remembered<T>(key: string, initial: T): Signal<T> {
  const name = `parley.${key}`;
  const s = signal<T>(read(name, initial));
  effect(() => localStorage.setItem(name, JSON.stringify(s.value)));
  return s;
}

function read<T>(name: string, initial: T): T {
  try {
    const value = JSON.parse(localStorage.getItem(name) ?? 'null') as T | null;
    return typeof value === typeof initial ? (value as T) : initial;
  } catch {
    return initial;
  }
}

/** Choices of the person at this browser. */
export const settings = {
  theme: remembered<Theme>('theme', 'system'),
  notify: remembered('notify', false),
  sendTyping: remembered('typing', true),
  sendReceipts: remembered('receipts', true),
  statusText: remembered('status', ''),
};

/** Keeps the page's colours in step with the choice. */
export function followTheme(root: HTMLElement): void {
  effect(() => {
    if (settings.theme.value === 'system') root.removeAttribute('data-theme');
    else root.dataset['theme'] = settings.theme.value;
  });
}
