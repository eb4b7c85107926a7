import { useEffect, useRef } from 'preact/hooks';
import { back, go, route } from '../lib/router';
import type { Route } from '../lib/router';
import { AddContact } from './AddContact';
import { Banner } from './Banner';
import { Chat } from './Chat';
import { Details } from './Details';
import { Home } from './Home';
import { PresenceDialog } from './Me';
import { Settings } from './Settings';
import { Sidebar } from './Sidebar';
import { useApp } from './context';
import { entries } from './entries';

/** Everything behind the door: list, conversation, details. */
export function Shell() {
  const app = useApp();
  const at = route.value;
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => shortcut(e, () => entries(app).map((x) => x.jid));
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  // A dialog has its own address; what it lies on stays where it was.
  const under = useRef<Route>({ name: 'home' });
  if (at.name === 'chat' || at.name === 'home') under.current = at;
  const chat = under.current.name === 'chat' ? under.current : null;
  return (
    <div class={`shell${chat ? ' in-chat' : ''}${chat?.details ? ' in-details' : ''}`}>
      <a class="skip" href="#composer" onClick={focusComposer}>Skip to the message field</a>
      <Sidebar current={chat?.jid ?? ''} />
      <main class="main" aria-label="Conversation">
        <Banner />
        {chat ? <Chat key={chat.jid} peer={chat.jid} details={chat.details} covered={at !== chat} /> : <Home />}
      </main>
      {chat?.details && <Details key={chat.jid} peer={chat.jid} />}
      {at.name === 'add' && <AddContact jid={at.jid} />}
      {at.name === 'settings' && <Settings />}
      {at.name === 'presence' && <PresenceDialog />}
    </div>
  );
}

function focusComposer(e: Event): void {
  e.preventDefault();
  document.getElementById('composer')?.focus();
}

function shortcut(e: KeyboardEvent, list: () => string[]): void {
  if (e.isComposing || document.querySelector('dialog[open]')) return;
  const at = route.value;
  if ((e.ctrlKey || e.metaKey) && e.key === 'k') {
    e.preventDefault();
    document.getElementById('search')?.focus();
  } else if (e.altKey && (e.key === 'ArrowUp' || e.key === 'ArrowDown')) {
    e.preventDefault();
    step(list(), at.name === 'chat' ? at.jid : '', e.key === 'ArrowDown' ? 1 : -1);
  } else if (e.key === 'Escape' && at.name === 'chat' && !e.defaultPrevented) {
    back(at.details ? { ...at, details: false } : { name: 'home' });
  }
}

function step(jids: string[], current: string, by: number): void {
  const i = jids.indexOf(current);
  const jid = jids[i < 0 ? 0 : Math.min(jids.length - 1, Math.max(0, i + by))];
  if (jid) go({ name: 'chat', jid, details: false }, i >= 0);
}
