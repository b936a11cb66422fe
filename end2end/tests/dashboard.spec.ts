// What both dashboards share: lists with columns, files and actions on many rows, the search and its
// palette, charts that tell their values.
import { AxeBuilder } from '@axe-core/playwright';
import { request, type Page } from '@playwright/test';
import { expect, logIn, logins, test, unique, url } from './fixture';

async function asAdmin(page: Page): Promise<void> {
  const { email, password } = logins().admin;
  await logIn(page, email, password);
}

/** The dashboard of the demonstration's company. */
async function asTenant(page: Page): Promise<string> {
  const { email, password } = logins().tenant;
  await logIn(page, email, password);
  await page.goto(url('/tenants'));
  return (await page.getByRole('link', { name: /Fjordline Goods/ }).first().getAttribute('href')) ?? '';
}

async function newTenants(names: string[]): Promise<void> {
  const api = await request.newContext({ extraHTTPHeaders: { authorization: `Bearer ${logins().tenant.token}` } });
  for (const name of names) expect((await api.post(url('/api/v1/tenants'), { data: { name } })).status()).toBe(201);
  await api.dispose();
}

test('a list shows the chosen columns, keeps its state in the address, and its file has the same', async ({ page }) => {
  await asAdmin(page);
  await page.goto(url('/admin/tenants?page=2&limit=25'));
  await page.getByRole('searchbox', { name: 'Name or slug' }).fill('fjordline');
  await page.getByRole('combobox', { name: 'Status' }).selectOption('active');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(page).toHaveURL(/q=fjordline/);
  await expect(page).not.toHaveURL(/page=/);
  const columns = page.locator('summary', { hasText: 'Columns' });
  await columns.click();
  for (const name of ['Owner', 'Members', 'Applications']) await page.getByRole('checkbox', { name, exact: true }).uncheck();
  await page.getByRole('button', { name: 'Show these columns' }).click();
  await expect(page).toHaveURL(/q=fjordline.*cols=tenant&cols=status/);
  await expect(page.getByRole('columnheader', { name: 'Status' })).toBeVisible();
  await expect(page.getByRole('columnheader', { name: 'Members' })).toHaveCount(0);
  const file = await page.request.get(url((await page.getByRole('link', { name: 'CSV' }).getAttribute('href')) ?? ''));
  const [heading, ...rows] = (await file.text()).trim().split('\r\n');
  expect(heading).toBe('"id","name","slug","status","subscriptions","requests_30_days","created_at"');
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.every((row) => /fjordline/i.test(row) && row.includes('"active"'))).toBe(true);
  await page.getByRole('link', { name: 'Clear all' }).click();
  await expect(page).not.toHaveURL(/q=|status=/);
  await expect(page).toHaveURL(/cols=tenant/);
});

test('tenants are suspended and resumed together, and what could not be done is told', async ({ page }) => {
  const name = unique('Bulk').replace(' ', '-');
  await newTenants([`${name} one`, `${name} two`]);
  await asAdmin(page);
  const list = `/admin/tenants?q=${name}`;
  await page.goto(url(list));
  await page.getByRole('checkbox', { name: `Choose ${name} one` }).check();
  await page.getByRole('button', { name: 'Suspend…' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Suspend 1 tenant?');
  await page.getByLabel('Reason').fill('A journey');
  await page.getByRole('button', { name: 'Suspend them' }).click();
  await expect(page).toHaveURL(url(list));
  await expect(page.getByText('1 tenant is suspended.')).toBeVisible();

  for (const which of ['one', 'two']) await page.getByRole('checkbox', { name: `Choose ${name} ${which}` }).check();
  await page.getByRole('button', { name: 'Suspend…' }).click();
  await page.getByLabel('Reason').fill('A journey');
  await page.getByRole('button', { name: 'Suspend them' }).click();
  const report = page.getByRole('region', { name: 'What could not be done' });
  await expect(report).toContainText(`The tenant is suspended, so this cannot be done. ${name} one`);

  await page.getByRole('checkbox', { name: `Choose ${name} two` }).check();
  await page.getByRole('radio', { name: 'All 2 that match' }).check();
  await page.getByRole('button', { name: 'Resume…' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Resume 2 tenants?');
  await page.getByRole('button', { name: 'Resume them' }).click();
  await expect(page.getByText('2 tenants work again.')).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: name }).filter({ hasText: 'Active' })).toHaveCount(2);
});

test('the search leads from the top bar to whatever one may open', async ({ page }) => {
  const home = await asTenant(page);
  await page.goto(url(home));
  const field = page.getByRole('banner').or(page.locator('.topbar')).first().getByRole('searchbox', { name: 'Search' });
  await field.fill('fjordline-store');
  await field.press('Enter');
  await expect(page).toHaveURL(/\/search\?q=fjordline-store/);
  await page.getByRole('main').getByRole('link', { name: /Fjordline Store/ }).first().click();
  await expect(page).toHaveURL(/\/applications\/fjordline-store/);
});

test('the palette is opened, moved in and left by the keyboard @scripts', async ({ page }) => {
  const home = await asTenant(page);
  await page.goto(url(home));
  const field = page.getByRole('combobox', { name: 'Pages, records and actions' });
  await expect(async () => {
    await page.keyboard.press('Control+k');
    await expect(field).toBeFocused({ timeout: 500 });
  }).toPass();
  await expect(page.getByRole('option', { name: 'New application' })).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowDown');
  const second = page.getByRole('option').nth(1);
  await expect(second).toHaveAttribute('aria-selected', 'true');
  await expect(field).toHaveAttribute('aria-activedescendant', (await second.getAttribute('id')) ?? '');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await expect(page.getByRole('option').last()).toHaveAttribute('aria-selected', 'true');
  const axe = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze();
  expect(axe.violations.map((violation) => violation.id)).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(field).toBeHidden();

  await page.keyboard.press('Control+k');
  await field.fill('fjordline-store');
  await expect(page.getByRole('option').first()).toContainText('Fjordline Store');
  await expect(page.getByRole('dialog').getByRole('status')).toHaveText(/found/);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/applications\/fjordline-store/);
});

test('a chart tells its values at the pointer and by the arrow keys, and nothing moves @scripts', async ({ page }) => {
  const home = await asTenant(page);
  await page.goto(url(`${home}/usage?range=30d`));
  const chart = page.locator('figure.chart').first();
  const plot = chart.locator('[data-plot]');
  await expect(plot).toHaveAttribute('tabindex', '0');
  const before = await chart.boundingBox();
  await plot.hover({ position: { x: 40, y: 60 } });
  const tip = plot.locator('.tip');
  await expect(tip).toContainText(/\w+: \d/);
  const first = await tip.innerText();
  await page.mouse.move(0, 0);
  await expect(tip).toBeHidden();
  await plot.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await expect(tip).toBeVisible();
  await page.keyboard.press('End');
  await expect(tip).not.toHaveText(first);
  expect(await chart.boundingBox()).toEqual(before);
});

test('the timeline of an application moves by itself for a super admin too @scripts', async ({ page }) => {
  const { token, id: tenant } = logins().tenant;
  await asAdmin(page);
  const api = await request.newContext({ extraHTTPHeaders: { authorization: `Bearer ${token}` } });
  const data = { product: 'ecommerce', name: unique('Watched'), config: { store_name: 'Watched' } };
  const made = await api.post(url(`/api/v1/tenants/${tenant}/applications`), { data });
  expect(made.status()).toBe(202);
  await page.goto(url(`/admin/applications/${(await made.json()).id}`));
  await expect(page.locator('.timeline li.done')).toHaveCount(5, { timeout: 30_000 });
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Active');
  await api.dispose();
});
