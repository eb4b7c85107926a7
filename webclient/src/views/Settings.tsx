import type { Signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { back } from '../lib/router';
import { settings } from '../store/settings';
import type { Theme } from '../store/settings';
import { useApp } from './context';
import { Icon } from './icons';
import { askToNotify, canAskToNotify } from './notify';
import { Dialog } from './parts';

const themes: [Theme, string][] = [
  ['system', 'System'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

const keys: [string, string][] = [
  ['Enter', 'Send the message'],
  ['Shift Enter', 'New line'],
  ['Ctrl K', 'Search people and conversations'],
  ['Alt ↑ / Alt ↓', 'Previous or next conversation'],
  ['↑ ↓ Home End', 'Move in the list'],
  ['Escape', 'Close, or back to the list'],
];

/** Choices for this browser, the shortcuts, and the way out. */
export function Settings() {
  const app = useApp();
  const [leaving, setLeaving] = useState(false);
  const close = () => back({ name: 'home' });
  if (leaving) return <Leave onClose={() => setLeaving(false)} />;
  return (
    <Dialog title="Settings" onClose={close}>
      <section class="setting-group">
        <h3>Appearance</h3>
        <div class="segments" role="radiogroup" aria-label="Colours">
          {themes.map(([value, label]) => (
            <label key={value}>
              <input type="radio" name="theme" checked={settings.theme.value === value} onChange={() => (settings.theme.value = value)} />
              <span>{label}</span>
            </label>
          ))}
        </div>
      </section>
      <section class="setting-group">
        <h3>Notifications</h3>
        <Notifications />
      </section>
      <section class="setting-group">
        <h3>Privacy</h3>
        <Switch value={settings.sendTyping} label="Show others when I am typing" />
        <Switch value={settings.sendReceipts} label="Tell others that their message arrived" />
      </section>
      <section class="setting-group keyboard">
        <h3>Keyboard</h3>
        <dl class="keys">
          {keys.map(([key, what]) => (
            <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>
          ))}
        </dl>
      </section>
      <footer class="settings-foot">
        <span>{app.account.value}<small>Parley {app.config.version}</small></span>
        <button type="button" onClick={() => setLeaving(true)}><Icon name="logout" size={18} /> Log out</button>
      </footer>
    </Dialog>
  );
}

function Switch({ value, label }: { value: Signal<boolean>; label: string }) {
  return (
    <label class="check">
      <input type="checkbox" checked={value.value} onChange={(e) => (value.value = e.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

function Notifications() {
  if (!canAskToNotify()) return <p class="field-hint">This browser blocks notifications for this page.</p>;
  if (Notification.permission === 'granted') return <Switch value={settings.notify} label="Show new messages on the desktop" />;
  return <button type="button" onClick={() => void askToNotify()}><Icon name="bell" size={18} /> Turn on notifications</button>;
}

function Leave({ onClose }: { onClose(): void }) {
  const app = useApp();
  const [erase, setErase] = useState(false);
  const leave = async () => {
    history.replaceState(null, '', '#/');
    await app.logout(erase);
    location.reload();
  };
  return (
    <Dialog title="Log out?" onClose={onClose}>
      <p>You need your password to come back.</p>
      <label class="check">
        <input type="checkbox" checked={erase} onChange={(e) => setErase(e.currentTarget.checked)} />
        <span>Also erase my conversations from this device</span>
      </label>
      <div class="actions">
        <button type="button" onClick={onClose}>Stay</button>
        <button type="button" class="primary" onClick={() => void leave()}>Log out</button>
      </div>
    </Dialog>
  );
}
