import { describe, expect, it } from 'vitest';
import { emptyChats } from '../../src/store/model';
import type { ChatEvent, ChatsState, Conversation, Message } from '../../src/store/model';
import { reduce } from '../../src/store/reducer';
import { difference, rows, totalUnread, waiting } from '../../src/store/select';

const peer = 'ben@home.org';

function out(id: string, at: number, state: Message['state'] = 'waiting'): Message {
  return { id, peer, mine: true, body: id, at, ...(state ? { state } : {}), tab: 't1' };
}

function incoming(id: string, at: number): Message {
  return { id, peer, mine: false, body: id, at };
}

function run(...events: ChatEvent[]): ChatsState {
  return events.reduce(reduce, emptyChats);
}

function chat(state: ChatsState): Conversation {
  const c = state.conversations.get(peer);
  if (!c) throw new Error('no conversation');
  return c;
}

function ids(state: ChatsState): string[] {
  return chat(state).messages.map((m) => m.id);
}

describe('messages', () => {
  it('stand in order of time, not of arrival', () => {
    const s = run(
      { type: 'incoming', message: incoming('late', 30), seen: true },
      { type: 'incoming', message: incoming('early', 10), seen: true },
      { type: 'composed', message: out('between', 20) },
    );
    expect(ids(s)).toEqual(['early', 'between', 'late']);
  });

  it('of the same moment keep the order of arrival', () => {
    const s = run(...['a', 'b', 'c'].map((id): ChatEvent => ({ type: 'incoming', message: incoming(id, 5), seen: true })));
    expect(ids(s)).toEqual(['a', 'b', 'c']);
  });

  it('are shown once however often they arrive', () => {
    const e: ChatEvent = { type: 'incoming', message: incoming('a', 5), seen: false };
    const s = run(e, e, { type: 'loaded', messages: [incoming('a', 5)], marks: [] });
    expect(ids(s)).toEqual(['a']);
    expect(chat(s).unread).toBe(1);
  });

  it('may share an id with one of the other side', () => {
    const s = run({ type: 'composed', message: out('x', 1) }, { type: 'incoming', message: incoming('x', 2), seen: true });
    expect(chat(s).messages).toHaveLength(2);
  });
});

describe('send states', () => {
  const composed: ChatEvent = { type: 'composed', message: out('m', 1) };
  const state = (...events: ChatEvent[]) => chat(run(composed, ...events)).messages[0]?.state;
  const confirmed: ChatEvent = { type: 'confirmed', peer, ids: ['m'] };
  const received: ChatEvent = { type: 'received', peer, id: 'm' };
  const failed: ChatEvent = { type: 'failed', peer, id: 'm', error: 'no' };
  const retried: ChatEvent = { type: 'retried', peer, id: 'm', tab: 't2', at: 9 };

  it.each<[string, ChatEvent[], string]>([
    ['waits', [], 'waiting'],
    ['is sent', [confirmed], 'sent'],
    ['is received', [confirmed, received], 'received'],
    ['is received before the confirmation', [received, confirmed], 'received'],
    ['fails', [confirmed, failed], 'failed'],
    ['stays failed when the confirmation is late', [failed, confirmed], 'failed'],
    ['stays received whatever bounces later', [received, failed], 'received'],
    ['waits again after a retry', [failed, retried], 'waiting'],
    ['does not wait again unless it failed', [confirmed, retried], 'sent'],
  ])('%s', (_, events, want) => expect(state(...events)).toBe(want));

  it('a retry moves to the end, belongs to the tab and forgets the error', () => {
    const s = run(composed, { type: 'incoming', message: incoming('later', 5), seen: true }, failed, retried);
    expect(ids(s)).toEqual(['later', 'm']);
    expect(chat(s).messages[1]).toEqual({ ...out('m', 9), tab: 't2' });
  });

  it('another tab takes over what waits, and nothing else', () => {
    const adopted: ChatEvent = { type: 'adopted', peer, id: 'm', tab: 't3' };
    expect(waiting(run(composed, adopted), 't3')).toHaveLength(1);
    expect(chat(run(composed, confirmed, adopted)).messages[0]?.tab).toBeUndefined();
  });

  it('what concerns unknown conversations changes nothing', () => {
    expect(run(confirmed, received, failed, { type: 'read', peer })).toBe(emptyChats);
  });
});

describe('unread', () => {
  const news = (id: string, at: number, seen = false): ChatEvent => ({ type: 'incoming', message: incoming(id, at), seen });

  it('counts, marks the first, and is cleared by reading', () => {
    const s = run(news('a', 1), news('b', 2));
    expect([totalUnread(s), chat(s).newFrom]).toEqual([2, 'a']);
    const read = reduce(s, { type: 'read', peer });
    expect([totalUnread(read), chat(read).newFrom]).toEqual([0, 'a']);
    expect(chat(reduce(read, { type: 'left', peer })).newFrom).toBeNull();
  });

  it('the next unread message starts a new line', () => {
    const s = run(news('a', 1), { type: 'read', peer }, news('b', 2));
    expect([chat(s).unread, chat(s).newFrom]).toEqual([1, 'b']);
  });

  it('nothing that was seen counts', () => expect(totalUnread(run(news('a', 1, true)))).toBe(0));

  it('comes back with the history, the line only while there is something unread', () => {
    const loaded = (unread: number) =>
      chat(run({ type: 'loaded', messages: [incoming('a', 1)], marks: [{ peer, unread, newFrom: 'a' }] }));
    expect([loaded(1).unread, loaded(1).newFrom]).toEqual([1, 'a']);
    expect(loaded(0).newFrom).toBeNull();
  });
});

describe('typing', () => {
  it('ends with the message', () => {
    const s = run({ type: 'opened', peer }, { type: 'typing', peer, on: true });
    expect(chat(s).typing).toBe(true);
    expect(chat(reduce(s, { type: 'incoming', message: incoming('a', 1), seen: true })).typing).toBe(false);
  });
});

describe('difference', () => {
  it('names only what changed', () => {
    const before = run({ type: 'composed', message: out('a', 1) }, { type: 'composed', message: out('b', 2) });
    const after = reduce(before, { type: 'confirmed', peer, ids: ['b'] });
    const d = difference(before, after);
    expect(d.messages.map((m) => m.id)).toEqual(['b']);
    expect(d.conversations).toEqual([]);
  });
});

describe('rows', () => {
  const at = (h: number, m: number, d = 1) => new Date(2026, 0, d, h, m).getTime();
  const shape = (messages: Message[], newFrom: string | null = null) =>
    rows(messages, newFrom).map((r) => (r.kind === 'message' ? `${r.message.id}${r.first ? '^' : ''}${r.last ? '$' : ''}` : r.kind));

  it('groups one side within five minutes', () => {
    const list = [incoming('a', at(9, 0)), incoming('b', at(9, 4)), incoming('c', at(9, 10)), out('d', at(9, 11))];
    expect(shape(list)).toEqual(['day', 'a^', 'b$', 'c^$', 'd^$']);
  });

  it('divides days and marks what is new', () => {
    const list = [incoming('a', at(23, 59)), incoming('b', at(0, 1, 2)), incoming('c', at(0, 2, 2))];
    expect(shape(list, 'c')).toEqual(['day', 'a^$', 'day', 'b^$', 'new', 'c^$']);
  });
});
