/* Starts Chromium and offers the few steps that most tests share. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

export const base = process.env.PARLEY_URL ?? 'http://127.0.0.1:5280';
export const domain = process.env.PARLEY_DOMAIN ?? 'localhost';
export const people = {
  alice: process.env.PARLEY_ALICE_PASSWORD,
  bob: process.env.PARLEY_BOB_PASSWORD,
};

/** Only a hang takes longer, even on a machine that does much else. */
export const patience = 120_000;

// The same engine; the one without windows costs half as much.
const browsers = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launch() {
  const executablePath = process.env.CHROMIUM ?? browsers.find((path) => existsSync(path));
  return chromium.launch({ executablePath, args, timeout: patience });
}

/**
 * A fresh person at a fresh browser; errors of the page fail the test. With
 * clock the test can stop the page's time, and let it go on as it likes.
 */
export async function visitor(browser, { clock = false, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(patience);
  if (clock) await context.clock.install();
  const errors = [];
  context.on('weberror', (e) => errors.push(e.error().message));
  context.on('console', (m) => {
    if (m.type() === 'error' && /Content Security Policy|parley:/.test(m.text())) errors.push(m.text());
  });
  const page = await context.newPage();
  return { context, page, errors };
}

/** Makes an account through the page. */
export async function signUp(page, name, password, at = base) {
  await page.goto(`${at}/#/register`);
  await page.getByLabel('Choose a name').fill(name);
  await page.locator('input[name=password]').fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await inside(page);
}

export async function logIn(page, name, password, at = base) {
  await page.goto(`${at}/`);
  await page.getByLabel('Name').fill(name);
  await page.locator('input[name=password]').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await inside(page);
}

/** Waits until the list is shown and the connection is up. */
export async function inside(page) {
  await page.locator('.me').waitFor();
  await online(page);
}

export async function online(page) {
  await page.locator('.me .dot:not(.offline)').waitFor({ state: 'attached' });
}

export async function openChat(page, name) {
  await page.locator('.list a', { hasText: name }).click();
  await page.locator('.chat-head h1', { hasText: name }).waitFor();
}

export async function say(page, text) {
  const composer = page.locator('#composer');
  await composer.fill(text);
  await composer.press('Enter');
}

/** Waits for a message in the open conversation. */
export async function hears(page, text) {
  await page.locator('.bubble', { hasText: text }).first().waitFor();
}

/** Waits until nothing of the open conversation is on its way any more. */
export async function allStored(page) {
  await page.waitForFunction(() => !document.querySelector('.mark.waiting'));
}

/** Stops the page's time: its timers wait for page.clock.runFor. */
export async function stopTime(page) {
  await page.clock.pauseAt(Date.now() + 1_000);
}

/** Makes two people each other's contacts, through the page. */
export async function befriend(a, b, nameA, nameB) {
  await a.goto(new URL('#/add', a.url()).href);
  await a.getByLabel('Name or address').fill(nameB);
  await a.getByRole('button', { name: 'Add contact' }).click();
  await b.getByRole('button', { name: 'Accept' }).first().click();
  await b.locator('.list a', { hasText: nameA }).waitFor();
  await a.locator('.list a', { hasText: nameB }).waitFor();
}

let serial = 0;
const run = Date.now().toString(36);

/** A name that no earlier run has used. */
export function newName(stem) {
  return `${stem}${run}${(serial++).toString(36)}`;
}

export const newPassword = 'correct horse battery';

export { assert };
