import type { Wire } from './client';
import { discoInfo, featuresOf, hashOf } from './disco';
import type { Caps } from './presence';

/**
 * Remembers what each kind of client understands (XEP-0115), so that one
 * question per software is enough. An answer whose hash does not match counts
 * for the one who gave it and is not kept for others.
 */
export class CapsCache {
  private byVer = new Map<string, ReadonlySet<string>>();
  private byJid = new Map<string, ReadonlySet<string>>();
  private asked = new Set<string>();

  constructor(private wire: Wire) {}

  /** Learns the features of a full JID from the hash in its presence. */
  async learn(jid: string, caps: Caps): Promise<void> {
    const known = this.byVer.get(key(caps));
    if (known) return void this.byJid.set(jid, known);
    const question = `${jid} ${key(caps)}`;
    if (this.asked.has(question)) return;
    this.asked.add(question);
    try {
      const query = await discoInfo(this.wire, jid, `${caps.node}#${caps.ver}`);
      const features: ReadonlySet<string> = new Set(featuresOf(query));
      this.byJid.set(jid, features);
      if (caps.hash === 'sha-1' && (await hashOf(query)) === caps.ver) this.byVer.set(key(caps), features);
    } catch {
      this.asked.delete(question);
    }
  }

  /** Whether this full JID said that it has the feature; null while unknown. */
  has(jid: string, feature: string): boolean | null {
    return this.byJid.get(jid)?.has(feature) ?? null;
  }

  forget(jid: string): void {
    this.byJid.delete(jid);
  }
}

function key(caps: Caps): string {
  return `${caps.hash} ${caps.ver}`;
}
