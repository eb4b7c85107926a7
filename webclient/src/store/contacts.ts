import { computed, signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';
import type { Client } from '../xmpp/client';
import { CapsCache } from '../xmpp/caps';
import * as Jid from '../xmpp/jid';
import { best, ownPresence, parsePresence, subscription } from '../xmpp/presence';
import type { Caps, PresenceStanza, ResourcePresence, Show } from '../xmpp/presence';
import { fetchRoster, onPush, removeItem, setItem } from '../xmpp/roster';
import type { RosterItem } from '../xmpp/roster';

export interface Request {
  jid: string;
  message: string;
  nick: string;
}

export interface OwnPresence {
  show: Show;
  status: string;
}

/** What a page knows of the people, for the page that a reload puts in its place. */
export interface ContactsSnapshot {
  own: OwnPresence;
  requests: readonly Request[];
  present: [string, ResourcePresence[]][];
}

type Presences = ReadonlyMap<string, ReadonlyMap<string, ResourcePresence>>;

const nobody: ResourcePresence = { resource: '', show: 'offline', status: '', priority: 0, caps: null };

/** The people: roster, their presence, requests to be a contact, the own presence. */
export class Contacts {
  private items = signal<ReadonlyMap<string, RosterItem>>(new Map());
  private present = signal<Presences>(new Map());
  private asking = signal<readonly Request[]>([]);
  private mine = signal<OwnPresence>({ show: 'available', status: '' });
  private isLoaded = signal(false);
  private connected = signal(false);
  private caps: CapsCache;

  readonly roster: ReadonlySignal<ReadonlyMap<string, RosterItem>> = this.items;
  readonly requests: ReadonlySignal<readonly Request[]> = this.asking;
  readonly own: ReadonlySignal<OwnPresence> = this.mine;
  /** Whether the server's list has arrived at least once. */
  readonly loaded: ReadonlySignal<boolean> = this.isLoaded;
  /** Contacts by name. */
  readonly sorted = computed(() =>
    [...this.items.value.values()].sort((a, b) => this.name(a.jid).localeCompare(this.name(b.jid))),
  );

  constructor(
    private client: Client,
    private ownCaps: () => Caps | null,
  ) {
    this.caps = new CapsCache(client);
    onPush(client, (item) => this.push(item));
    client.onPresence((el) => {
      const p = parsePresence(el);
      if (p?.kind === 'presence') this.presence(p.jid, p.presence);
      if (p?.kind === 'subscription') this.subscription(p);
    });
  }

  /** RFC 6121 §2.2: the roster first, then the initial presence, which brings the others'. */
  async start(): Promise<void> {
    this.present.value = new Map();
    this.connected.value = true;
    try {
      await this.load();
    } catch (err) {
      console.warn('parley: the contact list did not come', err);
    }
    this.announce();
  }

  /** The session goes on: what was known is still true, save for a new page's roster. */
  async resume(): Promise<void> {
    this.connected.value = true;
    if (!this.isLoaded.value) await this.load();
  }

  /** Nobody can be seen while we are away; a resumed session brings them back. */
  offline(): void {
    this.connected.value = false;
  }

  /** The page may be gone for good. */
  leave(): void {
    this.client.send(ownPresence('offline', '', null));
  }

  snapshot(): ContactsSnapshot {
    const present = [...this.present.value].map(([jid, list]): [string, ResourcePresence[]] => [jid, [...list.values()]]);
    return { own: this.mine.value, requests: this.asking.value, present };
  }

  restore(left: ContactsSnapshot): void {
    this.mine.value = left.own;
    this.asking.value = left.requests;
    this.present.value = new Map(left.present.map(([jid, list]) => [jid, new Map(list.map((p) => [p.resource, p]))]));
  }

  reset(): void {
    this.items.value = new Map();
    this.present.value = new Map();
    this.asking.value = [];
    this.isLoaded.value = false;
    this.connected.value = false;
  }

  name(jid: string): string {
    return this.items.value.get(jid)?.name || Jid.local(jid) || jid;
  }

  /** The presence that stands for a person. */
  presenceOf(jid: string): ResourcePresence {
    return best(this.resourcesOf(jid)) ?? nobody;
  }

  /** Every device of a person that is online. */
  resourcesOf(jid: string): ResourcePresence[] {
    return this.connected.value ? [...(this.present.value.get(jid)?.values() ?? [])] : [];
  }

  /** Whether this person sees when we are online. */
  sharesWith(jid: string): boolean {
    const s = this.items.value.get(jid)?.subscription;
    return s === 'from' || s === 'both';
  }

  /** Whether any device of a person understands a feature; null while none has said. */
  understands(jid: string, feature: string): boolean | null {
    const answers = this.resourcesOf(jid).map((r) => this.caps.has(`${jid}/${r.resource}`, feature));
    if (answers.includes(true)) return true;
    return answers.includes(false) ? false : null;
  }

  setOwn(own: OwnPresence): void {
    this.mine.value = own;
    this.announce();
  }

  announce(): void {
    const { show, status } = this.mine.value;
    this.client.send(ownPresence(show, status, this.ownCaps()));
  }

  /** RFC 6121 §3.1: puts a person on the list and asks to see the presence. */
  async add(jid: string, name: string, message: string): Promise<void> {
    await setItem(this.client, jid, name, this.items.value.get(jid)?.groups);
    const known = this.items.value.get(jid)?.subscription;
    if (known !== 'to' && known !== 'both') this.client.send(subscription(jid, 'subscribe', message));
    if (this.asking.value.some((r) => r.jid === jid)) this.client.send(subscription(jid, 'subscribed'));
    this.forgetRequest(jid);
  }

  /** Says yes, and asks the same in return. */
  accept(jid: string): void {
    this.client.send(subscription(jid, 'subscribed'));
    const known = this.items.value.get(jid);
    if (known?.subscription !== 'to' && known?.subscription !== 'both' && !known?.asking) {
      this.client.send(subscription(jid, 'subscribe'));
    }
    this.forgetRequest(jid);
  }

  decline(jid: string): void {
    this.client.send(subscription(jid, 'unsubscribed'));
    this.forgetRequest(jid);
  }

  /** Asks once more, where the first request got no answer. */
  askAgain(jid: string): void {
    this.client.send(subscription(jid, 'subscribe'));
  }

  rename(jid: string, name: string): Promise<void> {
    return setItem(this.client, jid, name, this.items.value.get(jid)?.groups);
  }

  remove(jid: string): Promise<void> {
    return removeItem(this.client, jid);
  }

  private async load(): Promise<void> {
    const list = await fetchRoster(this.client);
    this.items.value = new Map(list.map((i) => [i.jid, i]));
    this.isLoaded.value = true;
  }

  private push(item: RosterItem): void {
    const next = new Map(this.items.value);
    if (item.subscription === 'remove') {
      next.delete(item.jid);
      const present = new Map(this.present.value);
      present.delete(item.jid);
      this.present.value = present;
    } else {
      next.set(item.jid, item);
    }
    this.items.value = next;
    if (item.subscription === 'from' || item.subscription === 'both') this.forgetRequest(item.jid);
  }

  private presence(jid: string, p: ResourcePresence): void {
    const full = `${jid}/${p.resource}`;
    const resources = new Map(this.present.value.get(jid));
    if (p.show !== 'offline') resources.set(p.resource, p);
    else if (p.resource) resources.delete(p.resource);
    else resources.clear();
    this.present.value = new Map(this.present.value).set(jid, resources);
    if (p.show === 'offline') this.caps.forget(full);
    else if (p.caps && full !== this.client.jid) void this.caps.learn(full, p.caps);
  }

  private subscription(p: Extract<PresenceStanza, { kind: 'subscription' }>): void {
    if (p.type === 'unsubscribe') return this.forgetRequest(p.jid);
    if (p.type !== 'subscribe') return;
    const known = this.items.value.get(p.jid);
    // Whom we asked ourselves may see us in return: that is what adding means.
    if (known?.asking || known?.subscription === 'to' || known?.subscription === 'both') {
      this.client.send(subscription(p.jid, 'subscribed'));
      return;
    }
    if (this.asking.value.some((r) => r.jid === p.jid)) return;
    this.asking.value = [...this.asking.value, { jid: p.jid, message: p.status, nick: p.nick }];
  }

  private forgetRequest(jid: string): void {
    this.asking.value = this.asking.value.filter((r) => r.jid !== jid);
  }
}
