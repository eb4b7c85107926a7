import { Strophe } from 'strophe.js';
import { child } from './dom';
import { NS } from './ns';

export type FailureKind = 'auth' | 'host' | 'unreachable' | 'mechanism' | 'conflict' | 'stream';

/** Why a link did not come up or ended. */
export interface Failure {
  kind: FailureKind;
  condition: string;
  /** The server's own words, where it had some. */
  text?: string;
}

/** What a failed login says (RFC 6120 §6.5). */
export function authFailure(condition: string | null, el?: Element): Failure {
  if (condition === 'conflict') return { kind: 'conflict', condition };
  const reason = [...(el?.children ?? [])].find((c) => c.namespaceURI === NS.sasl && c.localName !== 'text');
  const text = el && child(el, 'text', NS.sasl)?.textContent?.trim();
  return { kind: 'auth', condition: reason?.localName ?? 'not-authorized', ...(text ? { text } : {}) };
}

/** What a stream error says (RFC 6120 §4.9.3); a lesser reason leaves the one before. */
export function streamFailure(condition: string, before: Failure): Failure {
  switch (condition) {
    case 'host-unknown':
    case 'host-gone':
    case 'improper-addressing':
      return { kind: 'host', condition };
    case 'conflict':
      return { kind: 'conflict', condition };
    case Strophe.ErrorCondition.NO_AUTH_MECH:
      return { kind: 'mechanism', condition };
  }
  // RFC 6120 §4.9.3 names are lower-case words; Strophe's own texts are sentences.
  return /^[a-z-]+$/.test(condition) ? { kind: 'stream', condition } : before;
}
