/*
 * Takes the picture of the README from a fresh server:
 *   PARLEY_URL=http://127.0.0.1:5280 node tests/e2e/picture.mjs ../docs/chat.png
 */
import { base, hears, launch, logIn, newPassword, openChat, say, signUp, visitor } from './harness.mjs';

const browser = await launch();

async function enter(name) {
  const v = await visitor(browser, { locale: 'en-GB' });
  await signUp(v.page, name, newPassword).catch(() => logIn(v.page, name, newPassword));
  return v.page;
}

async function add(page, name, shown) {
  await page.goto(`${base}/#/add`);
  await page.getByLabel('Name or address').fill(name);
  await page.getByLabel('Name on your list').fill(shown);
  await page.getByRole('button', { name: 'Add contact' }).click();
  await page.locator('.chat-head').waitFor();
}

async function status(page, show, text) {
  await page.locator('.me-button').click();
  await page.getByLabel(show, { exact: true }).check();
  await page.getByLabel('Status').fill(text);
  await page.getByRole('button', { name: 'Save' }).click();
}

const ana = await enter('ana');
const others = { ben: 'Ben Carter', carla: 'Carla Ruiz', david: 'David Osei', eva: 'Eva Lindqvist' };
const pages = {};
for (const [name, shown] of Object.entries(others)) {
  pages[name] = await enter(name);
  await add(ana, name, shown);
  await pages[name].getByRole('button', { name: 'Accept' }).click();
  await openChat(pages[name], 'ana');
}
await status(ana, 'Available', 'Packing the boat');
await status(pages.ben, 'Available', 'At the harbour until six');
await status(pages.carla, 'Do not disturb', 'Exam week');
await status(pages.david, 'Away', 'Lunch');
await openChat(ana, 'Eva');
await say(pages.eva, 'The photos from Sunday are lovely, thank you!');
await hears(ana, 'photos');
await say(ana, 'So glad you like them 😊');
await openChat(ana, 'Ben');
const ben = pages.ben;
const exchange = [
  [ana, 'Hi Ben! Are we still on for Saturday?'],
  [ben, 'Of course. The wind should be *perfect* from noon on.'],
  [ben, 'Forecast: https://weather.example.org/harbour'],
  [ana, 'Great. I bring the charts and something to eat.'],
  [ben, 'Now that is what I call a skipper.'],
  [ana, 'Meet at the pier at `11:30`?\nThen we have half an hour to get ready.'],
  [ben, 'Perfect, see you there!'],
  [ana, 'And bring a warm jacket, it gets cold out there.'],
];
for (const [from, text] of exchange) {
  await say(from, text);
  await hears(from === ana ? ben : ana, text.slice(0, 12).replace(/[*`]/g, ''));
}
await say(pages.david, 'Did you find the spare key?');
await say(pages.david, 'It should be in the blue box.');
await ana.locator('.badge', { hasText: '2' }).waitFor();
await ben.locator('#composer').pressSequentially('Will');
await ana.locator('.chat-who .typing').waitFor();
await ana.locator('.mark.received').nth(3).waitFor();
await ana.screenshot({ path: process.argv[2] ?? 'chat.png' });
await browser.close();
