import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { listenIn } from './listening';
import { isEnabled, type Control, type Role, type Tab } from './tab';

const driverName = 'WebKitWebDriver';
const driverPort = 4822;

/** What may have a role, narrow enough that few elements are asked for their names. */
const candidates: Record<Role, string> = { button: 'button', tab: '[role="tab"]', table: 'table' };

/** How an element crosses: under one key that the W3C protocol fixes. */
type ElementReference = Record<string, string>;

/** Starts MiniBrowser, WebKitGTK's own browser, driven over W3C WebDriver. */
export async function startWebKit(baseURL: string): Promise<Tab> {
  const driver = await startDriver();
  const server = await listenIn(baseURL);
  async function stop() {
    server.close();
    await driver.stop();
  }

  let session: string;
  try {
    const timeouts = { script: 240_000, pageLoad: 60_000 };
    const created = await driver.send('POST', '/session', { capabilities: { alwaysMatch: { timeouts } } });
    session = `/session/${(created as { sessionId: string }).sessionId}`;
  } catch (error) {
    await stop();
    throw error;
  }

  const get = (path: string) => driver.send('GET', session + path);
  const post = (path: string, body: object = {}) => driver.send('POST', session + path, body);
  const call = (task: unknown, ...args: unknown[]) =>
    post('/execute/sync', { script: `return (${String(task)})(...arguments)`, args });

  let problems: string[] = [];
  async function noteProblems() {
    const heard = await call(() => (globalThis.problemsHeard ?? []).splice(0));
    problems.push(...(heard as string[]));
  }

  function control(reference: ElementReference): Control {
    return {
      isEnabled: async () => (await unlessGone(call(isEnabled, reference))) === true,
      async click() {
        // The driver scrolls too, but does not wait for the page's smooth scrolling to arrive.
        await call((element: Element) => element.scrollIntoView({ block: 'center', behavior: 'instant' }), reference);
        await post(`/element/${idOf(reference)}/click`);
      },
    };
  }

  return {
    async open(path) {
      await noteProblems();
      await post('/url', { url: server.url + path });
    },
    run: async (task) => (await call(task)) as Awaited<ReturnType<typeof task>>,
    async find(role, name) {
      const found = await post('/elements', { using: 'css selector', value: candidates[role] });
      for (const reference of found as ElementReference[]) {
        const element = `/element/${idOf(reference)}`;
        if ((await unlessGone(get(`${element}/computedlabel`))) !== name) continue;
        if ((await unlessGone(get(`${element}/computedrole`))) === role) return control(reference);
      }
      return undefined;
    },
    screenshot: async () => Buffer.from((await get('/screenshot')) as string, 'base64'),
    async takeProblems() {
      await noteProblems();
      const taken = problems;
      problems = [];
      return taken;
    },
    async close() {
      try {
        await driver.send('DELETE', session);
      } finally {
        await stop();
      }
    },
  };
}

function idOf(reference: ElementReference): string {
  return Object.values(reference)[0] ?? '';
}

/** An answer of the driver's that is an error, with the protocol's own word for it. */
class DriverError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Undefined where the page has meanwhile replaced the element that was asked about. */
async function unlessGone(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof DriverError && error.code === 'stale element reference') return undefined;
    throw error;
  }
}

async function startDriver() {
  const driver = spawn(driverName, [`--port=${driverPort}`], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise<never>((_, reject) => {
    driver.once('error', reject);
    driver.once('exit', (code) => reject(new Error(`${driverName} ended with ${code}; is port ${driverPort} taken?`)));
  });

  async function send(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${driverPort}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    const { value } = (await response.json()) as { value: unknown };
    if (response.ok) return value;
    const { error, message } = value as { error: string; message: string };
    throw new DriverError(error, `${method} ${path}: ${error}: ${message}`);
  }

  async function answers() {
    for (let tries = 0; tries < 100; tries++) {
      try {
        return await send('GET', '/status');
      } catch {
        await setTimeout(100);
      }
    }
    throw new Error(`${driverName} does not answer on port ${driverPort}`);
  }
  await Promise.race([answers(), ended]);

  return {
    send: (method: string, path: string, body?: object) => Promise.race([send(method, path, body), ended]),
    async stop() {
      ended.catch(() => undefined);
      if (driver.exitCode !== null) return;
      driver.kill();
      await once(driver, 'exit');
    },
  };
}
