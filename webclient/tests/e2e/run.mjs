/*
 * Drives the real page in Chromium against a real server.
 *
 *   PARLEY_URL=http://127.0.0.1:5280 npm run e2e [-- part of a test's name]
 *
 * With PARLEY_ALICE_PASSWORD and PARLEY_BOB_PASSWORD the demo users are tested
 * too; without them the tests make their own accounts. PARLEY_CLASSIC=no
 * leaves the classic framing out, for servers that do not know it.
 */
import { launch } from './harness.mjs';
import { tests as chat } from './chat.mjs';
import { tests as door } from './door.mjs';
import { tests as history } from './history.mjs';
import { tests as network } from './network.mjs';
import { tests as screens } from './screens.mjs';
import { tests as sessions } from './sessions.mjs';

const wanted = process.argv.slice(2).join(' ');
const all = { ...door, ...chat, ...history, ...network, ...sessions, ...screens };
const browser = await launch();
let failed = 0;
for (const [name, test] of Object.entries(all)) {
  if (!name.includes(wanted)) continue;
  const started = Date.now();
  const opened = [];
  try {
    await test(browser, opened);
    for (const v of opened) if (v.errors.length > 0) throw new Error(`on the page: ${v.errors.join('; ')}`);
    console.log(`ok   ${name} (${Date.now() - started} ms)`);
  } catch (err) {
    failed++;
    console.log(`FAIL ${name}\n${err.stack}`);
    for (const [i, v] of opened.entries()) {
      const path = `${process.env.PARLEY_SHOTS ?? '/tmp'}/e2e-${failed}-${i}.png`;
      await v.page.screenshot({ path }).catch(() => undefined);
      console.log(`     ${path} ${v.page.url()} ${v.errors.join('; ')}`);
    }
  }
  for (const v of opened) await v.context.close();
}
await browser.close();
process.exit(failed > 0 ? 1 : 0);
