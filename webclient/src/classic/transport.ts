import { Strophe as Base } from 'strophe.js';

type BaseConnection = InstanceType<typeof Base.Connection>;

Base.setLogLevel(Base.LogLevel.ERROR);

/** Keeps proxies from closing an idle socket, as pages of that time did. */
export const keepaliveEvery = 5_000;

const streamEnd = '</stream:stream>';

/**
 * The WebSocket transport of the drafts before RFC 7395: a stream header as
 * its own message, self-closed, then one stanza per message.
 */
export class ClassicWebsocket extends Base.Websocket {
  private keepalive: ReturnType<typeof setInterval> | undefined;
  private host: Host;

  constructor(readonly url: string) {
    const host = new Host(url);
    super(host as unknown as BaseConnection);
    this.host = host;
  }

  /** Binds the transport to the connection that it was made for. */
  attach(connection: BaseConnection): void {
    this._conn = connection;
    connection.service = this.host.service;
  }

  override _onOpen(): void {
    this.open();
    this.keepalive = setInterval(() => this.raw('\n'), keepaliveEvery);
  }

  // Before and after authentication the header is the same.
  private open(): void {
    const header =
      `<stream:stream to='${this._conn.domain}' xmlns='${Base.NS.CLIENT}' ` +
      `xmlns:stream='${Base.NS.STREAM}' version='1.0' />`;
    this._conn.rawOutput(header);
    this.raw(header);
  }

  private raw(data: string): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(data);
  }

  override _onInitialMessage(message: MessageEvent): void {
    const data = String(message.data);
    if (data.trim() === '' || this.isHeader(data)) return;
    if (data.startsWith(streamEnd)) return this.ended(data);
    super._onInitialMessage(message);
  }

  override _onMessage(message: MessageEvent): void {
    const data = String(message.data);
    if (data.trim() === '' || this.isHeader(data)) return;
    if (data.startsWith(streamEnd)) return this.ended(data);
    super._onMessage(message);
  }

  private isHeader(data: string): boolean {
    if (!data.startsWith('<stream:stream ')) return false;
    this._conn.rawInput(data);
    return true;
  }

  private ended(data: string): void {
    this._conn.rawInput(data);
    this._conn._doDisconnect();
  }

  override _onIdle(): void {
    const data = this._conn._data;
    while (data[0] === 'restart') {
      data.shift();
      this.open();
    }
    super._onIdle();
  }

  override _disconnect(presence?: Parameters<Base_disconnect>[0]): void {
    if (presence) this._conn.send(presence);
    this._conn.rawOutput(streamEnd);
    this.raw(streamEnd);
    this._conn._doDisconnect();
  }

  override _closeSocket(): void {
    clearInterval(this.keepalive);
    super._closeSocket();
  }
}

type Base_disconnect = InstanceType<typeof Base.Websocket>['_disconnect'];

/** Stands in for the connection until there is one: only its address counts. */
class Host {
  options = {};
  constructor(public service: string) {}
}

/** PLAIN as pages of that time sent it: with the bare JID as authorization identity. */
class ClassicPlain extends Base.SASLPlain {
  override onChallenge(connection: BaseConnection): string {
    const message = [connection.authzid, connection.authcid, connection.pass].join('\u0000');
    return String.fromCharCode(...new TextEncoder().encode(message));
  }
}

/** A connection that is handed its transport, as in `new Strophe.Connection({proto})`. */
export class ClassicConnection extends Base.Connection {
  constructor({ proto }: { proto: ClassicWebsocket }) {
    super(proto.url, { mechanisms: [ClassicPlain] });
    this._proto = proto;
    proto.attach(this);
  }
}

/** Strophe as the page of 2013 knew it. */
export const Strophe = {
  Connection: ClassicConnection,
  Websocket: ClassicWebsocket,
  Status: Base.Status,
  getBareJidFromJid: Base.getBareJidFromJid,
};
