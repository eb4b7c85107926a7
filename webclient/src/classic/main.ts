import { $iq, $msg, $pres } from 'strophe.js';
import './classic.css';
import { fetchConfig } from '../lib/config';
import { Strophe } from './transport';

const $ = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const output = $('output');
let connection: InstanceType<typeof Strophe.Connection> | null = null;

/** Writes a line to the output area and keeps its end in view. */
function print(text: string, kind = ''): void {
  const p = document.createElement('p');
  p.className = kind;
  p.textContent = text;
  output.append(p);
  output.scrollTop = output.scrollHeight;
}

function value(id: string): string {
  return $<HTMLInputElement>(id).value.trim();
}

async function connect(): Promise<void> {
  const config = await fetchConfig('../');
  const jid = value('jid').includes('@') ? value('jid') : `${value('jid')}@${config.domain}`;
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  connection = new Strophe.Connection({ proto: new Strophe.Websocket(`${scheme}://${location.host}/`) });
  connection.connect(jid, $<HTMLInputElement>('password').value, (status) => changed(status));
}

function changed(status: number): void {
  switch (status) {
    case Strophe.Status.CONNECTING:
      print('Connecting…', 'note');
      $('connect').textContent = 'Disconnect';
      break;
    case Strophe.Status.AUTHFAIL:
      print('Wrong name or password.', 'error');
      connection?.disconnect();
      break;
    case Strophe.Status.CONNFAIL:
      print('The connection failed.', 'error');
      break;
    case Strophe.Status.CONNECTED:
      return online();
    case Strophe.Status.DISCONNECTED:
      return offline();
  }
}

function online(): void {
  if (!connection) return;
  print(`Connected as ${connection.jid}`, 'note');
  connection.addHandler(onMessage, null, 'message', 'chat');
  connection.addHandler(onMessage, null, 'message', 'error');
  connection.addHandler(onPresence, null, 'presence', null);
  connection.addHandler(onPing, 'urn:xmpp:ping', 'iq', 'get');
  enable(true);
  announce();
  $('to').focus();
}

function offline(): void {
  if (!connection) return;
  connection = null;
  print('Disconnected.', 'note');
  $('connect').textContent = 'Connect';
  enable(false);
}

function enable(on: boolean): void {
  for (const id of ['show', 'status', 'announce', 'to', 'message', 'send']) $<HTMLInputElement>(id).disabled = !on;
  for (const id of ['jid', 'password']) $<HTMLInputElement>(id).disabled = on;
}

function onMessage(stanza: Element): boolean {
  const from = Strophe.getBareJidFromJid(stanza.getAttribute('from') ?? '');
  const body = [...stanza.children].find((c) => c.localName === 'body')?.textContent;
  if (stanza.getAttribute('type') === 'error') print(`Not delivered to ${from}.`, 'error');
  else if (body) print(`${from}: ${body}`);
  return true;
}

function onPresence(stanza: Element): boolean {
  const from = stanza.getAttribute('from') ?? '';
  if (from === connection?.jid) return true;
  const child = (name: string) => [...stanza.children].find((c) => c.localName === name)?.textContent ?? '';
  const status = child('status');
  print(`${from} is ${stanza.getAttribute('type') ?? (child('show') || 'available')}${status ? ` (${status})` : ''}`, 'note');
  return true;
}

// XEP-0199: the answer names its own full JID.
function onPing(stanza: Element): boolean {
  const to = stanza.getAttribute('from');
  const reply: Record<string, string> = { type: 'result', id: stanza.getAttribute('id') ?? '', from: connection?.jid ?? '' };
  connection?.send($iq(to ? { ...reply, to } : reply));
  return true;
}

function announce(): void {
  const presence = $pres();
  if (value('show')) presence.c('show', {}, value('show'));
  if (value('status')) presence.c('status', {}, value('status'));
  connection?.send(presence);
}

function send(): void {
  const body = value('message');
  if (!connection || !body) return;
  connection.send($msg({ to: value('to'), type: 'chat' }).c('body', {}, body));
  print(`me → ${value('to')}: ${body}`);
  $<HTMLInputElement>('message').value = '';
}

function onSubmit(form: string, action: () => void): void {
  $(form).addEventListener('submit', (e) => {
    e.preventDefault();
    action();
  });
}

onSubmit('login', () => {
  if (connection) connection.disconnect();
  else connect().catch(() => print('The server cannot be reached.', 'error'));
});
onSubmit('presence', announce);
onSubmit('chat', send);
$('show').addEventListener('change', announce);
