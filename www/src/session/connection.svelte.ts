import {
  PurgeError,
  type createSession,
  type DatasetInfo,
  type DeviceInfo,
  type Misfit,
  type ModelInfo,
  type Session,
} from 'purge-unlearning';
import type { Bytes } from '../loading/loading.svelte';
import type { PageState } from '../state/page-settings';
import { isCrash } from '../state/problem';

/** Asks one session; fails with `cancelled` once it is closed. */
export type Ask = <T>(call: (session: Session) => Promise<T>) => Promise<T>;

/** The package's session, and what it tells, read again after every call. */
export class Connection {
  device: DeviceInfo | undefined = $state.raw();
  dataset: DatasetInfo | undefined = $state.raw();
  model: ModelInfo | undefined = $state.raw();
  misfit: Misfit | undefined = $state.raw();
  /** What a crash has taken, in words. */
  lost: string | undefined = $state.raw();
  /** Nothing that a device needs only once is still to be done: a GPU's pipelines are made. */
  warm = $state(false);
  /** The session has gone on with another device than it began with. */
  moved = $state(false);
  /** Of the engine, while it is being fetched. */
  bytes: Bytes | undefined = $state.raw();

  /** The device that was asked for when the session was opened. */
  openedFor: PageState['device'] | undefined;

  readonly #create: typeof createSession;
  readonly #device: () => PageState['device'];
  readonly #workers: () => PageState['workers'];
  #opening: Promise<Session> | undefined;
  #life = new AbortController();

  /**
   * @param device Says which device to take when a session is opened.
   * @param workers Likewise how many workers.
   */
  constructor(
    create: typeof createSession,
    device: () => PageState['device'],
    workers: () => PageState['workers'] = () => 'auto',
  ) {
    this.#create = create;
    this.#device = device;
    this.#workers = workers;
  }

  /** The session, opened if there is none. */
  open(): Promise<Session> {
    this.#opening ??= this.#open(this.#life);
    return this.#opening;
  }

  /**
   * Asks the session something.
   *
   * @throws PurgeError `cancelled` if the session was closed meanwhile.
   */
  ask<T>(call: (session: Session) => Promise<T>): Promise<T> {
    return this.asking()(call);
  }

  /** What asks the session of now, for several calls that belong together: it does not go on with a later session. */
  asking(): Ask {
    const life = this.#life;
    const mustLive = () => {
      if (life !== this.#life) throw new PurgeError('cancelled', 'The session was closed.');
    };
    return async (call) => {
      mustLive();
      const session = await this.open();
      try {
        return await call(session);
      } catch (error) {
        // The next engine's device begins anew.
        if (life === this.#life && error instanceof PurgeError && isCrash(error.code)) this.warm = false;
        throw error;
      } finally {
        // Whatever comes from a session that is closed, well or not, nobody waits for any more.
        mustLive();
        this.#tell(session);
      }
    };
  }

  /**
   * Lets the device get ready for a run, which may find that another one is quicker.
   *
   * @param signal Gives it up.
   */
  async warmUp(signal: AbortSignal): Promise<void> {
    const before = this.device?.kind;
    const device = await this.ask((session) => session.warmUp({ signal }));
    if (!device) return;
    this.warm = true;
    this.moved ||= device.kind !== before;
  }

  /** Ends the session; the next call opens another one. */
  close(): void {
    this.#life.abort();
    this.#life = new AbortController();
    this.#opening = this.bytes = this.openedFor = undefined;
    this.warm = this.moved = false;
    this.device = this.dataset = this.model = this.misfit = this.lost = undefined;
  }

  async #open(life: AbortController): Promise<Session> {
    try {
      this.openedFor = this.#device();
      const workers = this.#workers();
      const session = await this.#create({
        device: this.openedFor,
        ...(workers !== 'auto' && { workers: Number(workers) }),
        signal: life.signal,
        onProgress: ({ what, loaded, total }) => {
          if (what !== 'engine' || life !== this.#life) return;
          this.bytes = { loaded, ...(total !== undefined && { total }) };
        },
      });
      if (life === this.#life) this.#tell(session);
      return session;
    } catch (error) {
      if (life === this.#life) this.#opening = undefined;
      throw error;
    } finally {
      if (life === this.#life) this.bytes = undefined;
    }
  }

  #tell({ device, dataset, model, misfit, lost }: Session): void {
    this.device = device;
    this.dataset = dataset;
    this.model = model;
    this.misfit = misfit;
    this.lost = lost;
  }
}
