// Every page of the demonstration in both themes and three widths: no axe violation, nothing wider
// than the screen, no complaint in the console. @scripts
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, logIn, logins, test, url } from './fixture';

const themes = ['light', 'dark'] as const;
const widths = [360, 768, 1280];

async function check(page: Page, paths: string[]): Promise<void> {
  const found: string[] = [];
  for (const path of paths) {
    for (const theme of themes) {
      await page.context().addCookies([{ name: 'theme', value: theme, url: url('/') }]);
      const answer = await page.goto(url(path));
      expect(answer?.status(), path).toBeLessThan(400);
      for (const width of widths) {
        await page.setViewportSize({ width, height: 900 });
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (overflow > 0) found.push(`${path} ${theme} ${width}: ${overflow} px wider than the screen`);
        const axe = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze();
        for (const violation of axe.violations) {
          found.push(`${path} ${theme} ${width}: ${violation.id}: ${violation.nodes.map((node) => node.target.join(' ')).slice(0, 3).join(', ')}`);
        }
      }
    }
  }
  expect(found).toEqual([]);
}

/** Links of a page that lead to further pages of the same kind. */
async function linksBelow(page: Page, start: string, prefix: string, most: number): Promise<string[]> {
  await page.goto(url(start));
  const all = await page.locator('main a[href]').evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''));
  return [...new Set(all.map((href) => href.split('#')[0]).filter((href) => href.startsWith(prefix) && href !== start && !href.includes('?') && !href.endsWith('.csv')))].slice(0, most);
}

test('public pages @scripts', async ({ page }) => {
  test.setTimeout(240_000);
  await check(page, ['/', '/catalog', '/catalog/ecommerce', '/status', '/login', '/register', '/forgot', '/docs/errors', '/docs/api']);
});

test('the style guide @scripts', async ({ page }) => {
  test.setTimeout(240_000);
  await check(page, ['/styleguide', '/styleguide/tenant', '/styleguide/admin', '/styleguide/auth']);
});

test('pages of a tenant @scripts', async ({ page }) => {
  test.setTimeout(600_000);
  const { email, password } = logins().tenant;
  await logIn(page, email, password);
  await page.goto(url('/tenants'));
  const home = (await page.getByRole('link', { name: /Fjordline Goods/ }).first().getAttribute('href')) ?? '';
  const application = (await linksBelow(page, `${home}/applications`, `${home}/applications/`, 20)).find((path) => path.includes('fjordline-store')) ?? '';
  expect(application).not.toBe('');
  await check(page, [
    home,
    `${home}/applications`,
    `${home}/applications/new?product=ecommerce`,
    application,
    `${application}/config`,
    `${application}/keys`,
    `${application}/usage?range=30d`,
    `${application}/settings`,
    `${home}/usage`,
    `${home}/subscriptions`,
    ...(await linksBelow(page, `${home}/subscriptions`, `${home}/subscriptions/`, 1)),
    `${home}/subscribe`,
    `${home}/team`,
    `${home}/team/invite`,
    `${home}/search?q=fjordline`,
    `${home}/activity`,
    `${home}/settings`,
    '/account',
    '/account/sessions',
    '/account/tokens',
    '/tenants',
    '/tenants/new',
    '/search?q=store',
  ]);
});

test('pages of the admin panel @scripts', async ({ page }) => {
  test.setTimeout(600_000);
  const { email, password } = logins().admin;
  await logIn(page, email, password);
  await check(page, [
    '/admin',
    '/admin/tenants',
    ...(await linksBelow(page, '/admin/tenants', '/admin/tenants/', 1)),
    '/admin/users',
    ...(await linksBelow(page, '/admin/users', '/admin/users/', 1)),
    '/admin/services',
    '/admin/services/new',
    '/admin/services/ecommerce-service',
    '/admin/products',
    '/admin/products/new',
    '/admin/products/ecommerce',
    '/admin/products/ecommerce/plans/new',
    '/admin/products/ecommerce/plans/pro',
    '/admin/subscriptions',
    '/admin/applications',
    ...(await linksBelow(page, '/admin/applications', '/admin/applications/', 1)),
    '/admin/jobs',
    '/admin/audit',
    '/admin/mail',
    ...(await linksBelow(page, '/admin/mail', '/admin/mail/', 1)),
    '/admin/settings',
    '/admin/search?q=fjordline',
    '/admin/tenants/suspend?form[scope]=all&form[query]=%3Fq%3Dfjordline',
  ]);
});
