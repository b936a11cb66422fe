// The journey that must always work: from registration to the first call and its usage.
import { call, expect, linkIn, mailTo, test, unique, url } from './fixture';

test('a newcomer registers, subscribes, provisions, calls and sees the call', async ({ page }, info) => {
  const scripts = info.project.use.javaScriptEnabled !== false;
  const email = `${unique('newcomer').replace(' ', '-')}@people.example`;
  await page.goto(url('/'));
  await page.goto(url('/register'));
  await page.getByLabel('Your name').fill('Nora Newcomer');
  await page.getByLabel('Work e-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill('a long enough password');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/mail/i);

  await page.goto(url(linkIn(await mailTo(email))));
  await page.getByRole('button', { name: 'Confirm the address' }).click();
  await page.goto(url('/login'));
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill('a long enough password');
  await page.getByRole('button', { name: 'Log in' }).click();

  const tenant = unique('Nora Trading');
  await page.goto(url('/tenants/new'));
  await page.getByLabel('Name', { exact: true }).fill(tenant);
  await page.getByRole('button', { name: 'Create tenant' }).click();
  await expect(page).toHaveURL(/\/t\/nora-trading/);
  const home = new URL(page.url()).pathname;

  await page.goto(url(`${home}/subscribe?product=ecommerce&plan=free`));
  await page.getByRole('main').getByRole('button', { name: /subscribe|start|confirm/i }).first().click();
  await expect(page.getByText(/E-commerce API/).first()).toBeVisible();

  await page.goto(url(`${home}/applications/new?product=ecommerce`));
  await page.getByLabel('Name', { exact: true }).fill('My Awesome Store');
  await page.getByLabel('Store name').fill('My Awesome Store');
  await page.getByRole('button', { name: 'Provision' }).click();
  await expect(page).toHaveURL(/\/applications\/my-awesome-store/);
  const shown = await page.getByRole('main').innerText();
  const id = shown.match(/mci_[0-9a-z]+/)?.[0] ?? '';
  const secret = shown.match(/mcs_[0-9A-Za-z]+/)?.[0] ?? '';
  expect(id).not.toBe('');
  expect(secret).not.toBe('');
  const application = new URL(page.url()).pathname;
  if (scripts) {
    // The timeline moves by itself; the page stays, for the secret is on it.
    await expect(page.locator('.timeline li.done')).toHaveCount(5, { timeout: 30_000 });
  }
  await expect(async () => {
    await page.goto(url(application));
    await expect(page.getByRole('heading', { level: 1 })).toContainText(/active/i, { timeout: 1000 });
  }).toPass({ timeout: 30_000 });
  expect(await page.getByRole('main').innerText()).not.toContain(secret);

  const order = await call('ecommerce', '/v1/orders', id, secret, { items: [{ sku: 'FJ-204', quantity: 2 }] });
  expect(order.status).toBe(201);
  expect(order.body.total.amount).toBeGreaterThan(0);
  const wrong = await call('ecommerce', '/v1/orders', id, `${secret.slice(0, -1)}!`);
  expect([wrong.status, wrong.body.code]).toEqual([401, 'credentials_invalid']);

  await expect
    .poll(
      async () => {
        await page.goto(url(`${application}/usage`));
        return page.getByRole('main').innerText();
      },
      { timeout: 20_000 },
    )
    .toMatch(/\/v1\/orders/);
});

test('a form that is wrong keeps what was typed and names the field', async ({ page }) => {
  await page.goto(url('/register'));
  await page.getByLabel('Your name').fill('Nora');
  await page.getByLabel('Work e-mail').fill('nora@nowhere.example');
  await page.getByLabel('Password', { exact: true }).fill('short');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page).toHaveTitle(/^Error:/);
  await expect(page.getByLabel('Your name')).toHaveValue('Nora');
  await expect(page.getByLabel('Password', { exact: true })).toHaveValue('');
  await expect(page.getByRole('alert')).toContainText(/10 characters/);
});

test('the log-in tells nothing about accounts and leads back to where one was going', async ({ page }) => {
  await page.goto(url('/account'));
  await expect(page).toHaveURL(/\/login\?next=/);
  await page.getByLabel('E-mail').fill('nobody-here@people.example');
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByText('The e-mail address or the password is wrong').first()).toBeVisible();
});
