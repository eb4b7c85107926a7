import { useState } from 'preact/hooks';
import { back, go } from '../lib/router';
import { settings } from '../store/settings';
import { clean } from '../xmpp/dom';
import type { Show } from '../xmpp/presence';
import { useApp } from './context';
import { Avatar, Dialog, Field, IconButton, showNames } from './parts';

const choices: Show[] = ['available', 'chat', 'away', 'xa', 'dnd'];

/** The own name and presence, and the way to the settings. */
export function Me() {
  const app = useApp();
  const { show, status } = app.contacts.own.value;
  const name = app.contacts.name(app.account.value);
  const visible = app.link.value === 'online' ? show : 'offline';
  return (
    <header class="me">
      <button type="button" class="me-button" aria-haspopup="dialog" onClick={() => go({ name: 'presence' })} title="Your presence and status">
        <Avatar jid={app.account.value} name={name} show={visible} />
        <span class="me-text">
          <span class="me-name">{name}</span>
          <span class="me-status">{status || showNames[visible]}</span>
        </span>
      </button>
      <IconButton icon="settings" label="Settings" onClick={() => go({ name: 'settings' })} />
    </header>
  );
}

/** Chooses availability and the status line. */
export function PresenceDialog() {
  const app = useApp();
  const own = app.contacts.own.value;
  const onClose = () => back({ name: 'home' });
  const [show, setShow] = useState(own.show);
  const [status, setStatus] = useState(own.status);
  const save = (e: Event) => {
    e.preventDefault();
    const line = clean(status).trim();
    settings.statusText.value = line;
    app.contacts.setOwn({ show, status: line });
    onClose();
  };
  return (
    <Dialog title="Your presence" onClose={onClose}>
      <form onSubmit={save}>
        <fieldset class="choices">
          <legend class="hidden">Availability</legend>
          {choices.map((c) => (
            <label key={c} class="choice">
              <input type="radio" name="show" checked={show === c} onChange={() => setShow(c)} />
              <span class={`dot ${c}`} aria-hidden="true" />
              {showNames[c]}
            </label>
          ))}
        </fieldset>
        <Field label="Status" hint="Your contacts see this line.">
          <input
            type="text"
            maxLength={200}
            value={status}
            placeholder="What are you up to?"
            onInput={(e) => setStatus(e.currentTarget.value)}
          />
        </Field>
        <p class="own-address">Your address is <code>{app.account.value}</code></p>
        <div class="actions">
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="primary">Save</button>
        </div>
      </form>
    </Dialog>
  );
}
