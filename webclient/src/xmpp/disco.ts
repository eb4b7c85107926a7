import { $build, $iq } from 'strophe.js';
import type { Builder } from 'strophe.js';
import type { Client, Wire } from './client';
import { attr, child, children } from './dom';
import { NS } from './ns';
import { StanzaError } from './stanzaerror';
import type { Caps } from './presence';

/** XEP-0115 §4: where the software is described; part of the hash's context only. */
export const node = 'https://parley.invalid/webclient';

export const identity = { category: 'client', type: 'web', name: 'Parley' };

/** What this client understands (XEP-0030 §3.1). */
export const features: readonly string[] = [
  NS.caps,
  NS.chatStates,
  NS.discoInfo,
  NS.version,
  NS.ping,
  NS.receipts,
  NS.styling,
  NS.sid,
];

/** XEP-0115 §5.1: identities and features in one canonical string. */
export function verificationString(identities: string[], feats: string[]): string {
  return [...identities].sort(byOctets).concat([...feats].sort(byOctets)).map((s) => s + '<').join('');
}

// RFC 4790 i;octet; comparing code units is the same for what occurs here.
function byOctets(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The SHA-1 of a verification string; needs a secure context like all of Web Crypto. */
export async function hash(s: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(s));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

/** The own capabilities for presence; null where nothing can be hashed. */
export async function ownCaps(): Promise<Caps | null> {
  if (!globalThis.crypto?.subtle) return null;
  const id = `${identity.category}/${identity.type}//${identity.name}`;
  return { node, hash: 'sha-1', ver: await hash(verificationString([id], [...features])) };
}

/** Answers disco#info, plain and for the node of the own capabilities. */
export function answerDisco(client: Client, caps: () => Caps | null): void {
  client.onIq('get', 'query', NS.discoInfo, (iq): Builder => {
    const asked = attr(iq.firstElementChild as Element, 'node');
    const own = caps();
    if (asked !== '' && asked !== `${own?.node}#${own?.ver}`) throw new StanzaError('item-not-found', 'cancel', '');
    const query = $build('query', asked ? { xmlns: NS.discoInfo, node: asked } : { xmlns: NS.discoInfo });
    query.c('identity', identity).up();
    for (const f of features) query.c('feature', { var: f }).up();
    return query;
  });
}

/** Asks an entity what it understands. */
export async function discoInfo(wire: Wire, to: string, atNode = ''): Promise<Element> {
  const attrs: Record<string, string> = atNode ? { xmlns: NS.discoInfo, node: atNode } : { xmlns: NS.discoInfo };
  const answer = await wire.iq($iq({ type: 'get', to }).c('query', attrs));
  const query = child(answer, 'query', NS.discoInfo);
  if (!query) throw new StanzaError('undefined-condition', 'cancel', '');
  return query;
}

/** The features named in a disco#info answer. */
export function featuresOf(query: Element): string[] {
  return children(query, 'feature', NS.discoInfo).map((f) => attr(f, 'var'));
}

/** The hash of an answer that has no forms (XEP-0115 §5.4); null for others. */
export async function hashOf(query: Element): Promise<string | null> {
  if (child(query, 'x', 'jabber:x:data')) return null;
  const ids = children(query, 'identity', NS.discoInfo).map((i) =>
    [attr(i, 'category'), attr(i, 'type'), attr(i, 'xml:lang'), attr(i, 'name')].join('/'),
  );
  return hash(verificationString(ids, featuresOf(query)));
}
