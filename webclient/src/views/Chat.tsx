import { useEffect } from 'preact/hooks';
import { back, go } from '../lib/router';
import { Composer } from './Composer';
import { useApp } from './context';
import { Avatar, IconButton, showNames } from './parts';
import { Timeline } from './Timeline';

/** One conversation: who it is with, what was said, what is being written. */
export function Chat({ peer, details, covered }: { peer: string; details: boolean; covered: boolean }) {
  const app = useApp();
  useEffect(() => {
    app.chats.opened(peer);
    return () => app.chats.left(peer);
  }, [peer]);
  useEffect(() => {
    if (covered) return undefined;
    const look = () => document.hasFocus() && app.chats.read(peer);
    look();
    addEventListener('focus', look);
    return () => removeEventListener('focus', look);
  }, [peer, covered]);
  return (
    <section class="chat" aria-label={`Conversation with ${app.contacts.name(peer)}`}>
      <ChatHead peer={peer} details={details} />
      <Stranger peer={peer} />
      <Timeline peer={peer} />
      <Composer peer={peer} />
    </section>
  );
}

function ChatHead({ peer, details }: { peer: string; details: boolean }) {
  const app = useApp();
  const p = app.contacts.presenceOf(peer);
  const name = app.contacts.name(peer);
  const c = app.chats.conversation(peer);
  const known = app.contacts.roster.value.has(peer);
  const word = known || p.show !== 'offline' ? showNames[p.show] : peer;
  const away = app.link.value !== 'online';
  return (
    <header class="chat-head">
      <IconButton icon="back" label="Back to the list" class="back" onClick={() => back({ name: 'home' })} />
      <Avatar jid={peer} name={name} show={p.show} />
      <div class="chat-who">
        <h1 title={peer}>{name}</h1>
        <p aria-live="polite">{c?.typing ? <span class="typing">typing…</span> : away ? 'Not connected' : p.status ? `${word} · ${p.status}` : word}</p>
      </div>
      <IconButton
        icon="info"
        label="Details"
        pressed={details}
        onClick={() => (details ? back({ name: 'chat', jid: peer, details: false }) : go({ name: 'chat', jid: peer, details: true }))}
      />
    </header>
  );
}

/** Above a chat with someone who is not a contact: what can be done about it. */
function Stranger({ peer }: { peer: string }) {
  const app = useApp();
  const request = app.contacts.requests.value.find((r) => r.jid === peer);
  if (request) {
    return (
      <div class="notice">
        <span>{app.contacts.name(peer)} wants to be your contact.</span>
        <button type="button" class="primary small" onClick={() => app.contacts.accept(peer)}>Accept</button>
        <button type="button" class="small" onClick={() => app.contacts.decline(peer)}>Decline</button>
      </div>
    );
  }
  const known = app.contacts.roster.value.has(peer) || peer === app.account.value;
  if (known || !app.contacts.loaded.value) return null;
  return (
    <div class="notice">
      <span>{peer} is not in your contacts.</span>
      <button type="button" class="small" onClick={() => go({ name: 'add', jid: peer })}>Add…</button>
    </div>
  );
}
