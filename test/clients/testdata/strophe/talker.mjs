/*
 * A Strophe.js client with stream management, driven line by line. When it has
 * lost its connection it connects again, until it can.
 *
 * Arguments: URL of the WebSocket, JID, password. On standard input: "say JID
 * TEXT", "confirm" (acknowledge all, and ask for the same), "quit". On standard
 * output:
 *
 *   managed RESUMABLE      XEP-0198 is on
 *   online JID
 *   resumed JID
 *   failed H ACKED SENT    to resume: the server's count, the last one it had
 *                          told before, and what was sent
 *   sent TEXT              each time it is
 *   confirmed              nothing is left to be acknowledged
 *   heard JID TEXT
 *   again JID TEXT         with a stanza-id that was heard in this session
 *   known JID TEXT         or in an earlier one
 */
import { createInterface } from 'node:readline';
import { randomUUID } from 'node:crypto';
import { $iq, $msg, $pres, Strophe } from 'strophe.js';

const [url, jid, password] = process.argv.slice(2);
const { Status } = Strophe;
const tell = (...words) => console.log(words.join(' '));
const child = (e, name) => Array.from(e.childNodes).find((n) => n.nodeName === name);
const body = (message) => child(message, 'body')?.textContent;

const c = new Strophe.Connection(url, { enableStreamManagement: true });
const sessions = new Map(); // by stanza-id: the one in which it was heard
let leaving = false, confirming = false, session = 0, again;

function connect() {
  c.connect(jid, password, (status) => {
    if (status === Status.CONNECTED) begin();
    if (status === Status.AUTHFAIL) tell('refused');
    if (status === Status.DISCONNECTED && !leaving) {
      clearTimeout(again);
      again = setTimeout(connect, 50);
    }
  });
}

function begin() {
  c.addHandler(hear, null, 'message');
  if (c.hasResumed()) return tell('resumed', c.jid);
  session++;
  tell('online', c.jid);
  c.send($pres());
}

function hear(message) {
  const text = body(message);
  if (text) tell(novelty(message), Strophe.getBareJidFromJid(message.getAttribute('from')), text);
  return true;
}

/** How a client finds out what it has already (XEP-0359). */
function novelty(message) {
  const id = child(message, 'stanza-id').getAttribute('id');
  const heard = sessions.get(id);
  if (!heard) sessions.set(id, session);
  return !heard ? 'heard' : heard === session ? 'again' : 'known';
}

c.sm.onEnabled = () => tell('managed', c.sm.state.resumeSupported);
c.xmlOutput = (e) => {
  const text = e.nodeName === 'message' && body(e);
  if (text) tell('sent', text);
};
c.xmlInput = (e) => {
  const { hOutAcked, unacked } = c.sm.state;
  if (e.nodeName === 'failed') tell('failed', e.getAttribute('h'), hOutAcked, hOutAcked + unacked.length);
  if (e.nodeName === 'a') setTimeout(confirmed); // when it was dealt with
};

function confirmed() {
  if (!confirming || c.sm.state.unacked.length > 0) return;
  confirming = false;
  tell('confirmed');
}

const orders = {
  say(to, ...words) {
    const id = randomUUID();
    c.send($msg({ to, type: 'chat', id }).c('body').t(words.join(' ')).up().c('origin-id', { xmlns: 'urn:xmpp:sid:0', id }));
  },
  confirm() {
    confirming = true;
    c.sm.sendAck();
    c.sendIQ($iq({ type: 'get' }).c('ping', { xmlns: 'urn:xmpp:ping' })); // acknowledged only after the server has read ours
    c.sm.requestAck();
  },
};

connect();
for await (const line of createInterface({ input: process.stdin })) {
  const [what, ...words] = line.split(' ');
  if (what === 'quit') break;
  orders[what](...words);
}
leaving = true;
c.disconnect();
