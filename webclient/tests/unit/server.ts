import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket as Socket } from 'ws';

/** One connection at the test's server: what came in, and how to answer. */
export class Peer {
  readonly got: string[] = [];
  private waiting: (() => void)[] = [];
  private closed = false;

  constructor(readonly socket: Socket) {
    socket.on('message', (data) => {
      this.got.push(String(data));
      this.waiting.splice(0).forEach((f) => f());
    });
    socket.on('close', () => {
      this.closed = true;
      this.waiting.splice(0).forEach((f) => f());
    });
  }

  send(...messages: string[]): void {
    for (const m of messages) this.socket.send(m);
  }

  /** The next message that fits, from the first one that was not taken yet. */
  async take(pattern: RegExp): Promise<string> {
    for (;;) {
      const i = this.got.findIndex((m) => pattern.test(m));
      if (i >= 0) return this.got.splice(i, 1)[0] as string;
      if (this.closed) throw new Error(`closed while waiting for ${pattern}, got ${this.got}`);
      await new Promise<void>((done) => this.waiting.push(done));
    }
  }

  /** The value of an attribute in a message. */
  static attr(message: string, name: string): string {
    return new RegExp(`\\s${name}=["']([^"']*)["']`).exec(message)?.[1] ?? '';
  }
}

/** A WebSocket server that a test plays the XMPP server on. */
export class TestServer {
  private peers: Peer[] = [];
  private waiting: ((p: Peer) => void)[] = [];

  private constructor(private server: WebSocketServer) {
    server.on('connection', (socket) => {
      const peer = new Peer(socket);
      const next = this.waiting.shift();
      if (next) next(peer);
      else this.peers.push(peer);
    });
  }

  static async start(): Promise<TestServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'xmpp' });
    await once(server, 'listening');
    return new TestServer(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  /** The next connection. */
  peer(): Promise<Peer> {
    const ready = this.peers.shift();
    return ready ? Promise.resolve(ready) : new Promise((done) => this.waiting.push(done));
  }

  async close(): Promise<void> {
    for (const c of this.server.clients) c.terminate();
    await new Promise((done) => this.server.close(done));
  }
}

const framing = 'xmlns="urn:ietf:params:xml:ns:xmpp-framing"';
const features = (inner: string) => `<stream:features xmlns:stream="http://etherx.jabber.org/streams">${inner}</stream:features>`;
export const opened = `<open ${framing} version="1.0" from="home.org" id="s1"/>`;
export const saslFeatures = features('<mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>PLAIN</mechanism></mechanisms>');
const bind = '<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>';
const sm = 'urn:xmpp:sm:3';
export const bindFeatures = features(bind);
export const success = '<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>';

/** Plays the server's side of RFC 7395 up to the features after SASL. */
export async function authenticate(p: Peer, offer = bindFeatures): Promise<void> {
  await p.take(/^<open /);
  p.send(opened, saslFeatures);
  await p.take(/^<auth /);
  p.send(success);
  await p.take(/^<open /);
  p.send(opened, offer);
}

/** Answers the request to bind with the full JID that it returns. */
export async function bound(p: Peer): Promise<string> {
  const request = await p.take(/<bind /);
  const jid = `ana@home.org/${/<resource>([^<]*)/.exec(request)?.[1]}`;
  p.send(
    `<iq xmlns="jabber:client" type="result" id="${Peer.attr(request, 'id')}"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>${jid}</jid></bind></iq>`,
  );
  return jid;
}

/** Plays the server's side up to bind, and returns the full JID. */
export async function welcome(p: Peer): Promise<string> {
  await authenticate(p);
  return bound(p);
}

/** A server with stream management (XEP-0198): it keeps count of what it read. */
export class Managed {
  private constructor(
    readonly peer: Peer,
    readonly jid: string,
  ) {}

  /** A new session, after a refused resumption if the client asks for one. */
  static async fresh(p: Peer, id: string, failed = '<item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>', h?: number): Promise<Managed> {
    await authenticate(p, smFeatures);
    const first = await p.take(/<bind |<resume /);
    if (first.startsWith('<resume')) p.send(`<failed xmlns="${sm}"${h === undefined ? '' : ` h="${h}"`}>${failed}</failed>`);
    else p.got.unshift(first);
    const jid = await bound(p);
    await p.take(/<enable /);
    p.send(`<enabled xmlns="${sm}" id="${id}" resume="true" max="300"/>`);
    const session = new Managed(p, jid);
    await session.handled(); // the client knows that it is enabled
    return session;
  }

  /** The session goes on; the server had handled h of what came before. */
  static async resumed(p: Peer, h: number): Promise<{ session: Managed; previd: string; handled: number }> {
    await authenticate(p, smFeatures);
    const resume = await p.take(/<resume /);
    const previd = Peer.attr(resume, 'previd');
    p.send(`<resumed xmlns="${sm}" previd="${previd}" h="${h}"/>`);
    return { session: new Managed(p, ''), previd, handled: Number(Peer.attr(resume, 'h')) };
  }

  /** Answers the next question for an acknowledgement. */
  async ack(h: number): Promise<void> {
    await this.peer.take(/<r /);
    this.peer.send(`<a xmlns="${sm}" h="${h}"/>`);
  }

  /** Asks how much the client has handled. */
  async handled(): Promise<number> {
    this.peer.send(`<r xmlns="${sm}"/>`);
    return Number(Peer.attr(await this.peer.take(/<a /), 'h'));
  }
}

const smFeatures = features(`${bind}<sm xmlns="${sm}"/>`);
