/*
 * A browser driven line by line: "WHO VERB WORDS", where WHO names a person at
 * a window of their own, which opens at the first mention. Each line is answered
 * by "ok" or "failed WHY". It ends with its standard input; an error that a
 * page has reported makes that "failed".
 *
 *   PARLEY_URL=http://127.0.0.1:5280 node browser.mjs FOLDER-FOR-PICTURES
 */
import { createInterface } from 'node:readline';
import { base, domain, hears, launch, logIn, online, openChat, say, visitor } from '../../../webclient/tests/e2e/harness.mjs';

const bare = (name) => `${name}@${domain}`;
const contact = (page, name) => page.locator('.list a', { hasText: name });

/** What a person can do and notice. The classic page has verbs of its own. */
const verbs = {
  enters: (page, who, password) => logIn(page, who, password),
  opens: (page, _, name) => openChat(page, name),
  says: (page, _, text) => say(page, text),
  hears: (page, _, text) => hears(page, text),
  sees: (page, _, words) => {
    const [name, show] = words.split(' ');
    return contact(page, name).locator(`.dot.${show}`).waitFor({ state: 'attached' });
  },
  reads: (page, _, status) => page.locator('.chat-who p', { hasText: status }).waitFor(),
  shows: async (page, _, words) => {
    const [label, status] = words.split(': ');
    await page.locator('.me-button').click();
    await page.getByLabel(label).check();
    await page.getByLabel('Status').fill(status);
    await page.getByRole('button', { name: 'Save' }).click();
  },
  has: (page, _, text) => page.locator('.bubble-row.mine', { hasText: text }).locator('.mark.sent, .mark.received').waitFor(),
  'reads all': async (page, _, texts) => {
    await hears(page, texts.split(', ').at(-1));
    const got = (await page.locator('.bubble .body').allInnerTexts()).join(', ');
    if (got !== texts) throw new Error(`the page shows ${got}`);
  },
  'is cut off': (page) => page.locator('.banner.shown').waitFor(),
  'is back': async (page) => {
    await online(page);
    await page.locator('.banner.shown').waitFor({ state: 'detached' });
    await page.locator('.mark.waiting').first().waitFor({ state: 'detached' });
  },

  connects: async (page, who, password) => {
    await page.goto(`${base}/classic/`);
    await page.getByLabel('Address').fill(bare(who));
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Connect' }).click();
    await printed(page, `Connected as ${bare(who)}/`);
  },
  announces: async (page, _, words) => {
    const [show, status] = words.split(': ');
    await page.getByLabel('Status').fill(status);
    await page.locator('#show').selectOption(show);
  },
  writes: async (page, _, words) => {
    const [to, text] = words.split(': ');
    await page.getByLabel('To').fill(bare(to));
    await page.getByLabel('Message').fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
  },
  finds: (page, _, text) => printed(page, text),
  disconnects: async (page) => {
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await printed(page, 'Disconnected.');
  },
};

function printed(page, text) {
  return page.locator('#output').getByText(text).first().waitFor();
}

const browser = await launch();
const people = new Map();

async function person(who) {
  if (!people.has(who)) {
    people.set(who, await visitor(browser));
  }
  return people.get(who);
}

async function obey(line) {
  const [who, ...rest] = line.split(' ');
  const order = rest.join(' ');
  const verb = Object.keys(verbs).sort((a, b) => b.length - a.length).find((v) => order === v || order.startsWith(`${v} `));
  if (!verb) throw new Error('there is no such verb');
  const { page } = await person(who);
  await verbs[verb](page, who, order.slice(verb.length + 1));
}

const answer = (err) => console.log(err ? `failed ${String(err.message ?? err).replaceAll('\n', ' ')}` : 'ok');

for await (const line of createInterface({ input: process.stdin })) {
  try {
    await obey(line);
    answer();
  } catch (err) {
    for (const [who, v] of people) await v.page.screenshot({ path: `${process.argv[2]}/${who}.png` }).catch(() => undefined);
    answer(err);
  }
}
const errors = [...people.values()].flatMap((v) => v.errors);
await browser.close();
answer(errors.length > 0 && errors.join('; '));
