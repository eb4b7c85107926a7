import { describe, expect, it } from 'vitest';
import { bare, domain, local, parseTyped, resource } from '../../src/xmpp/jid';

describe('parts', () => {
  it.each([
    ['Ana@Example.org/Home/2', 'ana@example.org', 'Home/2', 'ana', 'example.org'],
    ['example.org', 'example.org', '', '', 'example.org'],
    ['example.org/x@y', 'example.org', 'x@y', '', 'example.org'],
  ])('%s', (jid, b, r, l, d) => {
    expect([bare(jid), resource(jid), local(jid), domain(jid)]).toEqual([b, r, l, d]);
  });
});

describe('what people type', () => {
  it.each([
    ['ana', 'ana@home.org'],
    ['  Ana ', 'ana@home.org'],
    ['ana@other.org', 'ana@other.org'],
    ['xmpp:ana@other.org', 'ana@other.org'],
    ['ana@other.org/phone', 'ana@other.org'],
    ['zoë@büro.example', 'zoë@büro.example'],
    ['a@[::1]', 'a@[::1]'],
  ])('%s', (typed, jid) => expect(parseTyped(typed, 'home.org')).toEqual({ jid }));

  it.each(['', '   ', '@home.org', 'a b', 'a"b', "a'b", 'a<b', 'a&b', 'a:b', 'ana@', 'ana@-x', 'ana@x y', 'ana@a@b', 'x'.repeat(1024)])(
    'refuses %j',
    (typed) => expect(parseTyped(typed, 'home.org')).toHaveProperty('error'),
  );
});
