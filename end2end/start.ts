// Starts `mintreu demo` from target/release and waits for the company to be ready. The address and
// the data directory go to the tests by environment.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function until(what: string, holds: () => Promise<boolean> | boolean, seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    if (await holds()) return;
    await new Promise((next) => setTimeout(next, 100));
  }
  throw new Error(`${what} within ${seconds} s`);
}

/** With MINTREU_E2E_POSTGRES the platform and its applications are on the server that with-postgres started. */
function databases(): Record<string, string> {
  const server = process.env.MINTREU_TEST_POSTGRES;
  if (!process.env.MINTREU_E2E_POSTGRES) return {};
  if (!server) throw new Error('run this by with-postgres');
  const name = `e2e_${process.pid}`;
  const made = spawnSync('psql', [server, '-qc', `CREATE DATABASE ${name}`], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr || String(made.error));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { MINTREU_DATABASE_URL: url.href, MINTREU_APP_DATABASE_URL: server };
}

export default async function start(): Promise<() => Promise<void>> {
  if (process.env.MINTREU_E2E_URL) return async () => {};
  const root = resolve(__dirname, '..');
  const program = join(root, 'target/release/mintreu');
  if (!existsSync(program)) throw new Error(`${program} is missing: run make build`);
  const data = mkdtempSync(join(tmpdir(), 'mintreu-e2e-'));
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(program, ['demo'], {
    cwd: root,
    env: { ...process.env, MINTREU_BIND: url.slice('http://'.length), MINTREU_DATA_DIR: data, MINTREU_TEST_CLOCK: '1', RUST_LOG: 'warn', ...databases() },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  try {
    await until('mintreu demo was ready', () => log.includes('Mintreu is ready') || child.exitCode !== null, 90);
    if (child.exitCode !== null) throw new Error('mintreu demo ended');
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${String(error)}\n${log}`);
  }
  process.env.MINTREU_E2E_URL = url;
  process.env.MINTREU_E2E_DATA = data;
  return async () => {
    child.kill('SIGTERM');
    await until('mintreu stopped', () => child.exitCode !== null || child.signalCode !== null, 20);
    if (child.exitCode !== 0) throw new Error(`mintreu ended with ${child.exitCode ?? child.signalCode}\n${log}`);
    rmSync(data, { recursive: true, force: true });
  };
}

export function demo(): { url: string; admin: Login; tenant: Login & { id: string }; applications: Access[]; curl: string } {
  return JSON.parse(readFileSync(join(process.env.MINTREU_E2E_DATA ?? 'data', 'demo.json'), 'utf8'));
}

export interface Login {
  email: string;
  password: string;
  token: string;
}

export interface Access {
  product: string;
  id: string;
  client_id: string;
  client_secret: string;
}
