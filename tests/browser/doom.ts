import type { Page } from '@playwright/test';

/** When a worker dies: as soon as it has been asked this, for the `count`th time from now. */
export interface Doom {
  /** A command's type, and of `evaluate` which network. */
  asked: string;
  count?: number;
  /** How many workers die of it, one after the other. */
  times?: number;
}

declare global {
  var doom: {
    next: { asked: string; count: number; times: number } | undefined;
    /** What the workers of the page have been asked. */
    asked: string[];
    deaths: number;
    killAll(): void;
  };
}

/** Lets the workers of a page be killed: before the page is opened. */
export async function bringDoom(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const alive = new Set<Worker>();
    const kill = (worker: Worker) => {
      if (!alive.delete(worker)) return;
      doom.deaths += 1;
      worker.terminate();
      // A worker that was terminated is silent; one that a browser ends tells so.
      worker.dispatchEvent(new ErrorEvent('error', { message: 'killed by a test', cancelable: true }));
    };
    globalThis.doom = { next: undefined, asked: [], deaths: 0, killAll: () => [...alive].forEach(kill) };
    globalThis.Worker = class extends Worker {
      constructor(address: string | URL, options?: WorkerOptions) {
        super(address, options);
        alive.add(this);
      }
      override postMessage(message: unknown, how?: Transferable[] | StructuredSerializeOptions) {
        super.postMessage(message, how as StructuredSerializeOptions);
        const { type, options, model } = message as {
          type: string;
          options?: { network?: string };
          model?: unknown;
        };
        const asked = type === 'evaluate' ? `evaluate ${model ? 'other' : (options?.network ?? 'current')}` : type;
        doom.asked.push(asked);
        const { next } = doom;
        if (next?.asked !== asked || --next.count > 0) return;
        next.count = 1;
        if (--next.times === 0) doom.next = undefined;
        setTimeout(() => kill(this));
      }
    };
  });
}

/** Says when the next worker dies. */
export async function doomWorker(page: Page, { asked, count = 1, times = 1 }: Doom): Promise<void> {
  await page.evaluate((next) => void (doom.next = next), { asked, count, times });
}

/** How many workers have died. */
export function deaths(page: Page): Promise<number> {
  return page.evaluate(() => doom.deaths);
}
