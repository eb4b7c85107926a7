import { go } from '../lib/router';
import { settings } from '../store/settings';
import type { Message } from '../store/model';

/** Whether a button that asks for permission makes sense in this browser. */
export function canAskToNotify(): boolean {
  return 'Notification' in window && Notification.permission !== 'denied';
}

/** Asks the browser for permission; only ever from a button. */
export async function askToNotify(): Promise<boolean> {
  settings.notify.value = (await Notification.requestPermission()) === 'granted';
  return settings.notify.value;
}

/** Shows a desktop notification; the tag keeps one per conversation, over all tabs. */
export function notify(message: Message, name: string): void {
  if (!settings.notify.value || !('Notification' in window) || Notification.permission !== 'granted') return;
  const shown = new Notification(name, { body: message.body.slice(0, 200), tag: `parley ${message.peer}`, icon: './icon.svg' });
  shown.onclick = () => {
    window.focus();
    go({ name: 'chat', jid: message.peer, details: false });
    shown.close();
  };
}
