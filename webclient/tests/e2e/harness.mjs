/* Starts Chromium and offers the few steps that most tests share. */
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

export const base = process.env.PARLEY_URL ?? 'http://127.0.0.1:5280';
export const domain = process.env.PARLEY_DOMAIN ?? 'localhost';
export const people = {
  alice: process.env.PARLEY_ALICE_PASSWORD,
  bob: process.env.PARLEY_BOB_PASSWORD,
};

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
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
}

/** A fresh person at a fresh browser; errors of the page fail the test. */
export async function visitor(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(30_000);
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
  await page.locator('#composer').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

/** Waits for a message in the open conversation. */
export async function hears(page, text) {
  await page.locator('.bubble', { hasText: text }).first().waitFor();
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
