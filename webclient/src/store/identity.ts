import type { Message } from './model';

/** The place of the copy that is there already, or -1: for one message, where Known is for many. */
export function findCopy(messages: readonly Message[], m: Message): number {
  return messages.findIndex((x) => (x.mine === m.mine && (x.id === m.id || alike(x, m))) || (!!x.stanzaId && x.stanzaId === m.stanzaId));
}

// One copy may lack the archive's id: then the stanza's id and the text speak.
function alike(a: Message, b: Message): boolean {
  return (a.ref ?? a.id) === (b.ref ?? b.id) && a.body === b.body && !(a.stanzaId && b.stanzaId);
}

/**
 * Finds the copy of a message that is there already. Copies come live, as
 * carbons, from the archive, from other tabs and from this browser's database.
 * The origin-id and the direction identify them, else the id in the own archive
 * (XEP-0359); the stanza's id alone says little, for some clients use it twice.
 */
export class Known {
  private byId = new Map<string, number>();
  private byStanzaId = new Map<string, number>();
  private byRef = new Map<string, number>();

  constructor(private messages: readonly Message[]) {
    messages.forEach((m, i) => this.add(m, i));
  }

  add(m: Message, at: number): void {
    this.byId.set(side(m, m.id), at);
    if (m.stanzaId) this.byStanzaId.set(m.stanzaId, at);
    this.byRef.set(side(m, m.ref ?? m.id), at);
  }

  find(m: Message): number | undefined {
    return this.byId.get(side(m, m.id)) ?? this.byStanzaId.get(m.stanzaId ?? '') ?? this.alike(m);
  }

  private alike(m: Message): number | undefined {
    const i = this.byRef.get(side(m, m.ref ?? m.id));
    const known = i === undefined ? undefined : this.messages[i];
    return known && alike(known, m) ? i : undefined;
  }
}

function side(m: Message, id: string): string {
  return `${m.mine ? 'out' : 'in'} ${id}`;
}
