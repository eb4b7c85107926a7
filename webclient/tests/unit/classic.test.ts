import { afterEach, beforeEach, expect, it } from 'vitest';
import { Strophe } from '../../src/classic/transport';
import { Peer, TestServer } from './server';

const header = `<stream:stream to='home.org' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' />`;
const reply =
  '<stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams" version="1.0" id="x1" from="home.org"/>';
const sasl =
  '<stream:features xmlns:stream="http://etherx.jabber.org/streams"><mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism></mechanisms></stream:features>';
const bind =
  '<stream:features xmlns:stream="http://etherx.jabber.org/streams"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/><session xmlns="urn:ietf:params:xml:ns:xmpp-session"/></stream:features>';

let server: TestServer;
beforeEach(async () => void (server = await TestServer.start()));
afterEach(() => server.close());

type Statuses = { until(status: number): Promise<void>; seen: number[] };

function watch(): Statuses & { callback(status: number): void } {
  const seen: number[] = [];
  let wake = () => undefined as void;
  return {
    seen,
    callback: (status) => {
      seen.push(status);
      wake();
    },
    async until(status) {
      while (!seen.includes(status)) await new Promise<void>((done) => (wake = done));
    },
  };
}

async function logIn() {
  const connection = new Strophe.Connection({ proto: new Strophe.Websocket(server.url) });
  const status = watch();
  connection.connect('ana@home.org', 'sécret', (s) => status.callback(s));
  const peer = await server.peer();
  expect(await peer.take(/stream/)).toBe(header);
  peer.send(reply, sasl);
  const auth = await peer.take(/^<auth /);
  return { connection, status, peer, auth };
}

async function bound() {
  const all = await logIn();
  all.peer.send('<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>');
  expect(await all.peer.take(/stream/)).toBe(header);
  all.peer.send(reply, bind);
  const request = await all.peer.take(/xmpp-bind/);
  all.peer.send(
    `<iq type="result" id="${Peer.attr(request, 'id')}" xmlns="jabber:client"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>ana@home.org/r1</jid></bind></iq>`,
  );
  const session = await all.peer.take(/xmpp-session/);
  all.peer.send(`<iq type="result" id="${Peer.attr(session, 'id')}" xmlns="jabber:client"/>`);
  await all.status.until(Strophe.Status.CONNECTED);
  return all;
}

it('authenticates with PLAIN, naming the bare JID', async () => {
  const { auth, connection } = await logIn();
  expect(Peer.attr(auth, 'mechanism')).toBe('PLAIN');
  const message = Buffer.from(/>([^<]+)</.exec(auth)?.[1] ?? '', 'base64').toString('utf8');
  expect(message).toBe('ana@home.org\0ana\0sécret');
  connection.disconnect();
});

it('opens again after success, binds and asks for a session', async () => {
  const { connection } = await bound();
  expect(connection.jid).toBe('ana@home.org/r1');
  connection.disconnect();
});

it('closes with the end tag and at once', async () => {
  const { connection, peer, status } = await bound();
  connection.disconnect();
  expect(await peer.take(/unavailable/)).toContain('<presence');
  expect(await peer.take(/^<\/stream/)).toBe('</stream:stream>');
  await status.until(Strophe.Status.DISCONNECTED);
});

it('ends when the server says so', async () => {
  const { peer, status } = await bound();
  peer.send('</stream:stream>');
  await status.until(Strophe.Status.DISCONNECTED);
});

it('reports a wrong password', async () => {
  const { connection, peer, status } = await logIn();
  peer.send('<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><not-authorized/></failure>');
  await status.until(Strophe.Status.AUTHFAIL);
  connection.disconnect();
});

it('sends line feeds to keep the socket alive', async () => {
  const { connection, peer } = await logIn();
  expect(await peer.take(/^\s+$/)).toBe('\n');
  connection.disconnect();
});

it('hands over stanzas and ignores line feeds', async () => {
  const { connection, peer } = await bound();
  const got = new Promise<string>((done) => {
    connection.addHandler(
      (el: Element) => {
        done(el.textContent ?? '');
        return true;
      },
      null,
      'message',
      'chat',
    );
  });
  peer.send('\n', '<message xmlns="jabber:client" type="chat" from="ben@home.org/x"><body>hi</body></message>');
  expect(await got).toBe('hi');
  connection.disconnect();
});
