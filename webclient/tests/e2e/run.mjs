/*
 * Drives the real page in Chromium against a real server.
 *
 *   PARLEY_URL=http://127.0.0.1:5280 npm run e2e [-- part of a test's name]
 *
 * With PARLEY_ALICE_PASSWORD and PARLEY_BOB_PASSWORD the demo users are tested
 * too; without them the tests make their own accounts. PARLEY_CLASSIC=no
 * leaves the classic framing out, for servers that do not know it. So many
 * tests as PARLEY_WORKERS says (4) run side by side, each with its own people, and
 * for at most PARLEY_MINUTES (10); what failed is said once more at the end.
 */
import { stripVTControlCharacters } from 'node:util';
import { launch } from './harness.mjs';
import { tests as chat } from './chat.mjs';
import { tests as door } from './door.mjs';
import { tests as history } from './history.mjs';
import { tests as network } from './network.mjs';
import { tests as screens } from './screens.mjs';
import { tests as sessions } from './sessions.mjs';

/** Only a test that hangs takes so long. */
const limit = Number(process.env.PARLEY_MINUTES ?? 10) * 60_000;

const wanted = process.argv.slice(2).join(' ');
// The long ones first, so that none is left alone at the end.
const queue = Object.entries({ ...history, ...sessions, ...network, ...chat, ...door, ...screens }).filter(([name]) => name.includes(wanted));
const total = queue.length;
const failures = [];

async function perform(browser, name, test) {
  const started = Date.now();
  const opened = [];
  let late;
  const hang = new Promise((_, fail) => (late = setTimeout(() => fail(new Error('it does not end')), limit)));
  try {
    const note = await Promise.race([test(browser, opened), hang]);
    for (const v of opened) if (v.errors.length > 0) throw new Error(`on the page: ${v.errors.join('; ')}`);
    console.log(`ok   ${name} (${note ? `${note}; ` : ''}${Date.now() - started} ms)`);
  } catch (err) {
    failures.push({ name, err });
    console.log(`FAIL ${name}\n${err.stack}`);
    await picture(opened, failures.length);
  } finally {
    clearTimeout(late);
    for (const v of opened) await v.context.close();
  }
}

async function picture(opened, number) {
  for (const [i, v] of opened.entries()) {
    const path = `${process.env.PARLEY_SHOTS ?? '/tmp'}/e2e-${number}-${i}.png`;
    await v.page.screenshot({ path }).catch(() => undefined);
    console.log(`     ${path} ${v.page.url()} ${v.errors.join('; ')}`);
  }
}

async function work(browser) {
  for (let next = queue.shift(); next; next = queue.shift()) await perform(browser, ...next);
}

const browser = await launch();
await Promise.all(Array.from({ length: Number(process.env.PARLEY_WORKERS ?? 4) }, () => work(browser)));
await browser.close();
console.log(`${total - failures.length} of ${total} tests passed`);
if (total === 0) console.log(`failed: no test is called ${wanted}`);
for (const { name, err } of failures) console.log(`failed: ${name}: ${stripVTControlCharacters(String(err.message)).replaceAll(/\s*\n\s*/g, ' ')}`);
process.exit(failures.length > 0 || total === 0 ? 1 : 0);
