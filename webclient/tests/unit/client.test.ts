import { $iq, $msg } from 'strophe.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Client } from '../../src/xmpp/client';
import type { ClientState } from '../../src/xmpp/client';
import type { Failure } from '../../src/xmpp/failure';
import { answerPings } from '../../src/xmpp/ping';
import { fetchRoster, onPush } from '../../src/xmpp/roster';
import type { RosterItem } from '../../src/xmpp/roster';
import { readCount, Stream } from '../../src/xmpp/stream';
import { Managed, Peer, TestServer, opened, saslFeatures, welcome } from './server';

let server: TestServer;
let client: Client;
let states: ClientState[];
let refused: Promise<Failure>;
let ready: () => Promise<void>;
let stored: string[];

beforeEach(async () => {
  server = await TestServer.start();
  states = [];
  stored = [];
  let count = 0;
  let taken = 0;
  let wake = () => undefined as void;
  let refuse: (f: Failure) => void;
  refused = new Promise((done) => (refuse = done));
  ready = async () => {
    taken++;
    while (count < taken) await new Promise<void>((done) => (wake = done));
  };
  client = new Client(server.url, {
    state: (s) => states.push(s),
    ready: () => {
      count++;
      wake();
    },
    stored: (ids) => stored.push(...ids),
    refused: (f) => refuse(f),
  });
});

afterEach(async () => {
  client.stop();
  await server.close();
});

const cred = { jid: 'ana@home.org', secret: 'secret' };

async function online(): Promise<{ peer: Peer; jid: string }> {
  client.start(cred);
  const peer = await server.peer();
  const jid = await welcome(peer);
  await ready();
  return { peer, jid };
}

describe('a first login', () => {
  it('ends online', async () => {
    const { jid } = await online();
    expect([states, client.jid]).toEqual([['connecting', 'online'], jid]);
  });

  it.each<[string, string[], Failure]>([
    ['a wrong password', ['<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><not-authorized/></failure>'], { kind: 'auth', condition: 'not-authorized' }],
    ['a disabled account', ['<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><account-disabled/></failure>'], { kind: 'auth', condition: 'account-disabled' }],
    ['too many attempts', ['<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><temporary-auth-failure/><text>Wait.</text></failure>'], { kind: 'auth', condition: 'temporary-auth-failure', text: 'Wait.' }],
  ])('is refused for %s', async (_, answer, failure) => {
    client.start(cred);
    const peer = await server.peer();
    await peer.take(/^<open /);
    peer.send(opened, saslFeatures);
    await peer.take(/^<auth /);
    peer.send(...answer);
    expect(await refused).toEqual(failure);
  });

  it('is refused for an unknown host', async () => {
    client.start({ ...cred, jid: 'ana@other.org' });
    const peer = await server.peer();
    await peer.take(/^<open /);
    peer.send(
      opened,
      '<stream:error xmlns:stream="http://etherx.jabber.org/streams"><host-unknown xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>',
    );
    expect(await refused).toEqual({ kind: 'host', condition: 'host-unknown' });
  });

  it('is refused when nobody listens', async () => {
    await server.close();
    client.start(cred);
    expect((await refused).kind).toBe('unreachable');
  });
});

describe('a loss', () => {
  it('is followed by a new link with the same resource', async () => {
    const { peer, jid } = await online();
    peer.socket.terminate();
    const again = await server.peer();
    expect(await welcome(again)).toBe(jid);
    await ready();
    expect(states).toEqual(['connecting', 'online', 'waiting', 'connecting', 'online']);
  });

  it('by conflict is followed by another resource', async () => {
    const { peer, jid } = await online();
    peer.send(
      '<stream:error xmlns:stream="http://etherx.jabber.org/streams"><conflict xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>',
    );
    expect(await welcome(await server.peer())).not.toBe(jid);
  });

  it('fails the requests that wait', async () => {
    const { peer } = await online();
    const answer = fetchRoster(client);
    await peer.take(/jabber:iq:roster/);
    peer.socket.terminate();
    await expect(answer).rejects.toMatchObject({ condition: 'recipient-unavailable' });
  });

  it('is not repaired after stop', async () => {
    const { peer } = await online();
    client.stop();
    expect(await peer.take(/unavailable/)).toContain('presence');
    expect(await peer.take(/^<close /)).toContain('framing');
    expect(states.at(-1)).toBe('stopped');
  });
});

describe('requests', () => {
  it('are answered by the one who was asked only', async () => {
    const { peer } = await online();
    const answer = client.iq($iq({ type: 'get', to: 'ben@home.org/x' }).c('query', { xmlns: 'jabber:iq:version' }));
    const id = Peer.attr(await peer.take(/jabber:iq:version/), 'id');
    peer.send(
      `<iq xmlns="jabber:client" type="result" id="${id}" from="eve@home.org/x"/>`,
      `<iq xmlns="jabber:client" type="result" id="${id}"/>`,
      `<iq xmlns="jabber:client" type="result" id="${id}" from="ben@home.org/x"><right/></iq>`,
    );
    expect((await answer).firstElementChild?.localName).toBe('right');
  });

  it('to the own server are answered by the server, whatever it calls itself', async () => {
    const { peer, jid } = await online();
    for (const from of ['', 'home.org', 'ana@home.org', jid]) {
      const answer = fetchRoster(client);
      const id = Peer.attr(await peer.take(/jabber:iq:roster/), 'id');
      peer.send(`<iq xmlns="jabber:client" type="result" id="${id}" ${from && `from="${from}"`}><query xmlns="jabber:iq:roster"/></iq>`);
      expect(await answer).toEqual([]);
    }
  });

  it('fail with the condition of the error', async () => {
    const { peer } = await online();
    const answer = fetchRoster(client);
    const id = Peer.attr(await peer.take(/jabber:iq:roster/), 'id');
    peer.send(
      `<iq xmlns="jabber:client" type="error" id="${id}"><error type="wait"><resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/><text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas">Slow down.</text></error></iq>`,
    );
    await expect(answer).rejects.toMatchObject({ condition: 'resource-constraint', kind: 'wait', message: 'Slow down.' });
  });

  it('from others are answered, to whoever asked', async () => {
    answerPings(client);
    const { peer } = await online();
    peer.send('<iq xmlns="jabber:client" type="get" id="p1" from="home.org"><ping xmlns="urn:xmpp:ping"/></iq>');
    const pong = await peer.take(/id="p1"/);
    expect([Peer.attr(pong, 'type'), Peer.attr(pong, 'to')]).toEqual(['result', 'home.org']);
    peer.send('<iq xmlns="jabber:client" type="get" id="u1" from="eve@x.org/y"><what xmlns="urn:what"/></iq>');
    const unknown = await peer.take(/id="u1"/);
    expect([Peer.attr(unknown, 'type'), Peer.attr(unknown, 'to')]).toEqual(['error', 'eve@x.org/y']);
    expect(unknown).toContain('service-unavailable');
  });
});

describe('roster pushes', () => {
  const push = (id: string, from: string) =>
    `<iq xmlns="jabber:client" type="set" id="${id}" ${from}><query xmlns="jabber:iq:roster"><item jid="Ben@home.org" name="Ben" subscription="to" ask="subscribe"><group>g</group></item></query></iq>`;

  it('are taken from the own server and nobody else', async () => {
    const items: RosterItem[] = [];
    onPush(client, (item) => items.push(item));
    const { peer } = await online();
    peer.send(push('r1', 'from="eve@home.org"'));
    expect(await peer.take(/id="r1"/)).toContain('service-unavailable');
    expect(items).toEqual([]);
    peer.send(push('r2', ''));
    expect(Peer.attr(await peer.take(/id="r2"/), 'type')).toBe('result');
    expect(items).toEqual([{ jid: 'ben@home.org', name: 'Ben', subscription: 'to', asking: true, groups: ['g'] }]);
  });
});

it('a handler that throws does not stop the next stanza', async () => {
  const bodies: string[] = [];
  let wake = () => undefined as void;
  const both = new Promise<void>((done) => (wake = done));
  client.onMessage((el) => {
    bodies.push(el.textContent ?? '');
    if (bodies.length === 2) wake();
    throw new Error('on purpose');
  });
  const { peer } = await online();
  const errors = console.error;
  console.error = () => undefined;
  for (const text of ['a', 'b']) peer.send(`<message xmlns="jabber:client" from="b@c"><body>${text}</body></message>`);
  await both;
  console.error = errors;
  expect(bodies).toEqual(['a', 'b']);
  expect(client.send($msg({ to: 'b@c' }).c('body', {}, '<&"\''))).toBe(true);
  expect(await peer.take(/<message/)).toContain('&lt;&amp;');
});

describe('stream management', () => {
  const message = (id: string) => $msg({ to: 'ben@home.org', id }).c('body', {}, id);

  async function managed(): Promise<Managed> {
    client.start(cred);
    const session = await Managed.fresh(await server.peer(), 'sm1');
    await ready();
    return session;
  }

  it('tells what the server has on disk, and nothing more', async () => {
    const session = await managed();
    for (const id of ['a', 'b', 'c']) client.send(message(id));
    await session.ack(2);
    await vi.waitFor(() => expect(stored).toEqual(['a', 'b']), 20_000);
    expect([client.carries('b'), client.carries('c')]).toEqual([false, true]);
    await session.ack(3);
    await vi.waitFor(() => expect(stored).toEqual(['a', 'b', 'c']), 20_000);
  });

  it('asks one question for many messages', async () => {
    const { peer } = await managed();
    for (const id of ['a', 'b', 'c']) client.send(message(id));
    await peer.take(/id="c"/);
    await peer.take(/<r /);
    expect(peer.got.filter((m) => m.startsWith('<r'))).toEqual([]);
  });

  // XEP-0198 §4: what is acknowledged is the receiver's responsibility.
  it('acknowledges a message when it is dealt with, not when it came', async () => {
    let finish = () => undefined as void;
    const work = [new Promise<void>((done) => (finish = done)), undefined];
    client.onMessage(() => work.shift());
    const session = await managed();
    session.peer.send('<message xmlns="jabber:client" from="b@c"/>', '<message xmlns="jabber:client" from="b@c"/>');
    await vi.waitFor(() => expect(work).toEqual([]), 20_000);
    session.peer.send('<r xmlns="urn:xmpp:sm:3"/>');
    expect(client.keep()?.handled).toBe(0);
    finish();
    expect(Peer.attr(await session.peer.take(/<a /), 'h')).toBe('2');
  });

  it('resumes with the same name, and sends again what is missing', async () => {
    const { peer, jid } = await managed();
    const roster = fetchRoster(client);
    const id = Peer.attr(await peer.take(/jabber:iq:roster/), 'id');
    client.send($msg({ to: 'ben@home.org', id: 'r' }).c('received', { xmlns: 'urn:xmpp:receipts', id: 'x' }));
    await peer.take(/id="r"/);
    peer.send('<message xmlns="jabber:client" from="b@c"/>');
    await vi.waitFor(() => expect(client.keep()?.handled).toBe(1), 20_000);
    peer.socket.terminate();
    const { session, previd, handled } = await Managed.resumed(await server.peer(), 1);
    await ready();
    expect([previd, handled, client.jid, states.at(-1)]).toEqual(['sm1', 1, jid, 'online']);
    expect(await session.peer.take(/^<(iq|message)/)).toContain('id="r"');
    session.peer.send(`<iq xmlns="jabber:client" type="result" id="${id}"><query xmlns="jabber:iq:roster"/></iq>`);
    expect(await roster).toEqual([]);
  });

  it('believes <failed/> what it covers', async () => {
    const { peer } = await managed();
    client.send(message('a'));
    client.send(message('b'));
    await peer.take(/id="b"/);
    peer.socket.terminate();
    await Managed.fresh(await server.peer(), 'sm2', undefined, 1);
    await ready();
    expect(stored).toEqual(['a']);
    expect(client.carries('b')).toBe(false);
    expect(client.keep()?.id).toBe('sm2');
  });

  it('goes on in the page that a reload brings', async () => {
    const { peer, jid } = await managed();
    client.send(message('a'));
    await peer.take(/id="a"/);
    const kept = JSON.parse(JSON.stringify(client.keep()));
    const next = new Client(server.url, { state: () => undefined, ready: () => undefined, stored: (ids) => stored.push(...ids), refused: () => undefined });
    next.start(cred, true, kept);
    await Managed.resumed(await server.peer(), 1);
    await vi.waitFor(() => expect([stored, next.jid]).toEqual([['a'], jid]), 20_000);
    next.stop();
  });

  it('is over when the stream was taken by another', async () => {
    const { peer, jid } = await managed();
    peer.send(
      '<stream:error xmlns:stream="http://etherx.jabber.org/streams"><conflict xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>',
    );
    const again = await Managed.fresh(await server.peer(), 'sm2');
    expect(again.jid).not.toBe(jid);
  });

  it('says at the end what was handled', async () => {
    const { peer } = await managed();
    peer.send('<message xmlns="jabber:client" from="b@c"/>');
    await vi.waitFor(() => expect(client.keep()?.handled).toBe(1), 20_000);
    client.stop();
    expect(Peer.attr(await peer.take(/<a /), 'h')).toBe('1');
    expect(await peer.take(/^<close /)).toContain('framing');
  });
});

describe('stream counters', () => {
  it('wrap at 32 bits', () => {
    const stream = new Stream();
    stream.restore({ id: 'x', jid: 'a@b/c', handled: 2 ** 32 - 1, acked: 2 ** 32 - 1, unacked: ['<message id="m"/>', '<message id="n"/>'] });
    expect(stream.ack(0).map((sent) => sent.id)).toEqual(['m']);
    stream.took(undefined);
    return expect(stream.handled()).resolves.toBe(0);
  });

  it.each([['<a/>'], ['<a h="-1"/>'], ['<a h="1.5"/>'], ['<a h="4294967296"/>'], ['<a h="x"/>']])('%s says nothing', (xml) => {
    expect(readCount(new DOMParser().parseFromString(xml, 'text/xml').documentElement)).toBeNull();
  });
});
