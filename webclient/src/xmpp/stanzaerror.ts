import { attr, child } from './dom';
import { NS } from './ns';

/** A stanza answered with an error (RFC 6120 §8.3). */
export class StanzaError extends Error {
  constructor(
    readonly condition: string,
    readonly kind: string,
    readonly text: string,
  ) {
    super(text || explain(condition));
    this.name = 'StanzaError';
  }
}

/** Reads the error child of a stanza; a missing one counts as undefined-condition. */
export function readError(stanza: Element): StanzaError {
  const error = [...stanza.children].find((c) => c.localName === 'error');
  if (!error) return new StanzaError('undefined-condition', 'cancel', '');
  const text = child(error, 'text', NS.stanzas)?.textContent?.trim() ?? '';
  const condition = [...error.children].find((c) => c.namespaceURI === NS.stanzas && c.localName !== 'text');
  return new StanzaError(condition?.localName ?? 'undefined-condition', attr(error, 'type'), text);
}

const sentences: Record<string, string> = {
  'bad-request': 'The server could not understand the request.',
  conflict: 'This name is already taken.',
  'feature-not-implemented': 'The other side cannot do that.',
  forbidden: 'You are not allowed to do that.',
  gone: 'This address no longer exists.',
  'internal-server-error': 'The server had a problem. Try again in a moment.',
  'item-not-found': 'There is no such address.',
  'jid-malformed': 'This is not a valid address.',
  'not-acceptable': 'The server did not accept this.',
  'not-allowed': 'The server does not allow that.',
  'not-authorized': 'You are not signed in.',
  'policy-violation': 'The server’s rules do not allow that.',
  'recipient-unavailable': 'This person cannot be reached now.',
  'remote-server-not-found': 'The server of this address was not found.',
  'remote-server-timeout': 'The server of this address does not answer.',
  'resource-constraint': 'The server is too busy. Try again later.',
  'service-unavailable': 'This address does not exist or accepts no messages.',
  'subscription-required': 'You need to be a contact first.',
  'unexpected-request': 'The server did not expect this now.',
  timeout: 'There was no answer.',
};

/** What a condition means, in words for people. */
export function explain(condition: string): string {
  return sentences[condition] ?? 'Something went wrong.';
}
