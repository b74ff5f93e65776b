import { Connection, type EngineWorker } from './connection.js';
import { PurgeError } from './errors.js';
import type { ModuleAddress } from './protocol.js';

/** Workers beside which more would hardly help: a usual batch has eight parts. */
const MOST = 8;
/** How long a page must be hidden before its helpers are let go, in milliseconds. */
const HIDDEN = 60_000;

/**
 * How many workers a session has where nobody says: one core is left for the page, but where there are just two, which the page
 * does not fill while it waits; and much memory is not taken for granted.
 */
export function usualWorkers(
  { hardwareConcurrency = 1, deviceMemory = 8 }: Surroundings = globalThis.navigator ?? {},
): number {
  const fitting = deviceMemory <= 2 ? 2 : deviceMemory <= 4 ? 4 : MOST;
  return Math.min(hardwareConcurrency, Math.max(2, hardwareConcurrency - 1), fitting);
}

/** What `navigator` says of the machine; the memory, in gigabytes, only in some browsers. */
interface Surroundings {
  hardwareConcurrency?: number;
  deviceMemory?: number;
}

/** The helpers of one session's engine. They cost memory, so they come with a run and go where the page is not looked at. */
export class Helpers {
  /** All workers, the engine's own among them. */
  readonly workers: number;
  readonly #makeWorker: () => EngineWorker;
  readonly #isBusy: () => boolean;
  readonly #at = new Map<number, Connection>();
  readonly #life = new AbortController();
  /** Of those that have not said yet whether they can work. */
  readonly #starting = new Set<Promise<void>>();
  #engine: Connection | undefined;
  #lastId = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param makeWorker Starts a worker that runs `serve`.
   * @param isBusy Whether a run is under way, during which helpers stay.
   */
  constructor(workers: number, makeWorker: () => EngineWorker, isBusy: () => boolean) {
    this.workers = Math.min(workers, MOST);
    this.#makeWorker = makeWorker;
    this.#isBusy = isBusy;
    if (typeof document === 'undefined') return;
    document.addEventListener('visibilitychange', () => this.#look(), { signal: this.#life.signal });
  }

  /** Gives the engine as many helpers as are still missing; whatever stands against one, the engine does without. */
  async join(engine: Connection, address: ModuleAddress): Promise<void> {
    if (this.#engine !== engine) this.#end();
    this.#engine = engine;
    const fresh: { id: number; port: MessagePort }[] = [];
    while (this.#at.size < this.workers - 1) {
      const port = this.#start(address);
      if (!port) break;
      fresh.push({ id: this.#lastId, port });
    }
    const ports = fresh.map(({ port }) => port);
    const silent = await engine.call({ type: 'hire', helpers: fresh }, ports);
    silent.forEach((id) => this.#drop(id));
  }

  /** Once each of them can work, or never will. */
  async ready(): Promise<void> {
    await Promise.all(this.#starting);
  }

  /** Ends those of an engine that nobody needs any more. */
  endOf(engine: Connection): void {
    if (this.#engine === engine) this.#end();
  }

  /** Ends all of them for good. */
  close(): void {
    this.#life.abort();
    clearTimeout(this.#timer);
    this.#end();
  }

  #end(): void {
    for (const id of this.#at.keys()) this.#drop(id);
  }

  #drop(id: number): void {
    this.#at.get(id)?.close(new PurgeError('cancelled', 'The helper was let go.'));
    this.#at.delete(id);
  }

  /** The engine's end of the channel to a new helper. */
  #start(address: ModuleAddress): MessagePort | undefined {
    const id = ++this.#lastId;
    const { port1, port2 } = new MessageChannel();
    try {
      const helper = new Connection(this.#makeWorker(), { onProgress() {}, onDeath: () => this.#at.delete(id) });
      this.#at.set(id, helper);
      const starting = helper
        .call({ type: 'help', address, port: port2 }, [port2])
        .catch(() => this.#drop(id))
        .finally(() => this.#starting.delete(starting));
      this.#starting.add(starting);
      return port1;
    } catch {
      return undefined;
    }
  }

  #look(): void {
    clearTimeout(this.#timer);
    if (document.visibilityState !== 'hidden') return;
    this.#timer = setTimeout(() => {
      if (this.#isBusy()) this.#look();
      else void this.#leave();
    }, HIDDEN);
  }

  /** Each tells the engine before it goes. */
  async #leave(): Promise<void> {
    const leaving = [...this.#at].map(async ([id, helper]) => {
      await helper.call({ type: 'leave' }).catch(() => undefined);
      this.#drop(id);
    });
    await Promise.all(leaving);
  }
}
