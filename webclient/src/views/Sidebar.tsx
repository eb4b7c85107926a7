import { useRef, useState } from 'preact/hooks';
import { go, hashOf } from '../lib/router';
import { full, short } from '../lib/time';
import type { Request } from '../store/contacts';
import { useApp } from './context';
import { entries, matches } from './entries';
import type { Entry } from './entries';
import { Home } from './Home';
import { Icon } from './icons';
import { Me } from './Me';
import { Avatar, IconButton, showNames } from './parts';

/** The list of people and conversations, with the own presence above. */
export function Sidebar({ current }: { current: string }) {
  const app = useApp();
  const [query, setQuery] = useState('');
  const all = entries(app);
  const shown = query.trim() ? all.filter((e) => matches(e, query)) : all;
  return (
    <aside class="sidebar" aria-label="People and conversations">
      <Me />
      <div class="search-row">
        <div class="search">
          <Icon name="search" size={18} />
          <input
            id="search"
            type="search"
            placeholder="Search"
            aria-label="Search people and conversations"
            value={query}
            onInput={(e) => setQuery(e.currentTarget.value)}
            onKeyDown={(e) => searchKey(e, shown[0], () => setQuery(''))}
          />
        </div>
        <IconButton icon="addPerson" label="Add a contact" onClick={() => go({ name: 'add', jid: '' })} />
      </div>
      <Requests list={app.contacts.requests.value} />
      {shown.length > 0 ? <List entries={shown} current={current} /> : <Nothing query={query} loaded={app.contacts.loaded.value} />}
    </aside>
  );
}

function searchKey(e: KeyboardEvent, first: Entry | undefined, clear: () => void): void {
  if (e.key === 'Escape') {
    e.preventDefault();
    clear();
  } else if (e.key === 'Enter' && first) {
    clear();
    go({ name: 'chat', jid: first.jid, details: false });
  } else if (e.key === 'ArrowDown') {
    e.preventDefault();
    document.querySelector<HTMLElement>('.list a')?.focus();
  }
}

function List({ entries: list, current }: { entries: Entry[]; current: string }) {
  const ref = useRef<HTMLUListElement>(null);
  const entrance = list.some((e) => e.jid === current) ? current : list[0]?.jid;
  return (
    <ul class="list" ref={ref} onKeyDown={(e) => ref.current && rove(e, ref.current)}>
      {list.map((e) => (
        <Line key={e.jid} entry={e} current={e.jid === current} reachable={e.jid === entrance} />
      ))}
    </ul>
  );
}

// One tab stop for the whole list; the arrow keys move inside it.
function rove(e: KeyboardEvent, list: HTMLElement): void {
  const links = [...list.querySelectorAll<HTMLElement>('a')];
  const i = links.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: links.length - 1 }[e.key];
  if (to === undefined || e.altKey) return;
  e.preventDefault();
  if (to < 0) document.getElementById('search')?.focus();
  else links[to]?.focus();
}

function Line({ entry: e, current, reachable }: { entry: Entry; current: boolean; reachable: boolean }) {
  return (
    <li>
      <a
        class={`line${e.unread ? ' unread' : ''}`}
        href={hashOf({ name: 'chat', jid: e.jid, details: false })}
        aria-current={current ? 'page' : undefined}
        tabIndex={reachable ? 0 : -1}
        onClick={(ev) => {
          if (ev.ctrlKey || ev.metaKey || ev.shiftKey) return;
          ev.preventDefault();
          go({ name: 'chat', jid: e.jid, details: false });
        }}
      >
        <Avatar jid={e.jid} name={e.name} show={e.presence.show} />
        <span class="line-text">
          <span class="line-top">
            <span class="line-name">{e.name}</span>
            <span class="hidden">, {showNames[e.presence.show]}</span>
            {e.message && <time dateTime={new Date(e.message.at).toISOString()} title={full(e.message.at)}>{short(e.message.at)}</time>}
          </span>
          <span class="line-bottom">
            <Preview entry={e} />
            {e.unread > 0 && (
              <span class="badge">
                {e.unread > 99 ? '99+' : e.unread}
                <span class="hidden"> unread</span>
              </span>
            )}
          </span>
        </span>
      </a>
    </li>
  );
}

function Preview({ entry: e }: { entry: Entry }) {
  if (e.typing) return <span class="preview typing">typing…</span>;
  if (!e.message) return <span class="preview">{e.presence.status || showNames[e.presence.show]}</span>;
  const failed = e.message.state === 'failed';
  return (
    <span class={failed ? 'preview failed' : 'preview'} dir="auto">
      {failed ? 'Not delivered: ' : e.message.mine ? 'You: ' : ''}
      {e.message.body}
    </span>
  );
}

function Requests({ list }: { list: readonly Request[] }) {
  const app = useApp();
  if (list.length === 0) return null;
  return (
    <section class="requests" aria-label="Contact requests">
      {list.map((r) => (
        <div class="request" key={r.jid} role="group" aria-label={`Request of ${r.jid}`}>
          <Avatar jid={r.jid} name={r.nick || app.contacts.name(r.jid)} />
          <div class="request-text">
            <strong>{r.nick || app.contacts.name(r.jid)}</strong> wants to be your contact
            <span class="request-jid">{r.jid}</span>
            {r.message && <q>{r.message}</q>}
          </div>
          <div class="request-actions">
            <button type="button" class="primary small" onClick={() => app.contacts.accept(r.jid)}>Accept</button>
            <button type="button" class="small" onClick={() => app.contacts.decline(r.jid)}>Decline</button>
          </div>
        </div>
      ))}
    </section>
  );
}

function Nothing({ query, loaded }: { query: string; loaded: boolean }) {
  if (query.trim()) {
    return (
      <div class="nothing">
        <p>Nobody here is called “{query.trim()}”.</p>
        <button type="button" onClick={() => go({ name: 'add', jid: query.trim() })}>Add as a contact…</button>
      </div>
    );
  }
  if (!loaded) return <div class="nothing"><p>Loading…</p></div>;
  return (
    <div class="nothing">
      <p class="only-wide">Your contacts and conversations will be listed here.</p>
      <Home />
    </div>
  );
}
