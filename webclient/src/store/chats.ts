import { signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';
import { newId } from '../lib/id';
import { stateMessage } from '../xmpp/chatstates';
import type { ChatState } from '../xmpp/chatstates';
import type { Client } from '../xmpp/client';
import { Archive } from '../xmpp/mam';
import type { Archived } from '../xmpp/mam';
import type { IncomingMessage } from '../xmpp/messages';
import { receipt } from '../xmpp/receipts';
import { explain } from '../xmpp/stanzaerror';
import type { StanzaError } from '../xmpp/stanzaerror';
import type { History } from './history';
import { readArchived, readLive, toMessage } from './inbox';
import { emptyChats } from './model';
import type { ChatEvent, ChatsState, Conversation, ConversationMark, Message } from './model';
import { momentAfter } from './order';
import { Outbox, tooLong } from './outbox';
import { Pages } from './pages';
import { reduce } from './reducer';
import { Saver } from './saver';
import { difference, waiting } from './select';
import { Sync } from './sync';
import { TabChannel, exclusively, liveTabs, tabId } from './tabs';

const recentLimit = 2_000;
/** A state message may be lost; typing ends by itself after this long. */
const typingLasts = 45_000;
const tabDelay = 200;

/** What chats need to know of the rest. */
export interface ChatsContext {
  /** Whether the person is looking at this conversation right now. */
  watching(peer: string): boolean;
  /** Whether this peer may learn when its messages arrive, or that we type. */
  mayTell(peer: string, what: 'receipts' | 'typing'): boolean;
  /** Whether this peer's client is known to understand chat states. */
  understandsStates(peer: string): boolean | null;
  /** A message arrived that the person does not see. */
  arrived(message: Message): void;
}

/** The conversations: what comes in, what goes out, what is kept. */
export class Chats {
  private stateSignal = signal<ChatsState>(emptyChats);
  private history: History | null = null;
  private saver: Saver | null = null;
  private channel: TabChannel | null = null;
  private typingTimers = new Map<string, ReturnType<typeof setTimeout>>();
  private statePeers = new Map<string, boolean>();
  private archive: Archive;
  private outbox: Outbox;
  private sync: Sync;
  private pages: Pages;

  constructor(
    private client: Client,
    private context: ChatsContext,
  ) {
    this.outbox = new Outbox(client, {
      waiting: () => waiting(this.stateSignal.value, tabId()),
      tell: (event) => void this.share(event),
    });
    this.archive = new Archive(client);
    this.sync = new Sync(this.archive, {
      archived: (results, fresh) => this.archived(results, fresh),
      mark: (marker) => void this.saver?.save({ messages: [], marks: [], marker }),
    });
    this.pages = new Pages(client, this.archive);
    client.onMessage((el) => this.receive(el));
  }

  get state(): ReadonlySignal<ChatsState> {
    return this.stateSignal;
  }

  conversation(peer: string): Conversation | undefined {
    return this.stateSignal.value.conversations.get(peer);
  }

  /** Shows what is kept for an account, and takes over what dead tabs left unsent. */
  async open(account: string, history: History): Promise<void> {
    this.history = history;
    this.saver = new Saver(history);
    this.channel = new TabChannel(account, (e) => this.apply(e));
    const recent = await history.recent(recentLimit);
    this.apply({ type: 'loaded', messages: recent.messages, marks: recent.marks });
    this.sync.open(recent.marker);
    await exclusively(`outbox ${account}`, () => this.adopt());
  }

  /** Leaves the account; what is stored stays stored. */
  async close(): Promise<void> {
    await this.saver?.idle;
    this.channel?.close();
    this.history?.close();
    this.history = this.saver = this.channel = null;
    this.outbox.reset();
    this.sync.open(null);
    this.pages.reset();
    this.statePeers.clear();
    this.typingTimers.forEach(clearTimeout);
    this.typingTimers.clear();
    this.stateSignal.value = emptyChats;
  }

  /** Writes a message down, then sends it as soon as there is a connection. */
  async compose(peer: string, body: string): Promise<void> {
    const at = momentAfter(this.conversation(peer)?.messages.at(-1), Date.now());
    const id = newId();
    const message: Message = { id, peer, mine: true, body, at, state: 'waiting', tab: tabId() };
    await this.share({ type: 'composed', message });
    if (tooLong(message)) await this.share({ type: 'failed', peer, id, error: 'This message is too long to send.' });
    this.flush();
  }

  /** Tries a failed message again, at its new place in time. */
  async retry(message: Message): Promise<void> {
    this.outbox.retried(message.id);
    if (tooLong(message)) return;
    await this.share({ type: 'retried', peer: message.peer, id: message.id, tab: tabId(), at: Date.now() });
    this.flush();
  }

  /** Sends what waits in this tab. */
  flush(): void {
    this.outbox.flush();
  }

  /** The server has these messages on disk. */
  stored(ids: string[]): void {
    this.outbox.stored(ids);
  }

  /** Fetches what was missed, around becoming available, and sends what waits; whether all of it came is told. */
  async catchUp(announce: () => Promise<void>): Promise<boolean> {
    const whole = await this.sync.catchUp(announce).then(
      () => true,
      (err) => {
        // A lost connection is tried again with the next one; anything else is worth a word.
        if (this.client.online) console.warn('parley: the archive did not tell everything', err);
        return false;
      },
    );
    this.flush();
    return whole;
  }

  opened(peer: string): void {
    this.apply({ type: 'opened', peer });
  }

  read(peer: string): void {
    if (this.conversation(peer)?.unread) void this.share({ type: 'read', peer });
  }

  left(peer: string): void {
    this.apply({ type: 'left', peer });
  }

  async remove(peer: string): Promise<void> {
    await this.share({ type: 'removed', peer });
    await this.history?.remove(peer);
  }

  /** Loads older messages of a conversation: from here, then from the server. */
  async earlier(peer: string): Promise<void> {
    const c = this.conversation(peer);
    if (!this.history || c?.complete) return;
    const page = await this.pages.earlier(peer, c?.messages ?? [], this.history);
    if (page) await this.commit({ type: 'earlier', peer, ...page });
  }

  /** Tells what the person does in this chat, to those who understand it (XEP-0085 §5.1). */
  sendState(peer: string, state: ChatState): void {
    const understood = this.statePeers.get(peer) ?? this.context.understandsStates(peer);
    if (understood && this.context.mayTell(peer, 'typing')) this.client.send(stateMessage(peer, state));
  }

  private receive(el: Element): Promise<unknown> | void {
    const live = readLive(this.client, el);
    if (!live) return undefined;
    const { message: m, copied } = live;
    if (m.error) return copied ? undefined : this.bounced(m, m.error);
    if (m.mine) return this.sentElsewhere(m);
    if (m.chatState) this.showTyping(m);
    if (m.body !== null) return this.incoming(m, copied);
    if (m.receiptFor) return this.share({ type: 'received', peer: m.peer, id: m.receiptFor });
  }

  // The receipt leaves only after the message is stored here.
  private async incoming(m: IncomingMessage, copied: boolean): Promise<void> {
    this.statePeers.set(m.peer, m.chatState !== null);
    const seen = this.context.watching(m.peer);
    const message = toMessage(m) as Message;
    const before = this.conversation(m.peer)?.messages.length ?? 0;
    const saved = this.commit({ type: 'incoming', message, seen });
    const fresh = (this.conversation(m.peer)?.messages.length ?? 0) > before;
    await saved;
    this.sync.heard(m.stanzaId);
    if (!copied) this.confirm(m);
    if (!fresh) return;
    // Another tab may show this chat: give it the moment to say so.
    if (seen) setTimeout(() => this.channel?.tell({ type: 'read', peer: m.peer }), tabDelay);
    else this.announce(message);
  }

  // From another device of the account, or a note to oneself that came back.
  private async sentElsewhere(m: IncomingMessage): Promise<void> {
    const message = toMessage(m);
    if (!message) return;
    await this.commit({ type: 'archived', messages: [message], fresh: true });
    this.sync.heard(m.stanzaId);
  }

  private async archived(results: Archived[], fresh: boolean): Promise<void> {
    const read = readArchived(this.client, results);
    const before = this.stateSignal.value;
    const messages = read.map(toMessage).filter((m) => m !== null);
    const saved = this.commit({ type: 'archived', messages, fresh });
    const added = new Set(difference(before, this.stateSignal.value).messages.filter((m) => !m.mine).map((m) => m.id));
    for (const m of read) {
      if (!m.mine && m.receiptFor) void this.share({ type: 'received', peer: m.peer, id: m.receiptFor });
    }
    await saved;
    if (fresh) this.missed(read, added);
  }

  // What was missed is confirmed like what comes live, unless another device did.
  private missed(read: IncomingMessage[], added: Set<string>): void {
    const confirmed = new Set(read.filter((m) => m.mine).map((m) => m.receiptFor));
    const news = read.filter((m) => !m.mine && m.body !== null && added.has(m.id));
    for (const m of news) if (!confirmed.has(m.ref)) this.confirm(m);
    for (const peer of new Set(news.map((m) => m.peer))) {
      const last = toMessage(news.filter((m) => m.peer === peer).at(-1) as IncomingMessage) as Message;
      if (this.context.watching(peer)) this.read(peer);
      else this.announce(last);
    }
  }

  private announce(message: Message): void {
    setTimeout(() => this.conversation(message.peer)?.unread && this.context.arrived(message), 2 * tabDelay);
  }

  private confirm(m: IncomingMessage): void {
    if (m.wantsReceipt && this.context.mayTell(m.peer, 'receipts')) this.client.send(receipt(m.from, m.ref, m.type));
  }

  // RFC 6121 §8.3: the message with this id did not get there.
  private bounced(m: IncomingMessage, error: StanzaError): Promise<unknown> {
    this.client.bounced(m.ref);
    return this.share({ type: 'failed', peer: m.peer, id: m.ref, error: error.text || explain(error.condition) });
  }

  private showTyping(m: IncomingMessage): void {
    const on = m.chatState === 'composing' && !m.delayed;
    clearTimeout(this.typingTimers.get(m.peer));
    if (on) {
      this.typingTimers.set(m.peer, setTimeout(() => this.apply({ type: 'typing', peer: m.peer, on: false }), typingLasts));
    }
    this.apply({ type: 'typing', peer: m.peer, on });
  }

  private async adopt(): Promise<void> {
    const alive = await liveTabs();
    for (const m of waiting(this.stateSignal.value)) {
      if (!m.tab || !alive.has(m.tab)) await this.share({ type: 'adopted', peer: m.peer, id: m.id, tab: tabId() });
    }
  }

  // An event that the other tabs of this browser learn too.
  private share(event: ChatEvent): Promise<unknown> {
    this.channel?.tell(event);
    return this.commit(event);
  }

  /** Applies an event and stores what it changed, in order. */
  private commit(event: ChatEvent): Promise<unknown> {
    const before = this.stateSignal.value;
    this.apply(event);
    const { messages, conversations } = difference(before, this.stateSignal.value);
    if (!this.saver || messages.length + conversations.length === 0) return this.saver?.idle ?? Promise.resolve();
    return this.saver.save({ messages, marks: conversations.map(mark) });
  }

  private apply(event: ChatEvent): void {
    this.stateSignal.value = reduce(this.stateSignal.value, event);
  }
}

function mark(c: Conversation): ConversationMark {
  return { peer: c.peer, unread: c.unread, newFrom: c.newFrom };
}
