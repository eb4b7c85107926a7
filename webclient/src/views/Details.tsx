import { useState } from 'preact/hooks';
import { back, go } from '../lib/router';
import { clean } from '../xmpp/dom';
import type { RosterItem } from '../xmpp/roster';
import { useApp } from './context';
import { Avatar, Field, IconButton, Problem, showNames } from './parts';

/** About one person: presence, name, what they may see, and how to part. */
export function Details({ peer }: { peer: string }) {
  const app = useApp();
  const item = app.contacts.roster.value.get(peer);
  const p = app.contacts.presenceOf(peer);
  const close = () => back({ name: 'chat', jid: peer, details: false });
  return (
    <aside class="details" aria-label="Details">
      <header class="details-head">
        <h2>Details</h2>
        <IconButton icon="close" label="Close details" onClick={close} />
      </header>
      <div class="details-body">
        <Avatar jid={peer} name={app.contacts.name(peer)} show={p.show} large />
        <h3>{app.contacts.name(peer)}</h3>
        <p class="jid">{peer}</p>
        <p class="status">{p.status ? `${showNames[p.show]} · ${p.status}` : showNames[p.show]}</p>
        <Devices peer={peer} />
        {item ? <ContactPart item={item} /> : <button type="button" onClick={() => go({ name: 'add', jid: peer })}>Add to contacts…</button>}
        <Part peer={peer} isContact={item !== undefined} />
      </div>
    </aside>
  );
}

function Devices({ peer }: { peer: string }) {
  const list = useApp().contacts.resourcesOf(peer);
  if (list.length < 2) return null;
  return (
    <ul class="devices" aria-label="Devices online">
      {list.map((r) => (
        <li key={r.resource}><span class={`dot ${r.show}`} aria-hidden="true" /> {r.resource} <small>{showNames[r.show]}</small></li>
      ))}
    </ul>
  );
}

function ContactPart({ item }: { item: RosterItem }) {
  const app = useApp();
  const [name, setName] = useState(item.name);
  const [wrong, setWrong] = useState('');
  const [saved, setSaved] = useState(false);
  const save = async (e: Event) => {
    e.preventDefault();
    try {
      await app.contacts.rename(item.jid, clean(name).trim());
      setWrong('');
      setSaved(true);
    } catch (err) {
      setWrong((err as Error).message);
    }
  };
  return (
    <>
      <form class="rename" onSubmit={(e) => void save(e)}>
        <Field label="Name on your list">
          <span class="with-suffix">
            <input
              type="text"
              value={name}
              maxLength={100}
              onInput={(e) => {
                setName(e.currentTarget.value);
                setSaved(false);
              }}
            />
            <button type="submit" class="quiet" disabled={name.trim() === item.name}>{saved && name.trim() === item.name ? 'Saved' : 'Save'}</button>
          </span>
        </Field>
        <Problem text={wrong} />
      </form>
      <p class="sharing">{sharing(item)}</p>
      {!seesUs(item) && !item.asking && <button type="button" onClick={() => app.contacts.askAgain(item.jid)}>Ask to see their presence</button>}
      {item.asking && <button type="button" onClick={() => app.contacts.askAgain(item.jid)}>Ask again</button>}
    </>
  );
}

function seesUs(item: RosterItem): boolean {
  return item.subscription === 'both' || item.subscription === 'to';
}

function sharing(item: RosterItem): string {
  if (item.subscription === 'both') return 'You see each other’s presence.';
  if (item.asking) return 'Your request has not been answered yet.';
  if (item.subscription === 'to') return 'You see their presence; they do not see yours.';
  if (item.subscription === 'from') return 'They see your presence; you do not see theirs.';
  return 'You do not see each other’s presence.';
}

function Part({ peer, isContact }: { peer: string; isContact: boolean }) {
  const app = useApp();
  const [asked, setAsked] = useState<'contact' | 'chat' | null>(null);
  const leave = () => go({ name: 'home' }, true);
  const act = async () => {
    if (asked === 'contact') await app.contacts.remove(peer);
    else {
      leave();
      await app.chats.remove(peer);
    }
    setAsked(null);
  };
  if (asked) {
    return (
      <div class="confirm" role="group" aria-label="Confirm">
        <p>{asked === 'contact' ? `Remove ${peer} from your contacts?` : 'Delete this conversation from this browser?'}</p>
        <div class="actions">
          <button type="button" onClick={() => setAsked(null)}>Keep</button>
          <button type="button" class="danger" autofocus onClick={() => void act()}>{asked === 'contact' ? 'Remove' : 'Delete'}</button>
        </div>
      </div>
    );
  }
  return (
    <div class="part">
      {isContact && <button type="button" class="danger-quiet" onClick={() => setAsked('contact')}>Remove contact</button>}
      <button type="button" class="danger-quiet" onClick={() => setAsked('chat')}>Delete conversation</button>
    </div>
  );
}
