import { findCopy, Known } from './identity';
import { byTime } from './order';
import type { ChatEvent, ChatsState, Conversation, Message, SendState } from './model';

/** The one place where conversations change; pure, so every case can be tested. */
export function reduce(state: ChatsState, event: ChatEvent): ChatsState {
  switch (event.type) {
    case 'loaded':
      return loaded(state, event);
    case 'removed':
      return removed(state, event.peer);
    case 'composed':
      return update(state, event.message.peer, (c) => insert(c, event.message));
    case 'incoming':
      return update(state, event.message.peer, (c) => incoming(c, event.message, event.seen));
    case 'archived':
      return archived(state, event);
    case 'earlier':
      return update(state, event.peer, (c) => ({ ...before(c, event.messages), complete: event.complete }));
    case 'opened':
      return update(state, event.peer, (c) => c);
  }
  // What follows concerns conversations that exist; for others nothing happens.
  if (!state.conversations.has(event.peer)) return state;
  return update(state, event.peer, (c) => changed(c, event));
}

type Change = Extract<
  ChatEvent,
  { type: 'confirmed' | 'received' | 'failed' | 'retried' | 'adopted' | 'typing' | 'read' | 'left' }
>;

function changed(c: Conversation, event: Change): Conversation {
  switch (event.type) {
    case 'confirmed':
      return own(c, event.ids, (m) => advance(m, 'sent'));
    case 'received':
      return own(c, [event.id], (m) => advance(m, 'received'));
    case 'failed':
      return own(c, [event.id], (m) =>
        m.state === 'received' ? m : { ...settled(m), state: 'failed', error: event.error },
      );
    case 'retried':
      return retried(c, event.id, event.tab, event.at);
    case 'adopted':
      return own(c, [event.id], (m) => (m.state === 'waiting' ? { ...m, tab: event.tab } : m));
    case 'typing':
      return c.typing === event.on ? c : { ...c, typing: event.on };
    case 'read':
      return c.unread === 0 ? c : { ...c, unread: 0 };
    case 'left':
      return c.newFrom === null ? c : { ...c, newFrom: null };
  }
}

/** A conversation without messages. */
export function emptyConversation(peer: string): Conversation {
  return { peer, messages: [], unread: 0, newFrom: null, typing: false, complete: false };
}

function update(state: ChatsState, peer: string, f: (c: Conversation) => Conversation): ChatsState {
  const before = state.conversations.get(peer);
  const after = f(before ?? emptyConversation(peer));
  if (after === before) return state;
  return { conversations: new Map(state.conversations).set(peer, after) };
}

function removed(state: ChatsState, peer: string): ChatsState {
  if (!state.conversations.has(peer)) return state;
  const conversations = new Map(state.conversations);
  conversations.delete(peer);
  return { conversations };
}

function loaded(state: ChatsState, event: Extract<ChatEvent, { type: 'loaded' }>): ChatsState {
  let next = state;
  for (const [peer, list] of byPeer(event.messages)) next = update(next, peer, (c) => before(c, list));
  for (const mark of event.marks) {
    next = update(next, mark.peer, (c) => ({
      ...c,
      unread: mark.unread,
      newFrom: mark.unread > 0 ? mark.newFrom : null,
    }));
  }
  return next;
}

function archived(state: ChatsState, event: Extract<ChatEvent, { type: 'archived' }>): ChatsState {
  let next = state;
  for (const [peer, list] of byPeer(event.messages)) {
    next = update(next, peer, (c) => {
      const { messages, added } = merge(c.messages, list);
      return messages === c.messages ? c : { ...c, messages: inOrder(messages), ...(event.fresh ? unread(c, added) : {}) };
    });
  }
  return next;
}

// What came while we were away is unread, unless its owner has answered since.
function unread(c: Conversation, added: Message[]): Pick<Conversation, 'unread' | 'newFrom'> {
  const answered = Math.max(-Infinity, ...added.filter((m) => m.mine).map((m) => m.at));
  const news = added.filter((m) => !m.mine && m.at > answered);
  const kept = c.messages.some((m) => m.id === c.newFrom && m.at > answered) ? c.unread : 0;
  const first = kept > 0 ? c.newFrom : (news[0]?.id ?? (answered > -Infinity ? null : c.newFrom));
  return { unread: kept + news.length, newFrom: first };
}

function byPeer(messages: Message[]): Map<string, Message[]> {
  const out = new Map<string, Message[]>();
  for (const m of messages) out.set(m.peer, [...(out.get(m.peer) ?? []), m]);
  return out;
}

/** Adds what is not there yet, at the end; copies only complete what is. */
function merge(have: readonly Message[], list: readonly Message[]): { messages: readonly Message[]; added: Message[] } {
  const messages = [...have];
  const known = new Known(messages);
  const added: Message[] = [];
  let touched = false;
  for (const m of list) {
    const i = known.find(m);
    const next = i === undefined ? m : absorb(messages[i] as Message, m);
    touched ||= i === undefined || next !== messages[i];
    if (i === undefined) added.push(m);
    known.add(next, i ?? messages.length);
    messages[i ?? messages.length] = next;
  }
  return touched ? { messages, added } : { messages: have, added };
}

// Of the same moment, what was added stands before what was there.
function before(c: Conversation, list: readonly Message[]): Conversation {
  const { messages } = merge(c.messages, list);
  if (messages === c.messages) return c;
  const had = c.messages.length;
  return { ...c, messages: inOrder([...messages.slice(had), ...messages.slice(0, had)]) };
}

function inOrder(messages: readonly Message[]): Message[] {
  return [...messages].sort(byTime);
}

// The copy from the archive shows that an own message is stored.
function absorb(known: Message, copy: Message): Message {
  const named = copy.stanzaId && !known.stanzaId ? { ...known, stanzaId: copy.stanzaId } : known;
  return copy.mine && copy.state ? advance(named, copy.state) : named;
}

function insert(c: Conversation, m: Message): Conversation {
  const at = findCopy(c.messages, m);
  if (at >= 0) {
    const known = c.messages[at] as Message;
    const next = absorb(known, m);
    return next === known ? c : { ...c, messages: c.messages.map((x) => (x === known ? next : x)) };
  }
  let i = c.messages.length;
  while (i > 0 && byTime(c.messages[i - 1] as Message, m) > 0) i--;
  return { ...c, messages: [...c.messages.slice(0, i), m, ...c.messages.slice(i)] };
}

function incoming(c: Conversation, m: Message, seen: boolean): Conversation {
  const next = insert(c, m);
  if (next.messages.length === c.messages.length) return next;
  if (seen) return { ...next, typing: false };
  return { ...next, typing: false, unread: c.unread + 1, newFrom: c.unread === 0 ? m.id : c.newFrom };
}

const order: Record<SendState, number> = { failed: 0, waiting: 1, sent: 2, received: 3 };

// States only go forward: a late confirmation never takes a receipt back, and
// a bounced message stays failed until it is tried again.
function advance(m: Message, to: SendState): Message {
  if (m.state === undefined || m.state === 'failed' || order[to] <= order[m.state]) return m;
  return { ...settled(m), state: to };
}

function settled(m: Message): Message {
  const { tab: _tab, error: _error, ...rest } = m;
  return rest;
}

function retried(c: Conversation, id: string, tab: string, at: number): Conversation {
  const m = c.messages.find((x) => x.mine && x.id === id);
  if (m?.state !== 'failed') return c;
  const without = { ...c, messages: c.messages.filter((x) => x !== m) };
  return insert(without, { ...settled(m), state: 'waiting', tab, at });
}

function own(c: Conversation, ids: string[], f: (m: Message) => Message): Conversation {
  let touched = false;
  const messages = c.messages.map((m) => {
    if (!m.mine || !ids.includes(m.id)) return m;
    const next = f(m);
    touched ||= next !== m;
    return next;
  });
  return touched ? { ...c, messages } : c;
}
