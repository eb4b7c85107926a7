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
let announced: () => void;
const arrived: Message[] = [];
const ben = 'ben@home.org';
/** What the server calls the account; the database has a name for each test. */
const own = 'ana@home.org';

beforeEach(async () => {
  server = await TestServer.start();
  account = `ana${serial++}@home.org`;
  arrived.length = 0;
  client = new Client(server.url, {
    state: () => undefined,
    ready: (_, resumed) => void (resumed || chats.catchUp(async () => announced())),
    stored: (ids) => chats.stored(ids),
    refused: () => undefined,
  });
  chats = new Chats(client, {
    watching: () => false,
    mayTell: () => true,
    understandsStates: () => null,
    arrived: (m) => arrived.push(m),
  });
  announced = () => undefined;
});

afterEach(async () => {
  client.stop();
  await chats.close();
  await server.close();
});

async function online(marker: string | null): Promise<Peer> {
  const history = await LocalHistory.open(account);
  if (marker) await history.save({ messages: [], marks: [], marker: { id: marker, at: 1_000 } });
  await chats.open(account, history);
  client.start({ jid: account, secret: 'secret' }, true);
  return (await Managed.fresh(await server.peer(), 'sm')).peer;
}

/** One stored message: [id, from, to, body, more]. */
type Row = [id: string, from: string, to: string, body: string, more?: string];

const stamp = (id: string) => new Date(1_700_000_000_000 + Number(id) * 1_000).toISOString();

/** Answers the next query; returns it. */
async function answer(peer: Peer, rows: Row[], complete: boolean): Promise<string> {
  const query = await peer.take(/urn:xmpp:mam:2/);
  const queryid = Peer.attr(query, 'queryid');
  for (const [id, from, to, body, more = ''] of rows) {
    peer.send(
      `<message xmlns="jabber:client" from="${own}"><result xmlns="urn:xmpp:mam:2" queryid="${queryid}" id="${id}"><forwarded xmlns="urn:xmpp:forward:0"><delay xmlns="urn:xmpp:delay" stamp="${stamp(id)}"/><message xmlns="jabber:client" type="chat" from="${from}" to="${to}" id="s${id}">${body && `<body>${body}</body>`}${more}</message></forwarded></result></message>`,
    );
  }
  const ends = rows.length > 0 ? `<first>${rows[0]?.[0]}</first><last>${rows.at(-1)?.[0]}</last>` : '';
  peer.send(
    `<iq xmlns="jabber:client" type="result" id="${Peer.attr(query, 'id')}"><fin xmlns="urn:xmpp:mam:2"${complete ? ' complete="true"' : ''}><set xmlns="http://jabber.org/protocol/rsm">${ends}</set></fin></iq>`,
  );
  return query;
}

const theirs = (id: string, body: string, more?: string): Row => [id, `${ben}/x`, own, body, more];
const ours = (id: string, body: string, more?: string): Row => [id, `${own}/y`, ben, body, more];
const bodies = () => chats.conversation(ben)?.messages.map((m) => m.body);
const eventually = (check: () => void) => vi.waitFor(check, 20_000);
const live = (id: string, body: string) =>
  `<message xmlns="jabber:client" type="chat" id="s${id}" from="${ben}/x" to="${own}"><body>${body}</body><stanza-id xmlns="urn:xmpp:sid:0" by="${own}" id="${id}"/></message>`;

describe('catching up', () => {
  it('pages on from the marker, around becoming available, to the end', async () => {
    const order: string[] = [];
    announced = () => order.push('available');
    const peer = await online('5');
    const first = await answer(peer, [theirs('6', 'six'), theirs('7', 'seven')], true);
    // That was asked before we were available: something may have come in between.
    const second = await answer(peer, [theirs('8', 'eight')], false);
    const third = await answer(peer, [], true);
    expect([first, second, third].map((q) => /<after>(.*)<\/after>/.exec(q)?.[1])).toEqual(['5', '7', '8']);
    await eventually(() => expect(bodies()).toEqual(['six', 'seven', 'eight']));
    expect([order, chats.conversation(ben)?.unread, chats.conversation(ben)?.newFrom]).toEqual([['available'], 3, '6']);
    await eventually(() => expect(arrived.map((m) => m.body)).toEqual(['seven', 'eight'])); // the last of each page
    await chats.close();
    expect((await (await LocalHistory.open(account)).recent(10)).marker?.id).toBe('8');
  });

  it('confirms what it missed, unless another device did', async () => {
    const request = '<request xmlns="urn:xmpp:receipts"/>';
    const peer = await online('5');
    const done = ours('8', '', '<received xmlns="urn:xmpp:receipts" id="s6"/>');
    await answer(peer, [theirs('6', 'a', request), theirs('7', 'b', request), done], true);
    await answer(peer, [], true);
    expect(await peer.take(/<received/)).toContain('id="s7"');
    expect(peer.got.filter((m) => m.includes('<received'))).toEqual([]);
  });

  it('finds its own message stored, and does not send it again', async () => {
    await chats.open(account, await LocalHistory.open(account));
    await chats.compose(ben, 'perhaps sent');
    const id = chats.conversation(ben)?.messages[0]?.id ?? '';
    await chats.close();
    const peer = await online('5');
    await answer(peer, [ours('6', 'perhaps sent', `<origin-id xmlns="urn:xmpp:sid:0" id="${id}"/>`)], true);
    await answer(peer, [], true);
    await eventually(() => expect(chats.conversation(ben)?.messages).toMatchObject([{ id, stanzaId: '6', state: 'sent' }]));
    await chats.compose(ben, 'next');
    expect(await peer.take(/<message/)).toContain('next');
  });

  it('counts nothing as unread that was answered elsewhere', async () => {
    const peer = await online('5');
    await answer(peer, [theirs('6', 'question'), ours('7', 'answer'), theirs('8', 'thanks')], true);
    await answer(peer, [], true);
    await eventually(() => expect(chats.conversation(ben)).toMatchObject({ unread: 1, newFrom: '8' }));
  });

  it('goes by the time when the marker is no longer kept', async () => {
    const peer = await online('5');
    const query = await peer.take(/urn:xmpp:mam:2/);
    peer.send(
      `<iq xmlns="jabber:client" type="error" id="${Peer.attr(query, 'id')}"><error type="cancel"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    );
    const again = await answer(peer, [theirs('6', 'six')], true);
    expect(again).toContain('<field var="start"><value>1970-01-01T00:00:01.000Z</value>');
    await answer(peer, [], true);
    await eventually(() => expect(bodies()).toEqual(['six']));
  });

  it('without a marker takes the newest, none of it unread', async () => {
    const peer = await online(null);
    const first = await answer(peer, [theirs('8', 'c'), theirs('9', 'd')], false);
    const second = await answer(peer, [theirs('6', 'a'), ours('7', 'b')], true);
    expect([first, second].map((q) => /<before(?:\/>|>(.*)<\/before>)/.exec(q)?.[1])).toEqual([undefined, '8']);
    await eventually(() => expect(bodies()).toEqual(['a', 'b', 'c', 'd']));
    expect(chats.conversation(ben)?.unread).toBe(0);
  });

  it('does not let live messages hide a gap', async () => {
    const peer = await online('5');
    await answer(peer, [theirs('6', 'six')], false);
    peer.send(live('100', 'hundred'));
    await eventually(() => expect(bodies()).toEqual(['six', 'hundred']));
    await chats.close();
    expect((await (await LocalHistory.open(account)).recent(10)).marker?.id).toBe('6');
  });
});

describe('copies', () => {
  it('live and from the archive are one', async () => {
    const peer = await online('5');
    peer.send(live('6', 'six'), live('7', 'six'));
    await eventually(() => expect(bodies()).toEqual(['six', 'six']));
    await answer(peer, [theirs('6', 'six'), theirs('7', 'six')], true);
    await answer(peer, [theirs('8', 'eight')], true);
    await eventually(() => expect(bodies()?.length).toBe(3));
    expect(chats.conversation(ben)?.unread).toBe(3);
  });

  it.each([
    ['a result nobody asked for', (id: string) => `<message xmlns="jabber:client" from="${own}"><result xmlns="urn:xmpp:mam:2" queryid="x${id}" id="9">`],
    ['a result of somebody else', (id: string) => `<message xmlns="jabber:client" from="eve@x.org"><result xmlns="urn:xmpp:mam:2" queryid="${id}" id="9">`],
    ['a carbon of somebody else', () => `<message xmlns="jabber:client" from="eve@x.org"><received xmlns="urn:xmpp:carbons:2">`],
  ])('%s is not believed', async (_, start) => {
    const peer = await online('5');
    const query = await peer.take(/urn:xmpp:mam:2/);
    const head = start(Peer.attr(query, 'queryid'));
    const tag = head.includes('carbons') ? 'received' : 'result';
    peer.send(
      `${head}<forwarded xmlns="urn:xmpp:forward:0"><delay xmlns="urn:xmpp:delay" stamp="${stamp('9')}"/><message xmlns="jabber:client" type="chat" from="${ben}/x" to="${own}" id="f"><body>forged</body></message></forwarded></${tag}></message>`,
      live('10', 'true'),
    );
    await eventually(() => expect(bodies()).toEqual(['true']));
  });

  it('of what another device sent stand on the own side', async () => {
    const peer = await online('5');
    peer.send(
      `<message xmlns="jabber:client" from="${own}"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client" type="chat" from="${own}/phone" to="${ben}/x" id="c1"><body>from the phone</body><stanza-id xmlns="urn:xmpp:sid:0" by="${own}" id="9"/></message></forwarded></sent></message>`,
    );
    await eventually(() => expect(chats.conversation(ben)?.messages).toMatchObject([{ id: '9', mine: true, state: 'sent', body: 'from the phone' }]));
  });
});

describe('scrolling back', () => {
  it('asks the archive when this browser has no more', async () => {
    const peer = await online(null);
    await answer(peer, [theirs('50', 'new')], true);
    await eventually(() => expect(bodies()).toEqual(['new']));
    const page = chats.earlier(ben);
    const query = await answer(peer, [ours('8', '', '<received xmlns="urn:xmpp:receipts" id="x"/>')], false);
    expect(query).toContain(`<field var="with"><value>${ben}</value>`);
    // A page of receipts shows nothing: the next one is asked for at once.
    const next = await answer(peer, [theirs('6', 'old'), ours('7', 'older reply')], true);
    expect([query, next].map((q) => /<before>(.*)<\/before>/.exec(q)?.[1])).toEqual(['50', '8']);
    await page;
    expect([bodies(), chats.conversation(ben)?.complete, chats.conversation(ben)?.unread]).toEqual([['old', 'older reply', 'new'], true, 0]);
  });
});
