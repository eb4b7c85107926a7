import { signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';
import { newId } from '../lib/id';
import { parseMessage } from '../xmpp/messages';
import type { IncomingMessage } from '../xmpp/messages';
import { stateMessage } from '../xmpp/chatstates';
import type { ChatState } from '../xmpp/chatstates';
import { receipt } from '../xmpp/receipts';
import type { Client } from '../xmpp/client';
import * as Jid from '../xmpp/jid';
import { explain } from '../xmpp/stanzaerror';
import type { StanzaError } from '../xmpp/stanzaerror';
import type { History } from './history';
import { emptyChats } from './model';
import type { ChatEvent, ChatsState, Conversation, ConversationMark, Message } from './model';
import { Outbox, tooLong } from './outbox';
import { reduce } from './reducer';
import { difference, waiting } from './select';
import { TabChannel, exclusively, liveTabs, tabId } from './tabs';

const recentLimit = 2_000;
const pageSize = 100;
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
  private channel: TabChannel | null = null;
  private saving: Promise<unknown> = Promise.resolve();
  private typingTimers = new Map<string, ReturnType<typeof setTimeout>>();
  private statePeers = new Map<string, boolean>();
  private outbox: Outbox;

  constructor(
    private client: Client,
    private context: ChatsContext,
  ) {
    this.outbox = new Outbox(client, {
      waiting: () => waiting(this.stateSignal.value, tabId),
      tell: (event) => void this.share(event),
    });
    client.onMessage((el) => {
      const m = parseMessage(el, Date.now());
      if (m) this.receive(m);
    });
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
    this.channel = new TabChannel(account, (e) => this.apply(e));
    const recent = await history.recent(recentLimit);
    this.apply({ type: 'loaded', messages: recent.messages, marks: recent.marks });
    await exclusively(`outbox ${account}`, () => this.adopt());
  }

  /** Leaves the account; what is stored stays stored. */
  async close(): Promise<void> {
    await this.saving;
    this.channel?.close();
    this.history?.close();
    this.history = this.channel = null;
    this.outbox.reset();
    this.statePeers.clear();
    this.typingTimers.forEach(clearTimeout);
    this.typingTimers.clear();
    this.stateSignal.value = emptyChats;
  }

  /** Writes a message down, then sends it as soon as there is a connection. */
  async compose(peer: string, body: string): Promise<void> {
    const at = Date.now();
    const id = newId();
    const message: Message = { id, peer, mine: true, body, at, state: 'waiting', tab: tabId };
    await this.share({ type: 'composed', message });
    if (tooLong(message)) await this.share({ type: 'failed', peer, id, error: 'This message is too long to send.' });
    this.flush();
  }

  /** Tries a failed message again, at its new place in time. */
  async retry(message: Message): Promise<void> {
    this.outbox.retried(message.id);
    if (tooLong(message)) return;
    await this.share({ type: 'retried', peer: message.peer, id: message.id, tab: tabId, at: Date.now() });
    this.flush();
  }

  /** Sends what waits in this tab. */
  flush(): void {
    this.outbox.flush();
  }

  offline(): void {
    this.outbox.offline();
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

  /** Loads older messages of a conversation. */
  async earlier(peer: string): Promise<void> {
    const c = this.conversation(peer);
    if (!this.history || c?.complete) return;
    const oldest = c?.messages[0]?.at ?? Date.now();
    const messages = await this.history.before(peer, oldest, pageSize);
    this.apply({ type: 'earlier', peer, messages, complete: messages.length < pageSize });
  }

  /** Tells what the person does in this chat, to those who understand it (XEP-0085 §5.1). */
  sendState(peer: string, state: ChatState): void {
    const understood = this.statePeers.get(peer) ?? this.context.understandsStates(peer);
    if (understood && this.context.mayTell(peer, 'typing')) this.client.send(stateMessage(peer, state));
  }

  private receive(m: IncomingMessage): void {
    if (m.error) return this.bounced(m, m.error);
    if (m.receiptFor) void this.share({ type: 'received', peer: m.peer, id: m.receiptFor });
    if (m.chatState) this.showTyping(m);
    if (m.body === null) return;
    this.statePeers.set(m.peer, m.chatState !== null);
    void this.incoming(m, m.body);
  }

  // The receipt leaves only after the message is stored here.
  private async incoming(m: IncomingMessage, body: string): Promise<void> {
    // A note to oneself comes back as it went.
    const own = this.conversation(m.peer)?.messages.some((x) => x.mine && x.id === m.id);
    if (own && m.peer === Jid.bare(this.client.jid)) return void this.share({ type: 'received', peer: m.peer, id: m.id });
    const seen = this.context.watching(m.peer);
    const message: Message = { id: m.id || newId(), peer: m.peer, mine: false, body, at: m.at };
    const fresh = !this.conversation(m.peer)?.messages.some((x) => !x.mine && x.id === message.id);
    await this.commit({ type: 'incoming', message, seen });
    if (m.wantsReceipt && this.context.mayTell(m.peer, 'receipts')) this.client.send(receipt(m.from, m.id, m.type));
    if (!fresh) return;
    // Another tab may show this chat: give it the moment to say so.
    if (seen) setTimeout(() => this.channel?.tell({ type: 'read', peer: m.peer }), tabDelay);
    else setTimeout(() => this.conversation(m.peer)?.unread && this.context.arrived(message), 2 * tabDelay);
  }

  // RFC 6121 §8.3: the message with this id did not get there.
  private bounced(m: IncomingMessage, error: StanzaError): void {
    this.outbox.bounced(m.id);
    void this.share({ type: 'failed', peer: m.peer, id: m.id, error: error.text || explain(error.condition) });
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
      if (!m.tab || !alive.has(m.tab)) await this.share({ type: 'adopted', peer: m.peer, id: m.id, tab: tabId });
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
    const history = this.history;
    if (history && messages.length + conversations.length > 0) {
      this.saving = this.saving.then(() => history.save(messages, conversations.map(mark))).catch(reportStorage);
    }
    return this.saving;
  }

  private apply(event: ChatEvent): void {
    this.stateSignal.value = reduce(this.stateSignal.value, event);
  }
}

function mark(c: Conversation): ConversationMark {
  return { peer: c.peer, unread: c.unread, newFrom: c.newFrom };
}

// A full or forbidden database must not stop the conversation.
function reportStorage(err: unknown): void {
  console.warn('parley: history could not be stored', err);
}

