/* Takes pictures of every screen, to look at: node tests/e2e/shots.mjs DIR */
import { mkdirSync } from 'node:fs';
import { CutProxy } from './proxy.mjs';
import { base, befriend, hears, inside, launch, newName, newPassword, online, openChat, say, signUp, visitor } from './harness.mjs';

const dir = process.argv[2] ?? 'shots';
mkdirSync(dir, { recursive: true });
const browser = await launch();
const proxy = await CutProxy.start(new URL(base));
const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 }, tablet: { width: 768, height: 1024 } };

async function shoot(page, name, which = ['desktop', 'phone'], schemes = ['light', 'dark']) {
  for (const size of which) {
    await page.setViewportSize(sizes[size]);
    for (const colorScheme of schemes) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(250);
      await page.screenshot({ path: `${dir}/${name}-${size}-${colorScheme}.png` });
    }
  }
  await page.setViewportSize(sizes.desktop);
  await page.emulateMedia({ colorScheme: 'light' });
}

const ana = await visitor(browser);
const ben = await visitor(browser);
const names = [newName('ana'), newName('ben')];
await ana.page.goto(`${base}/`);
await ana.page.getByRole('button', { name: 'Log in' }).waitFor();
await shoot(ana.page, '01-login');
await ana.page.getByLabel('Name').fill('nobody');
await ana.page.locator('input[name=password]').fill('wrong password');
await ana.page.getByRole('button', { name: 'Log in' }).click();
await ana.page.locator('.problem:not(.empty)').waitFor();
await shoot(ana.page, '02-login-wrong', ['desktop'], ['light', 'dark']);
await ana.page.goto(`${base}/#/register`);
await ana.page.getByLabel('Choose a name').waitFor();
await shoot(ana.page, '03-register', ['desktop', 'phone'], ['light']);
await signUp(ana.page, names[0], newPassword, proxy.url);
await signUp(ben.page, names[1], newPassword);
await shoot(ana.page, '04-home-empty');
await ana.page.getByRole('button', { name: 'Add a contact' }).click();
await shoot(ana.page, '05-add');
await ana.page.getByLabel('Name or address').fill(names[1]);
await ana.page.getByLabel('Name on your list (optional)').fill('Ben Carter');
await ana.page.getByLabel('A line to introduce').fill('Hi, it is Ana from the sailing club.');
await ana.page.getByRole('button', { name: 'Add contact' }).click();
await ben.page.getByRole('button', { name: 'Accept' }).first().waitFor();
await shoot(ben.page, '06-request');
await ben.page.getByRole('button', { name: 'Accept' }).first().click();
await openChat(ben.page, names[0]);
await ben.page.locator('.me-button').click();
await ben.page.getByLabel('Status').fill('At the harbour until six');
await shoot(ben.page, '07-presence', ['desktop', 'phone'], ['light', 'dark']);
await ben.page.getByRole('button', { name: 'Save' }).click();
const a = ana.page, b = ben.page;
await say(a, 'Hi Ben! Are we still on for Saturday?');
await hears(b, 'Saturday');
await say(b, 'Of course. Wind should be *perfect* from noon on.');
await say(b, 'Forecast: https://weather.example.org/harbour?day=sat');
await say(a, 'Great. I bring the charts and something to eat.');
await say(b, '> something to eat\nNow that is what I call a skipper 😄');
await say(a, 'Meet at the pier at `11:30`?\nThen we have half an hour to get ready.');
await say(b, 'Perfect, see you there!');
await hears(a, 'see you there');
await b.locator('#composer').pressSequentially('And');
await a.locator('.chat-who .typing').waitFor();
await shoot(a, '08-chat', ['desktop', 'phone', 'tablet']);
await a.getByRole('button', { name: 'Details' }).click();
await shoot(a, '09-details', ['desktop', 'phone', 'tablet']);
await a.goBack();
await a.goto(new URL('#/settings', a.url()).href);
await shoot(a, '10-settings');
await a.keyboard.press('Escape');
await openChat(a, 'Ben');
proxy.cut();
await say(a, 'Can you hear me?');
await a.locator('.banner.shown').waitFor();
await shoot(a, '11-reconnecting');
proxy.restore();
await online(a);
await a.goto(new URL('#/chat/nobody-here@localhost', a.url()).href);
await say(a, 'Hello?');
await a.waitForTimeout(1000);
await shoot(a, '12-stranger', ['desktop'], ['light', 'dark']);
await a.setViewportSize(sizes.phone);
await a.goto(new URL('#/', a.url()).href);
await b.locator('#composer').fill('');
await say(b, 'One more thing: take a warm jacket.');
await a.locator('.badge').waitFor();
await shoot(a, '13-list', ['phone', 'desktop']);
await b.goto(`${base}/classic/`);
await shoot(b, '14-classic', ['desktop', 'phone']);
await browser.close();
proxy.close();
