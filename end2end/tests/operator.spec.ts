// An operator brings a second service to market through the admin panel alone; nothing restarts.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { call, expect, logIn, logins, test, unique, url } from './fixture';

let service: Server;
let address: string;

test.beforeAll(async () => {
  service = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.url === '/healthz') return response.end('{"ok":true}');
    response.end(JSON.stringify({ greeting: `hello ${request.url?.split('/').pop()}`, application: request.headers['mintreu-application'] }));
  });
  await new Promise<void>((listening) => service.listen(0, '127.0.0.1', listening));
  address = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
});

test.afterAll(() => {
  service.close();
});

test('a service is registered, sold as a product with two plans, published, subscribed to and called', async ({ page, browser }) => {
  const slug = unique('greet').replace(' ', '-').toLowerCase();
  const admin = logins().admin;
  await logIn(page, admin.email, admin.password);

  await page.goto(url('/admin/services/new'));
  await page.getByLabel('Slug').fill(slug);
  await page.getByLabel('Name', { exact: true }).fill('Greeter');
  await page.locator('[name="form[base_urls]"]').fill(address);
  await page.locator('[name="form[routes]"]').fill('GET /v1/greetings/{name}');
  await page.locator('[name="form[health_path]"]').fill('/healthz');
  await page.getByRole('main').getByRole('button', { name: /register|create|save/i }).first().click();
  await expect(page).toHaveURL(new RegExp(`/admin/services(/${slug})?`));

  await page.goto(url('/admin/products/new'));
  await page.getByLabel('Slug').fill(slug);
  await page.getByLabel('Name', { exact: true }).fill('Greetings API');
  await page.locator('[name="form[service]"]').selectOption(slug);
  await page.locator('[name="form[summary]"]').fill('Says hello to anybody.');
  await page.getByRole('main').getByRole('button', { name: /create/i }).first().click();
  await expect(page).toHaveURL(new RegExp(`/admin/products/${slug}`));

  for (const [code, price] of [['free', '0'], ['plus', '9.50']]) {
    await page.goto(url(`/admin/products/${slug}/plans/new`));
    await page.locator('[name="form[code]"]').fill(code);
    await page.locator('[name="form[name]"]').fill(code === 'free' ? 'Free' : 'Plus');
    await page.locator('[name="form[price]"]').fill(price);
    await page.locator('[name="form[trial_days]"]').fill('0');
    await page.locator('[name="form[included_requests]"]').fill('1000');
    await page.locator('[name="form[rate_per_second]"]').fill('50');
    await page.locator('[name="form[burst]"]').fill('50');
    await page.locator('[name="form[max_applications]"]').fill('3');
    await page.getByRole('main').getByRole('button', { name: /create/i }).first().click();
    await expect(page).not.toHaveURL(/\/plans\/new/);
  }
  await page.goto(url(`/admin/products/${slug}/publish`));
  await page.getByRole('main').getByRole('button', { name: /publish/i }).first().click();
  await page.goto(url(`/catalog/${slug}`));
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Greetings API');

  const tenant = logins().tenant;
  const context = await browser.newContext();
  const theirs = await context.newPage();
  await logIn(theirs, tenant.email, tenant.password);
  await theirs.goto(url('/tenants'));
  const home = await theirs.getByRole('link', { name: /Fjordline Goods/ }).first().getAttribute('href');
  await theirs.goto(url(`${home}/subscribe?product=${slug}&plan=free`));
  await theirs.getByRole('main').getByRole('button', { name: /subscribe|start|confirm/i }).first().click();
  await theirs.goto(url(`${home}/applications/new?product=${slug}`));
  await theirs.getByLabel('Name', { exact: true }).fill('Hello desk');
  await theirs.getByRole('button', { name: 'Provision' }).click();
  await expect(theirs).toHaveURL(/\/applications\/hello-desk/);
  const shown = await theirs.getByRole('main').innerText();
  const [id, secret] = [shown.match(/mci_[0-9a-z]+/)?.[0] ?? '', shown.match(/mcs_[0-9A-Za-z]+/)?.[0] ?? ''];
  await context.close();

  await expect.poll(async () => (await call(slug, '/v1/greetings/ines', id, secret)).status, { timeout: 20_000 }).toBe(200);
  const answer = await call(slug, '/v1/greetings/ines', id, secret);
  expect(answer.body.greeting).toBe('hello ines');
  expect(answer.body.application).toMatch(/^app_/);
  expect((await call(slug, '/v1/other', id, secret)).body.code).toBe('route_unknown');
});

test('a tenant finds no admin panel', async ({ page }) => {
  const tenant = logins().tenant;
  await logIn(page, tenant.email, tenant.password);
  const answer = await page.goto(url('/admin'));
  expect(answer?.status()).toBe(404);
});
