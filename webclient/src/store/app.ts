import { computed, signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';
import { socketUrl } from '../lib/config';
import type { Config } from '../lib/config';
import { enableCarbons } from '../xmpp/carbons';
import { Client } from '../xmpp/client';
import type { ClientState } from '../xmpp/client';
import { answerDisco, ownCaps } from '../xmpp/disco';
import * as Jid from '../xmpp/jid';
import type { Failure } from '../xmpp/failure';
import type { ScramKeys } from '../xmpp/link';
import { NS } from '../xmpp/ns';
import { answerPings } from '../xmpp/ping';
import type { Caps } from '../xmpp/presence';
import { register } from '../xmpp/register';
import { answerVersion } from '../xmpp/version';
import { Watchdog } from '../xmpp/watchdog';
import { Chats } from './chats';
import { Contacts } from './contacts';
import * as credentials from './credentials';
import { ReloadSign, leave, takeOver } from './handover';
import { LocalHistory } from './history';
import type { Message } from './model';
import { totalUnread, waiting } from './select';
import { settings } from './settings';
import { claimTab } from './tabs';

/** Where the person stands: at the door, on the way in, or inside. */
export type Phase = 'out' | 'entering' | 'in';

/** What the page tells the app about the person's attention. */
export interface Attention {
  watching(peer: string): boolean;
  notify(message: Message, name: string): void;
}

/** Puts the parts together: one account, its connection, its people and chats. */
export class App {
  readonly client: Client;
  readonly contacts: Contacts;
  readonly chats: Chats;
  private caps: Caps | null = null;
  private stay = false;
  private watchdog: Watchdog;
  private reload = new ReloadSign();
  /** Whether this page has caught up with the session that it goes on with. */
  private settled = false;
  /** Whether the contacts still think that we are there when a stream is resumed. */
  private known = true;
  private successor = false;
  private phaseSignal = signal<Phase>('out');
  private accountSignal = signal('');
  private linkSignal = signal<ClientState>('stopped');
  private problemSignal = signal<string>('');

  readonly phase: ReadonlySignal<Phase> = this.phaseSignal;
  /** The own bare JID. */
  readonly account: ReadonlySignal<string> = this.accountSignal;
  readonly link: ReadonlySignal<ClientState> = this.linkSignal;
  /** Why the person is at the door, when that needs saying. */
  readonly problem: ReadonlySignal<string> = this.problemSignal;
  readonly unread = computed(() => totalUnread(this.chats.state.value));
  readonly unsent = computed(() => waiting(this.chats.state.value).length);

  constructor(
    readonly config: Config,
    attention: Attention,
  ) {
    this.client = new Client(socketUrl(config), {
      state: (s) => this.linkChanged(s),
      ready: (keys, resumed) => void this.ready(keys, resumed),
      stored: (ids) => this.chats.stored(ids),
      refused: (failure) => this.refused(failure),
    });
    this.watchdog = new Watchdog(this.client);
    this.contacts = new Contacts(this.client, () => this.caps);
    this.chats = new Chats(this.client, {
      watching: (peer) => attention.watching(peer),
      mayTell: (peer, what) => this.mayTell(peer, what),
      understandsStates: (peer) => this.contacts.understands(peer, NS.chatStates),
      arrived: (m) => attention.notify(m, this.contacts.name(m.peer)),
    });
    answerPings(this.client);
    answerDisco(this.client, () => this.caps);
    answerVersion(this.client, config.version);
  }

  /** Signs in again with what an earlier visit left, if anything. */
  async restore(): Promise<void> {
    await this.prepare();
    credentials.onForgotten(() => this.stay && this.phaseSignal.value === 'in' && void this.logout(false));
    const kept = credentials.load();
    if (!kept) return;
    this.stay = kept.stay;
    const { jid, keys } = kept.saved;
    await this.enter(jid);
    const left = this.successor ? takeOver(jid) : null;
    if (left?.contacts) this.contacts.restore(left.contacts);
    this.known = left?.contacts !== null;
    this.client.start({ jid, secret: keys }, true, left?.stream);
  }

  /** What was said at the door no longer matters. */
  dismiss(): void {
    this.problemSignal.value = '';
  }

  login(jid: string, password: string, stay: boolean): void {
    this.stay = stay;
    this.problemSignal.value = '';
    this.accountSignal.value = jid;
    this.phaseSignal.value = 'entering';
    this.client.start({ jid, secret: password });
  }

  /** Makes an account, then logs in; throws a RegisterError. */
  async register(jid: string, password: string, stay: boolean): Promise<void> {
    await register(socketUrl(this.config), Jid.domain(jid), Jid.local(jid), password);
    this.login(jid, password, stay);
  }

  /** Leaves; optionally nothing of the account stays in this browser. */
  async logout(erase: boolean): Promise<void> {
    const account = this.accountSignal.value;
    credentials.forget();
    this.client.stop();
    await this.leave('');
    if (erase) await LocalHistory.erase(account);
  }

  /**
   * The page goes away, perhaps only to be loaded again: then the next one goes
   * on with the stream. The contacts should know at once, unless it is certain.
   */
  hide(): void {
    if (!this.reload.given) this.contacts.leave();
    const stream = this.client.keep();
    if (!stream) return this.client.pause();
    leave({ jid: this.accountSignal.value, stream, contacts: this.reload.given ? this.contacts.snapshot() : null });
  }

  /** The page was not thrown away after all. */
  show(): void {
    takeOver(this.accountSignal.value);
    this.settled = this.known = false;
    this.client.drop();
    this.client.nudge();
  }

  private async prepare(): Promise<void> {
    this.successor = await claimTab();
    this.caps = await ownCaps();
    this.contacts.setOwn({ show: 'available', status: settings.statusText.value });
  }

  private async enter(jid: string): Promise<void> {
    this.accountSignal.value = jid;
    this.phaseSignal.value = 'in';
    this.watchdog.start();
    try {
      await this.chats.open(jid, await LocalHistory.open(jid));
    } catch (err) {
      console.warn('parley: this browser keeps no history', err);
    }
  }

  private async ready(keys: ScramKeys | null, resumed: boolean): Promise<void> {
    const account = Jid.bare(this.client.jid);
    if (keys) credentials.save({ jid: account, keys }, this.stay);
    if (this.phaseSignal.value !== 'in') await this.enter(account);
    if (resumed) return this.resumed();
    this.settled = false;
    enableCarbons(this.client).catch((err) => console.warn('parley: no carbon copies', err));
    this.settled = await this.chats.catchUp(() => this.contacts.start());
  }

  // The stream brings what was missed, except to a page that begins with it:
  // other tabs may have stored more than this one has seen.
  private async resumed(): Promise<void> {
    this.chats.flush();
    const known = (this.known ? this.contacts.resume() : this.contacts.start()).catch((err) => console.warn('parley: the contact list did not come', err));
    this.known = true;
    this.settled ||= await this.chats.catchUp(async () => void (await known));
  }

  private linkChanged(state: ClientState): void {
    this.linkSignal.value = state;
    if (state === 'online') return;
    this.contacts.offline();
  }

  private refused(failure: Failure): void {
    const wasIn = this.phaseSignal.value === 'in';
    if (wasIn) credentials.forget();
    void this.leave(wasIn ? 'You were signed out: the password was changed or the account closed.' : this.explain(failure));
  }

  private async leave(problem: string): Promise<void> {
    this.watchdog.stop();
    this.problemSignal.value = problem;
    this.phaseSignal.value = 'out';
    this.contacts.reset();
    await this.chats.close();
  }

  private explain(failure: Failure): string {
    switch (failure.kind) {
      case 'auth':
        return authProblem(failure);
      case 'host':
        return `This server does not serve “${Jid.domain(this.accountSignal.value)}”. Check the part after the @.`;
      case 'mechanism':
        return globalThis.crypto?.subtle
          ? 'The server offers no way to log in that this page knows.'
          : 'Passwords are only sent over a secure connection. Open this page with https.';
      case 'unreachable':
        return 'The server cannot be reached. Check your connection and try again.';
      default:
        return streamProblem(failure.condition);
    }
  }

  // Only people we share our presence with, or have written to, learn more.
  private mayTell(peer: string, what: 'receipts' | 'typing'): boolean {
    if (!(what === 'typing' ? settings.sendTyping : settings.sendReceipts).value) return false;
    if (this.contacts.sharesWith(peer)) return true;
    return this.chats.conversation(peer)?.messages.some((m) => m.mine) ?? false;
  }
}

function streamProblem(condition: string): string {
  switch (condition) {
    case 'policy-violation':
      return 'Too many attempts. Wait a few minutes and try again.';
    case 'resource-constraint':
      return 'The server is too busy. Try again in a few minutes.';
    case 'system-shutdown':
      return 'The server is being stopped. Try again in a moment.';
  }
  return 'The server ended the connection. Try again in a moment.';
}

function authProblem(failure: Failure): string {
  switch (failure.condition) {
    case 'account-disabled':
      return 'This account is disabled. Ask the people who run the server.';
    case 'credentials-expired':
      return 'The password has expired.';
    case 'temporary-auth-failure':
      return failure.text || 'The server cannot check passwords just now. Try again in a moment.';
  }
  return 'Wrong name or password.';
}
