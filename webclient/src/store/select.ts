import type { ChatsState, Conversation, Message } from './model';

/** The last message of a conversation. */
export function last(c: Conversation | undefined): Message | undefined {
  return c?.messages[c.messages.length - 1];
}

/** Unread messages in all conversations together. */
export function totalUnread(state: ChatsState): number {
  let n = 0;
  for (const c of state.conversations.values()) n += c.unread;
  return n;
}

/** Own messages that have not left yet, oldest first. */
export function waiting(state: ChatsState, tab?: string): Message[] {
  const out: Message[] = [];
  for (const c of state.conversations.values()) {
    for (const m of c.messages) if (m.state === 'waiting' && (tab === undefined || m.tab === tab)) out.push(m);
  }
  return out.sort((a, b) => a.at - b.at);
}

/** Messages and marks in which two states differ: what has to be stored. */
export function difference(before: ChatsState, after: ChatsState): { messages: Message[]; conversations: Conversation[] } {
  const messages: Message[] = [];
  const conversations: Conversation[] = [];
  for (const [peer, c] of after.conversations) {
    const old = before.conversations.get(peer);
    if (old === c) continue;
    if (!old || old.unread !== c.unread || old.newFrom !== c.newFrom) conversations.push(c);
    if (old?.messages === c.messages) continue;
    messages.push(...changed(old?.messages ?? [], c.messages));
  }
  return { messages, conversations };
}

// Most changes touch one message of thousands: what both have at their sides is passed over.
function changed(before: readonly Message[], after: readonly Message[]): Message[] {
  let start = 0;
  while (start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (end < after.length - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  const known = new Set(before.slice(start, before.length - end));
  return after.slice(start, after.length - end).filter((m) => !known.has(m));
}

const groupSpan = 5 * 60_000;

/** A day divider, the New line, or a message with its place in its group. */
export type Row =
  | { kind: 'day'; key: string; at: number }
  | { kind: 'new'; key: string }
  | { kind: 'message'; key: string; message: Message; first: boolean; last: boolean };

/** What tells a message of a conversation from all others. */
export function keyOf(m: Message): string {
  return `${m.mine ? 'out' : 'in'} ${m.id}`;
}

/** The timeline as rows: messages of one side within five minutes form a group. */
export function rows(messages: readonly Message[], newFrom: string | null): Row[] {
  const out: Row[] = [];
  messages.forEach((m, i) => {
    const before = messages[i - 1];
    const after = messages[i + 1];
    const newDay = !before || !sameDay(before.at, m.at);
    const isNew = newFrom !== null && m.id === newFrom && !m.mine;
    if (newDay) out.push({ kind: 'day', key: `day ${dayStart(m.at)}`, at: m.at });
    if (isNew) out.push({ kind: 'new', key: 'new' });
    out.push({
      kind: 'message',
      key: keyOf(m),
      message: m,
      first: newDay || isNew || !together(before, m),
      last: !after || !together(m, after) || (newFrom !== null && after.id === newFrom),
    });
  });
  return out;
}

function together(a: Message | undefined, b: Message): boolean {
  return a !== undefined && a.mine === b.mine && b.at - a.at < groupSpan && sameDay(a.at, b.at);
}

function sameDay(a: number, b: number): boolean {
  return dayStart(a) === dayStart(b);
}

function dayStart(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}
