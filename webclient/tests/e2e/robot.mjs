/*
 * A client without a page, for what a browser would take too long to do: it
 * speaks RFC 7395 with stream management, and one question tells it what the
 * server has on disk.
 */
import { WebSocket } from 'ws';
import { base, domain, patience } from './harness.mjs';

const framing = "xmlns='urn:ietf:params:xml:ns:xmpp-framing'";
const sm = "xmlns='urn:xmpp:sm:3'";
const escape = (s) => s.replace(/[<>&'"]/g, (c) => `&#${c.charCodeAt(0)};`);

export class Robot {
  #socket;
  #got = [];
  #waiting = null;
  #ended = false;
  #sent = 0;
  #handled = 0;
  #counting = false;

  /** Makes an account (XEP-0077 §3). */
  static async register(name, password, at = base) {
    const robot = new Robot();
    await robot.#connect(`${at.replace('http', 'ws')}/xmpp-websocket`);
    await robot.ask(`<open ${framing} to='${domain}' version='1.0'/>`, /features/);
    const query = `<query xmlns='jabber:iq:register'><username>${name}</username><password>${password}</password></query>`;
    const answer = await robot.ask(`<iq xmlns='jabber:client' type='set' id='r' to='${domain}'>${query}</iq>`, /id=.r./);
    if (!/type=.result/.test(answer)) throw new Error(`${name} is not registered: ${answer}`);
    robot.leave();
  }

  /** Makes the accounts of two people who are each other's contacts (RFC 6121 §3.1). */
  static async acquaint(nameA, nameB, password) {
    await Promise.all([Robot.register(nameA, password), Robot.register(nameB, password)]);
    const [a, b] = await Promise.all([Robot.enter(nameA, password), Robot.enter(nameB, password)]);
    // RFC 6121 §2.1.6: pushes go to who has asked for the roster.
    await Promise.all([a, b].map((robot) => robot.iq("<query xmlns='jabber:iq:roster'/>", 'get')));
    a.subscription('subscribe', nameB);
    await b.until(/^<presence[^>]*type=.subscribe'/);
    b.subscription('subscribed', nameA);
    b.subscription('subscribe', nameA);
    await a.until(/^<presence[^>]*type=.subscribe'/);
    a.subscription('subscribed', nameB);
    await Promise.all([a, b].map((robot) => robot.until(/subscription=.both/)));
    for (const robot of [a, b]) robot.leave();
  }

  /** Logs in as a device of its own and becomes available. */
  static async enter(name, password, { presence = true, at = base } = {}) {
    const robot = new Robot();
    robot.jid = `${name}@${domain}`;
    await robot.#connect(`${at.replace('http', 'ws')}/xmpp-websocket`);
    const open = `<open ${framing} to='${domain}' version='1.0'/>`;
    await robot.ask(open, /features/);
    const plain = Buffer.from(`\0${name}\0${password}`).toString('base64');
    await robot.ask(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`, /<success/);
    await robot.ask(open, /features/);
    await robot.ask("<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>robot</resource></bind></iq>", /id=.b./);
    await robot.ask(`<enable ${sm}/>`, /<enabled/);
    await robot.iq("<enable xmlns='urn:xmpp:carbons:2'/>");
    if (presence) robot.#stanza("<presence xmlns='jabber:client'/>");
    return robot;
  }

  say(to, body, id = crypto.randomUUID()) {
    this.#stanza(`<message xmlns='jabber:client' type='chat' to='${to}@${domain}' id='${id}'><body>${escape(body)}</body><origin-id xmlns='urn:xmpp:sid:0' id='${id}'/></message>`);
  }

  subscription(type, to) {
    this.#stanza(`<presence xmlns='jabber:client' type='${type}' to='${to}@${domain}'/>`);
  }

  /** Waits until all that was said is on the server's disk. */
  async stored() {
    for (;;) {
      const answer = await this.ask(`<r ${sm}/>`, /^<a /);
      if (Number(/h=['"](\d+)/.exec(answer)[1]) >= this.#sent) return;
    }
  }

  iq(payload, type = 'set') {
    const id = crypto.randomUUID();
    this.#stanza(`<iq xmlns='jabber:client' type='${type}' id='${id}'>${payload}</iq>`);
    return this.until(new RegExp(`<iq[^>]*id=['"]${id}`));
  }

  ask(xml, pattern) {
    this.#socket.send(xml);
    return this.until(pattern);
  }

  /** The next frame that fits. */
  async until(pattern) {
    for (;;) {
      const i = this.#got.findIndex((m) => pattern.test(m));
      if (i >= 0) return this.#got.splice(i, 1)[0];
      if (this.#ended) throw new Error(`the connection of ${this.jid} ended before ${pattern}`);
      await this.#news(pattern);
    }
  }

  /** Waits for so many messages with a text, and returns the texts. */
  async hears(count) {
    const texts = [];
    while (texts.length < count) texts.push(/<body[^>]*>([^<]*)/.exec(await this.until(/^<message.*<body/s))[1]);
    return texts;
  }

  leave() {
    this.#socket.send(`<close ${framing}/>`);
    this.#socket.close();
  }

  #stanza(xml) {
    this.#sent++;
    this.#socket.send(xml);
  }

  #news(pattern) {
    return new Promise((done, fail) => {
      const late = setTimeout(() => fail(new Error(`${this.jid} waits in vain for ${pattern}`)), patience);
      this.#waiting = () => {
        clearTimeout(late);
        done();
      };
    });
  }

  #wake() {
    this.#waiting?.();
    this.#waiting = null;
  }

  #connect(url) {
    this.#socket = new WebSocket(url, 'xmpp');
    this.#socket.on('message', (data) => this.#take(String(data)));
    this.#socket.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
    return new Promise((done, fail) => this.#socket.once('open', done).once('error', fail));
  }

  #take(xml) {
    if (/^<enabled/.test(xml)) this.#counting = true;
    if (this.#counting && /^<(message|presence|iq)/.test(xml)) this.#handled++;
    if (/^<r /.test(xml)) return this.#socket.send(`<a ${sm} h='${this.#handled}'/>`);
    this.#got.push(xml);
    this.#wake();
  }
}
