// What every journey shares: a page on which any console error or broken policy fails the test,
// the demonstration's logins, and the few REST calls that stand for reading one's mail.
import { expect, request, test as base, type Page } from '@playwright/test';
import { demo } from '../start';

export { expect };

/** A page that nothing may complain on. A status of 4xx that a test provokes is its own affair. */
export const test = base.extend<{ page: Page }>({
  page: async ({ page }, use, testInfo) => {
    const complaints: string[] = [];
    page.on('console', (message) => {
      const text = message.text();
      const provoked = text.startsWith('Failed to load resource') && /status of 4\d\d/.test(text);
      // Chromium expects of a page that stays open for seconds that it runs what it was told to load early.
      const unused = testInfo.project.use.javaScriptEnabled === false && text.includes('preloaded using link preload but not used');
      if ((message.type() === 'error' || message.type() === 'warning') && !provoked && !unused) complaints.push(text);
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await use(page);
    expect(complaints, 'console errors, warnings and policy violations').toEqual([]);
  },
});

export const url = (path: string) => process.env.MINTREU_E2E_URL + path;
export const logins = demo;

/** Unique over projects and repeats. */
export const unique = (word: string) => `${word} ${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;

export async function logIn(page: Page, email: string, password: string): Promise<void> {
  await page.goto(url('/login'));
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page).not.toHaveURL(/\/login/);
}

/** The latest mail to an address, by the super admin's token. */
export async function mailTo(address: string): Promise<string> {
  const api = await request.newContext({ extraHTTPHeaders: { authorization: `Bearer ${demo().admin.token}` } });
  const answer = await api.get(url(`/api/v1/admin/mail?q=${encodeURIComponent(address)}`));
  expect(answer.status()).toBe(200);
  const { data } = await answer.json();
  await api.dispose();
  expect(data.length).toBeGreaterThan(0);
  return data[0].text;
}

/** The link of a mail, as a path. */
export const linkIn = (mail: string): string => {
  const found = mail.match(/https?:\/\/[^/\s]+(\/\S+)/);
  if (!found) throw new Error(`no link in: ${mail}`);
  return found[1];
};

/** A call through the gateway. */
export async function call(product: string, path: string, id: string, secret: string, body?: unknown) {
  const api = await request.newContext();
  const headers = { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
  const target = url(`/products/${product}${path}`);
  const answer = body === undefined ? await api.get(target, { headers }) : await api.post(target, { headers, data: body });
  const result = { status: answer.status(), body: await answer.json().catch(() => null) };
  await api.dispose();
  return result;
}
