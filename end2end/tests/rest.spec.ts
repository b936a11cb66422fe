// The same journey by REST alone, told only by demo.json and the OpenAPI document: every call is
// looked up there by its name, and its answer must be one that the document knows. @scripts
import { request, type APIRequestContext } from '@playwright/test';
import { call, expect, logins, test, unique, url } from './fixture';

interface Operation {
  method: string;
  path: string;
  answers: string[];
}

async function operations(api: APIRequestContext): Promise<Map<string, Operation>> {
  const document = await (await api.get(url('/api/v1/openapi.json'))).json();
  expect(document.openapi).toMatch(/^3\.1/);
  const found = new Map<string, Operation>();
  for (const [path, methods] of Object.entries<Record<string, { operationId: string; responses: object }>>(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      found.set(operation.operationId, { method, path: document.servers[0].url + path, answers: Object.keys(operation.responses) });
    }
  }
  return found;
}

test('the journey passes by REST alone, as the OpenAPI document says @scripts', async () => {
  const { admin, tenant } = logins();
  const api = await request.newContext();
  const known = await operations(api);
  const send = async (name: string, token: string, fill: Record<string, string> = {}, data?: unknown, status?: number) => {
    const operation = known.get(name);
    if (!operation) throw new Error(`${name} is not in the document`);
    const path = operation.path.replace(/\{(\w+)\}/g, (_, part) => fill[part] ?? `missing-${part}`);
    const answer = await api.fetch(url(path), { method: operation.method, data, headers: { authorization: `Bearer ${token}` } });
    // Refusals share one shape, described as `default`.
    const described = operation.answers.includes(String(answer.status())) || (answer.status() >= 400 && operation.answers.includes('default'));
    expect(described, `${name} answered ${answer.status()}, which the document does not know`).toBe(true);
    if (status) expect(answer.status(), name).toBe(status);
    return answer.status() === 204 ? null : answer.json();
  };

  const slug = unique('rest').replace(' ', '-');
  expect((await send('get_me', tenant.token)).user.email).toBe(tenant.email);
  const t = (await send('create_tenant', tenant.token, {}, { name: slug }, 201)).id;
  const products = await send('list_products', tenant.token);
  expect(JSON.stringify(products)).toContain('ecommerce');
  const subscription = await send('subscribe', tenant.token, { t }, { product: 'ecommerce', plan: 'free' }, 201);
  expect(subscription.status).toBe('active');
  expect((await send('subscribe', tenant.token, { t }, { product: 'ecommerce', plan: 'free' }, 409)).code).toBe('subscription_exists');
  expect((await send('provision', tenant.token, { t }, { product: 'ecommerce', name: 'x', config: {} }, 422)).errors[0].field).toBe('config.store_name');
  const made = await send('provision', tenant.token, { t }, { product: 'ecommerce', name: 'Rest', config: { store_name: 'Rest' } }, 202);
  const application = made.id;
  await expect.poll(async () => (await send('get_application', tenant.token, { t, application })).status, { timeout: 30_000 }).toBe('active');
  const timeline = await send('get_timeline', tenant.token, { t, application });
  expect(timeline.steps.every((step: { status: string }) => step.status === 'done')).toBe(true);

  const { client_id, client_secret } = made.key;
  const order = await call('ecommerce', '/v1/orders', client_id, client_secret, { items: [{ sku: 'FJ-204', quantity: 1 }] });
  expect(order.status).toBe(201);
  const second = await send('create_key', tenant.token, { t, application }, { name: 'narrow', scopes: ['GET /v1/products'] }, 201);
  expect((await call('ecommerce', '/v1/products', second.client_id, second.client_secret)).status).toBe(200);
  expect((await call('ecommerce', '/v1/orders', second.client_id, second.client_secret)).body.code).toBe('scope_insufficient');
  await send('revoke_key', tenant.token, { t, application, key: second.id }, undefined, 204);
  // A revocation bites within half a second; what is let through before is counted too.
  let late = 0;
  await expect
    .poll(async () => {
      const { status } = await call('ecommerce', '/v1/products', second.client_id, second.client_secret);
      late += status === 200 ? 1 : 0;
      return status;
    })
    .toBe(401);
  const stranger = logins().applications.find((one) => one.id !== application && one.product === 'ecommerce');
  if (stranger) {
    const other = await call('ecommerce', `/v1/orders/${order.body.id}`, stranger.client_id, stranger.client_secret);
    expect(other.status).toBe(404);
  }
  await expect
    .poll(
      async () => {
        const usage = await send('get_usage', tenant.token, { t, application });
        return usage.data.reduce((sum: number, point: { requests: number }) => sum + point.requests, 0);
      },
      { timeout: 20_000 },
    )
    .toBe(2 + late);
  expect((await send('advance_clock', admin.token, {}, { advance_seconds: 0 }, 200)).now).toMatch(/Z$/);
  await send('cancel_subscription', tenant.token, { t, subscription: subscription.id }, { at: 'now' }, 200);
  await expect.poll(async () => (await call('ecommerce', '/v1/products', client_id, client_secret)).status).toBe(403);
  expect((await send('get_tenant', admin.token, { t }, undefined, 404)).code).toBe('not_found');
  await api.dispose();
});
