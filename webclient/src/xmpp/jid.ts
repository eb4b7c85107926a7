/** XMPP addresses (RFC 7622), as far as a client needs them. */

/** The bare form, case-folded: the key of contacts and conversations. */
export function bare(jid: string): string {
  const slash = jid.indexOf('/');
  return (slash < 0 ? jid : jid.slice(0, slash)).toLowerCase();
}

/** The part after the slash, or an empty string. */
export function resource(jid: string): string {
  const slash = jid.indexOf('/');
  return slash < 0 ? '' : jid.slice(slash + 1);
}

/** The part before the @, or an empty string for a domain. */
export function local(jid: string): string {
  const b = bare(jid);
  const at = b.indexOf('@');
  return at < 0 ? '' : b.slice(0, at);
}

/** The domain part. */
export function domain(jid: string): string {
  const b = bare(jid);
  return b.slice(b.indexOf('@') + 1);
}

export type Parsed = { jid: string } | { error: string };

// RFC 7622 §3.3.1: never allowed in a local part, besides spaces and controls.
const badLocal = /["&'/:<>@\s\p{Cc}]/u;
const goodDomain = /^(\[[0-9a-f:.]+\]|[\p{L}\p{N}]([\p{L}\p{N}\p{M}.-]*[\p{L}\p{N}\p{M}])?)$/iu;

/** Reads what a person typed: a name alone stands for name@home. */
export function parseTyped(input: string, home: string): Parsed {
  const text = bare(input.trim().replace(/^xmpp:/i, '').normalize('NFC'));
  if (text === '') return { error: 'Enter a name or address.' };
  const at = text.indexOf('@');
  const name = at < 0 ? text : text.slice(0, at);
  const host = at < 0 ? home : text.slice(at + 1);
  if (name === '' || badLocal.test(name)) return { error: 'This name has characters that an address cannot have.' };
  if (!goodDomain.test(host)) return { error: 'The part after the @ is not a server name.' };
  if (tooLong(name) || tooLong(host)) return { error: 'This address is too long.' };
  return { jid: `${name}@${host}` };
}

// RFC 7622 §3.1: at most 1023 octets in each part.
function tooLong(part: string): boolean {
  return new TextEncoder().encode(part).length > 1023;
}
