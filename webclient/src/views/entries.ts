import type { App } from '../store/app';
import type { Message } from '../store/model';
import { last } from '../store/select';
import type { ResourcePresence } from '../xmpp/presence';

/** One line of the list: a person, with or without a conversation. */
export interface Entry {
  jid: string;
  name: string;
  presence: ResourcePresence;
  message: Message | undefined;
  unread: number;
  typing: boolean;
}

/** People and conversations in one list: the latest first, then by name. */
export function entries(app: App): Entry[] {
  const { conversations } = app.chats.state.value;
  const jids = new Set([...conversations.keys(), ...app.contacts.roster.value.keys()]);
  return [...jids].map((jid) => entry(app, jid)).sort(byRecency);
}

function entry(app: App, jid: string): Entry {
  const c = app.chats.state.value.conversations.get(jid);
  return {
    jid,
    name: app.contacts.name(jid),
    presence: app.contacts.presenceOf(jid),
    message: last(c),
    unread: c?.unread ?? 0,
    typing: c?.typing ?? false,
  };
}

function byRecency(a: Entry, b: Entry): number {
  return (b.message?.at ?? 0) - (a.message?.at ?? 0) || a.name.localeCompare(b.name) || (a.jid < b.jid ? -1 : 1);
}

/** Whether a line fits what was typed in the search field. */
export function matches(e: Entry, query: string): boolean {
  const q = query.trim().toLocaleLowerCase();
  return e.name.toLocaleLowerCase().includes(q) || e.jid.includes(q);
}
