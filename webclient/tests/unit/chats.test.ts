import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Chats } from '../../src/store/chats';
import { LocalHistory } from '../../src/store/history';
import type { Message } from '../../src/store/model';
import { Client } from '../../src/xmpp/client';
import { Managed, Peer, TestServer } from './server';

let server: TestServer;
let client: Client;
let chats: Chats;
let account: string;
let serial = 0;
const watched = new Set<string>();
const arrived: Message[] = [];
const ben = 'ben@home.org';

function make(): void {
  client = new Client(server.url, {
    state: () => undefined,
    ready: () => chats.flush(),
    stored: (ids) => chats.stored(ids),
    refused: () => undefined,
  });
  chats = new Chats(client, {
    watching: (peer) => watched.has(peer),
    mayTell: () => true,
    understandsStates: () => null,
    arrived: (m) => arrived.push(m),
  });
}

beforeEach(async () => {
  server = await TestServer.start();
  account = `ana${serial++}@home.org`;
  watched.clear();
  arrived.length = 0;
  make();
  await chats.open(account, await LocalHistory.open(account));
});

afterEach(async () => {
  client.stop();
  await chats.close();
  await server.close();
});

/** Waits for a state; the limit only matters when it never comes. */
function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, 20_000);
}

let sessions = 0;

async function managed(): Promise<Managed> {
  client.start({ jid: account, secret: 'secret' }, true);
  return Managed.fresh(await server.peer(), `sm${sessions++}`);
}

async function online(): Promise<Peer> {
  return (await managed()).peer;
}

const bodies = () => chats.conversation(ben)?.messages.map((m) => m.body);
const state = (i = 0) => chats.conversation(ben)?.messages[i]?.state;
const incoming = (inner: string, attrs = 'type="chat" id="i1"') =>
  `<message xmlns="jabber:client" from="${ben}/x" ${attrs}>${inner}</message>`;

describe('sending', () => {
  it('goes from waiting to sent to received', async () => {
    const session = await managed();
    await chats.compose(ben, 'hello');
    const id = Peer.attr(await session.peer.take(/<message/), 'id');
    expect(state()).toBe('waiting');
    await session.ack(1);
    await eventually(() => expect(state()).toBe('sent'));
    session.peer.send(incoming(`<received xmlns="urn:xmpp:receipts" id="${id}"/>`));
    await eventually(() => expect(state()).toBe('received'));
  });

  it('without a connection waits, then leaves in order', async () => {
    for (const body of ['one', 'two', 'three']) await chats.compose(ben, body);
    const peer = await online();
    const sent = [await peer.take(/<message/), await peer.take(/<message/), await peer.take(/<message/)];
    expect(sent.map((m) => /<body>(.*)<\/body>/.exec(m)?.[1])).toEqual(['one', 'two', 'three']);
  });

  it('that was not acknowledged before the loss is repeated with the same id', async () => {
    const { peer } = await managed();
    await chats.compose(ben, 'hello');
    const first = Peer.attr(await peer.take(/<message/), 'id');
    peer.socket.terminate();
    const again = await Managed.fresh(await server.peer(), 'new');
    expect(Peer.attr(await again.peer.take(/<message/), 'id')).toBe(first);
    await again.ack(1);
    await eventually(() => expect(state()).toBe('sent'));
  });

  it('gives up what ends every connection, and goes on with what stood behind it', async () => {
    for (const body of ['poison', 'medicine']) await chats.compose(ben, body);
    client.start({ jid: account, secret: 'secret' }, true);
    for (let i = 0; i < 5; i++) {
      const { peer } = await Managed.fresh(await server.peer(), `in vain ${i}`);
      await peer.take(/medicine/);
      expect(peer.got.filter((m) => m.includes('poison')).length).toBe(1);
      peer.socket.terminate();
      await eventually(() => expect(client.state).toBe('waiting'));
      client.nudge();
    }
    const last = await Managed.fresh(await server.peer(), 'at last');
    expect(await last.peer.take(/<message/)).toContain('medicine');
    await last.ack(1);
    await eventually(() => expect([state(0), state(1)]).toEqual(['failed', 'sent']));
    expect(chats.conversation(ben)?.messages[0]?.error).toContain('each time');
    await chats.retry(chats.conversation(ben)?.messages[0] as Message);
    expect(await last.peer.take(/<message/)).toContain('poison');
  });

  it('goes on after a resumption where the server says it was', async () => {
    const { peer } = await managed();
    for (const body of ['one', 'two']) await chats.compose(ben, body);
    await peer.take(/two/);
    peer.socket.terminate();
    const { session } = await Managed.resumed(await server.peer(), 1);
    await eventually(() => expect([state(0), state(1)]).toEqual(['sent', 'waiting']));
    expect(await session.peer.take(/<message/)).toContain('two');
    await session.ack(2);
    await eventually(() => expect(state(1)).toBe('sent'));
    expect(session.peer.got.filter((m) => m.includes('<message'))).toEqual([]);
  });

  it('that <failed/> covers is not repeated', async () => {
    const { peer } = await managed();
    await chats.compose(ben, 'hello');
    await peer.take(/<message/);
    peer.socket.terminate();
    const again = await Managed.fresh(await server.peer(), 'new', undefined, 1);
    await eventually(() => expect(state()).toBe('sent'));
    await chats.compose(ben, 'second');
    expect(await again.peer.take(/<message/)).toContain('second');
  });

  it('fails with the words of the error, and can be tried again', async () => {
    const peer = await online();
    await chats.compose(ben, 'hello');
    const id = Peer.attr(await peer.take(/<message/), 'id');
    peer.send(
      incoming('<error type="cancel"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>', `type="error" id="${id}"`),
    );
    await eventually(() => expect(chats.conversation(ben)?.messages[0]).toMatchObject({ state: 'failed', error: 'There is no such address.' }));
    const failed = chats.conversation(ben)?.messages[0] as Message;
    await chats.retry(failed);
    expect(Peer.attr(await peer.take(/<message/), 'id')).toBe(id);
    // The acknowledgement of the first try says nothing about the second.
    peer.send('<a xmlns="urn:xmpp:sm:3" h="1"/>', incoming('<body>later</body>'));
    await eventually(() => expect(bodies()).toContain('later'));
    expect(chats.conversation(ben)?.messages.find((m) => m.id === id)?.state).toBe('waiting');
    peer.send('<a xmlns="urn:xmpp:sm:3" h="2"/>');
    await eventually(() => expect(chats.conversation(ben)?.messages.find((m) => m.id === id)?.state).toBe('sent'));
  });

  it('refuses what no server takes', async () => {
    await chats.compose(ben, '&'.repeat(60_000));
    expect(chats.conversation(ben)?.messages[0]).toMatchObject({ state: 'failed', error: 'This message is too long to send.' });
  });
});

describe('receiving', () => {
  it('stores, then sends the receipt to the device that asked', async () => {
    const peer = await online();
    peer.send(incoming('<body>hi</body><request xmlns="urn:xmpp:receipts"/>'));
    const receipt = await peer.take(/urn:xmpp:receipts/);
    expect([Peer.attr(receipt, 'to'), receipt]).toEqual([`${ben}/x`, expect.stringContaining('<received id="i1"')]);
    expect(bodies()).toEqual(['hi']);
    await eventually(() => expect(arrived.map((m) => m.body)).toEqual(['hi']));
  });

  it('confirms a repeated message again, but shows and announces it once', async () => {
    const peer = await online();
    for (let i = 0; i < 2; i++) {
      peer.send(incoming('<body>hi</body><request xmlns="urn:xmpp:receipts"/>'));
      await peer.take(/urn:xmpp:receipts/);
    }
    expect([bodies(), chats.conversation(ben)?.unread]).toEqual([['hi'], 1]);
    await eventually(() => expect(arrived).toHaveLength(1));
  });

  it('counts nothing that is being watched', async () => {
    watched.add(ben);
    const peer = await online();
    peer.send(incoming('<body>hi</body>'));
    await eventually(() => expect(bodies()).toEqual(['hi']));
    expect(chats.conversation(ben)?.unread).toBe(0);
  });

  it('shows typing until the message comes, never from the past', async () => {
    const peer = await online();
    const composing = '<composing xmlns="http://jabber.org/protocol/chatstates"/>';
    peer.send(incoming(composing));
    chats.opened(ben);
    await eventually(() => expect(chats.conversation(ben)?.typing).toBe(true));
    peer.send(incoming('<body>done</body>'));
    await eventually(() => expect(chats.conversation(ben)?.typing).toBe(false));
    peer.send(incoming(`${composing}<delay xmlns="urn:xmpp:delay" stamp="2020-01-01T00:00:00Z"/>`, 'type="chat" id="i2"'), incoming('<body>x</body>', 'type="chat" id="i3"'));
    await eventually(() => expect(bodies()).toEqual(['done', 'x']));
    expect(chats.conversation(ben)?.typing).toBe(false);
  });

  it('tells our own state only to those who use states', async () => {
    const peer = await online();
    chats.sendState(ben, 'composing');
    peer.send(incoming('<body>hi</body><active xmlns="http://jabber.org/protocol/chatstates"/>'));
    await eventually(() => expect(bodies()).toEqual(['hi']));
    chats.sendState(ben, 'paused');
    expect(await peer.take(/chatstates/)).toContain('<paused');
  });
});

describe('history', () => {
  it('brings conversations, marks and what waits to a new start', async () => {
    const peer = await online();
    peer.send(incoming('<body>unread</body>'));
    await eventually(() => expect(bodies()).toEqual(['unread']));
    client.stop();
    await chats.compose(ben, 'waits');
    await chats.close();
    make();
    await chats.open(account, await LocalHistory.open(account));
    expect(chats.conversation(ben)).toMatchObject({ unread: 1, newFrom: 'i1' });
    expect([bodies(), state(1)]).toEqual([['unread', 'waits'], 'waiting']);
    expect(await (await online()).take(/<message/)).toContain('waits');
  });

  it('pages backwards to the beginning', async () => {
    const history = await LocalHistory.open('pages@home.org');
    const all = Array.from({ length: 250 }, (_, i): Message => ({ id: `m${i}`, peer: ben, mine: false, body: `${i}`, at: i }));
    await history.save({ messages: [...all, { ...(all[0] as Message), peer: 'eve@home.org' }], marks: [] });
    expect((await history.recent(3)).messages.map((m) => m.id)).toEqual(['m247', 'm248', 'm249']);
    const page = await history.before(ben, 100, 50);
    expect([page.length, page[0]?.id, page.at(-1)?.id]).toEqual([50, 'm51', 'm100']);
    await history.remove(ben);
    expect((await history.recent(500)).messages.map((m) => m.peer)).toEqual(['eve@home.org']);
    history.close();
    await LocalHistory.erase('pages@home.org');
    expect((await (await LocalHistory.open('pages@home.org')).recent(10)).messages).toEqual([]);
  });
});
