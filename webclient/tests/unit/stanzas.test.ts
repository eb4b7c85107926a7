import { describe, expect, it } from 'vitest';
import { chatMessage, parseMessage } from '../../src/xmpp/messages';
import { stateMessage } from '../../src/xmpp/chatstates';
import { hash, hashOf, verificationString } from '../../src/xmpp/disco';
import { best, ownPresence, parsePresence, subscription } from '../../src/xmpp/presence';
import type { ResourcePresence, Show } from '../../src/xmpp/presence';
import { receipt } from '../../src/xmpp/receipts';
import { parseStamp } from '../../src/xmpp/stamp';
import { readError } from '../../src/xmpp/stanzaerror';

function parse(xml: string): Element {
  return new DOMParser().parseFromString(xml, 'text/xml').documentElement;
}

const message = (inner: string, attrs = 'type="chat" id="i1" from="Ben@home.org/x"') =>
  parseMessage(parse(`<message xmlns="jabber:client" ${attrs}>${inner}</message>`), { account: 'ana@home.org', now: 1_000_000 });

describe('an incoming message', () => {
  it('is read', () => {
    const m = message('<body>hi</body><active xmlns="http://jabber.org/protocol/chatstates"/><request xmlns="urn:xmpp:receipts"/>');
    expect(m).toEqual({
      from: 'Ben@home.org/x', peer: 'ben@home.org', mine: false, type: 'chat', id: 'i1', ref: 'i1', stanzaId: '', body: 'hi', at: 1_000_000, delayed: false,
      chatState: 'active', wantsReceipt: true, receiptFor: null, error: null,
    });
  });

  it('has the id of its origin', () => {
    expect(message('<origin-id xmlns="urn:xmpp:sid:0" id="o1"/>')?.id).toBe('o1');
    expect(message('<origin-id xmlns="urn:other" id="o1"/>')?.id).toBe('i1');
  });

  // XEP-0359 §6: anybody can write a stanza-id; the own archive's is the one to believe.
  it('has an id in the own archive only', () => {
    const sid = (by: string, id: string) => `<stanza-id xmlns="urn:xmpp:sid:0" by="${by}" id="${id}"/>`;
    expect(message(sid('ben@home.org', 'forged'))).toMatchObject({ id: 'i1', stanzaId: '' });
    expect(message(sid('ben@home.org', 'forged') + sid('ana@home.org', '7'))).toMatchObject({ id: '7', stanzaId: '7', ref: 'i1' });
    expect(message(sid('ana@home.org', '7') + '<origin-id xmlns="urn:xmpp:sid:0" id="o1"/>')).toMatchObject({ id: 'o1', stanzaId: '7' });
  });

  it('of the own account belongs to the chat with the addressee', () => {
    expect(message('<body>x</body>', 'from="ana@home.org/phone" to="Ben@home.org/x" id="i1"')).toMatchObject({ mine: true, peer: 'ben@home.org' });
  });

  it.each<[string, number, boolean]>([
    ['1970-01-01T00:10:00Z', 600_000, true],
    ['2100-01-01T00:00:00Z', 1_000_000, true],
    ['yesterday', 1_000_000, false],
  ])('kept since %s', (stamp, at, delayed) => {
    const m = message(`<delay xmlns="urn:xmpp:delay" stamp="${stamp}"/>`);
    expect([m?.at, m?.delayed]).toEqual([at, delayed]);
  });

  it('of another namespace is not a body', () => {
    expect(message('<html xmlns="http://jabber.org/protocol/xhtml-im"><body xmlns="http://www.w3.org/1999/xhtml">x</body></html>')?.body).toBeNull();
  });

  it('confirms another', () => expect(message('<received xmlns="urn:xmpp:receipts" id="m7"/>')?.receiptFor).toBe('m7'));

  it('never confirms or asks when it is an error', () => {
    const m = message(
      '<received xmlns="urn:xmpp:receipts" id="m7"/><request xmlns="urn:xmpp:receipts"/><error type="cancel"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>',
      'type="error" id="i1" from="ben@home.org"',
    );
    expect([m?.receiptFor, m?.wantsReceipt, m?.error?.condition]).toEqual([null, false, 'item-not-found']);
  });

  it('of a room or of nobody is left to others', () => {
    expect(message('<body>x</body>', 'type="groupchat" from="r@rooms.org/n"')).toBeNull();
    expect(message('<body>x</body>', 'type="chat"')).toBeNull();
  });
});

describe('an outgoing message', () => {
  it('names itself, asks for a receipt and escapes its text', () => {
    expect(chatMessage('ben@home.org', 'm1', '<a> & "b"', null).toString()).toBe(
      '<message id="m1" to="ben@home.org" type="chat" xmlns="jabber:client"><body>&lt;a&gt; &amp; &quot;b&quot;</body>' +
        '<origin-id id="m1" xmlns="urn:xmpp:sid:0"/><request xmlns="urn:xmpp:receipts"/>' +
        '<active xmlns="http://jabber.org/protocol/chatstates"/></message>',
    );
  });

  it('says when it was written if that was long ago', () => {
    expect(chatMessage('b@c', 'm', 'x', 600_000).toString()).toContain('stamp="1970-01-01T00:10:00.000Z"');
  });

  it('a receipt asks for none', () => {
    expect(receipt('ben@home.org/x', 'm1', 'chat').toString()).not.toContain('<request');
    expect(stateMessage('ben@home.org', 'composing').toString()).not.toContain('<request');
  });
});

describe('presence', () => {
  const presence = (inner: string, attrs: string) => parsePresence(parse(`<presence xmlns="jabber:client" ${attrs}>${inner}</presence>`));

  it.each<[string, string, Show]>([
    ['', '', 'available'],
    ['<show>dnd</show>', '', 'dnd'],
    ['<show>nonsense</show>', '', 'available'],
    ['<show>away</show>', 'type="unavailable"', 'offline'],
  ])('%s %s', (inner, attrs, show) => {
    expect(presence(inner, `from="b@c/r" ${attrs}`)).toMatchObject({ kind: 'presence', jid: 'b@c', presence: { resource: 'r', show } });
  });

  it.each([['200', 127], ['-200', -128], ['x', 0], ['5', 5]])('priority %s counts %i', (text, n) => {
    expect(presence(`<priority>${text}</priority>`, 'from="b@c/r"')).toMatchObject({ presence: { priority: n } });
  });

  it('reads a request with its words', () => {
    expect(presence('<status>me</status><nick xmlns="http://jabber.org/protocol/nick">Ben</nick>', 'from="b@c/r" type="subscribe"')).toEqual({
      kind: 'subscription', jid: 'b@c', type: 'subscribe', status: 'me', nick: 'Ben',
    });
  });

  it.each(['type="error" from="b@c"', 'type="probe" from="b@c"', ''])('ignores %s', (attrs) => expect(presence('', attrs)).toBeNull());

  it('of the own is as short as it can be', () => {
    expect(ownPresence('available', '', null).toString()).toBe('<presence xmlns="jabber:client"/>');
    expect(ownPresence('xa', 'gone & back', null).toString()).toContain('<show>xa</show><status>gone &amp; back</status>');
    expect(ownPresence('offline', 'x', null).toString()).toBe('<presence type="unavailable" xmlns="jabber:client"/>');
    expect(subscription('b@c', 'subscribe', '').toString()).not.toContain('status');
  });

  const at = (show: Show, priority: number): ResourcePresence => ({ resource: show, show, status: '', priority, caps: null });
  it.each<[string, ResourcePresence[], Show | undefined]>([
    ['nobody', [], undefined],
    ['the highest priority', [at('chat', 0), at('away', 5)], 'away'],
    ['the most available of equals', [at('xa', 0), at('chat', 0), at('dnd', 0)], 'chat'],
  ])('is represented by %s', (_, list, show) => expect(best(list)?.show).toBe(show));
});

describe('capabilities (XEP-0115)', () => {
  it('hash as in the simple example of the text', async () => {
    const features = ['http://jabber.org/protocol/caps', 'http://jabber.org/protocol/disco#info', 'http://jabber.org/protocol/disco#items', 'http://jabber.org/protocol/muc'];
    expect(await hash(verificationString(['client/pc//Exodus 0.9.1'], features))).toBe('QgayPKawpkPSDYmwT/WM94uAlu0=');
    const query = parse(
      `<query xmlns="http://jabber.org/protocol/disco#info"><identity category="client" name="Exodus 0.9.1" type="pc"/>${features.map((f) => `<feature var="${f}"/>`).join('')}</query>`,
    );
    expect(await hashOf(query)).toBe('QgayPKawpkPSDYmwT/WM94uAlu0=');
  });
});

describe('errors', () => {
  it('have a condition, a kind and words', () => {
    const e = readError(parse('<iq xmlns="jabber:client"><error type="auth"><forbidden xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>'));
    expect([e.condition, e.kind, e.message]).toEqual(['forbidden', 'auth', 'You are not allowed to do that.']);
    expect(readError(parse('<iq xmlns="jabber:client"/>')).condition).toBe('undefined-condition');
  });
});

describe('a stamp', () => {
  it('keeps what is finer than a millisecond', () => {
    const base = Date.parse('2026-04-01T10:00:00.123Z');
    expect(parseStamp('2026-04-01T10:00:00.123Z')).toBe(base);
    expect(parseStamp('2026-04-01T10:00:00.123456Z')).toBeCloseTo(base + 0.456, 3);
    expect(parseStamp('2026-04-01T10:00:00Z')).toBe(base - 123);
    expect(parseStamp('2026-04-01T12:00:00.123+02:00')).toBe(base);
    expect(parseStamp('yesterday')).toBeNaN();
  });
});
