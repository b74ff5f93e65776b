import type { State } from './engine.js';
import { PurgeError, messageOf } from './errors.js';
import type { Command, Reply, Request, Results } from './protocol.js';
import type { LoadProgress } from './types/index.js';

/** The part of a `Worker` that is used. */
export type EngineWorker = Pick<Worker, 'postMessage' | 'terminate' | 'addEventListener'>;

/** What a connection tells without being asked. */
export interface Listener {
  onProgress(progress: LoadProgress): void;
  /** The worker or its engine has stopped by itself, not by `close`. */
  onDeath(error: PurgeError): void;
}

interface Waiting {
  id: number;
  resolve(value: unknown): void;
  reject(error: PurgeError): void;
}

/** One worker and the one request that may be under way. */
export class Connection {
  readonly #worker: EngineWorker;
  readonly #listener: Listener;
  #waiting: Waiting | undefined;
  #lastId = 0;
  #state: State = { changed: false, running: false };
  /** Why nothing can be asked any more. */
  #ended: PurgeError | undefined;

  constructor(worker: EngineWorker, listener: Listener) {
    this.#worker = worker;
    this.#listener = listener;
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      const waiting = this.#waiting;
      if (data.id !== waiting?.id) return;
      if (data.type === 'progress') return listener.onProgress(data.progress);
      if (data.type === 'failure' && data.fatal) return this.#die(new PurgeError(data.code, data.message));
      this.#waiting = undefined;
      this.#state = data.state ? asBefore(this.#state, data.state) : this.#state;
      if (data.type === 'result') waiting.resolve(data.value);
      else waiting.reject(new PurgeError(data.code, data.message));
    });
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      this.#die(
        new PurgeError(
          'internal',
          event.message ? `The worker stopped: ${event.message}` : 'The worker did not start.',
        ),
      );
    });
    worker.addEventListener('messageerror', () => {
      this.#die(new PurgeError('internal', 'A message from the worker could not be read.'));
    });
  }

  /** Whether anything can be asked. */
  get alive(): boolean {
    return !this.#ended;
  }

  /** How the engine was when it last told. */
  get state(): State {
    return this.#state;
  }

  /** Asks one thing; the answer to the request before must have come. */
  call<C extends Command>(command: C, transfer: Transferable[] = []): Promise<Results[C['type']]> {
    return new Promise<Results[C['type']]>((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      const id = ++this.#lastId;
      const request: Request = { id, ...(command as Command) };
      try {
        this.#worker.postMessage(request, transfer);
      } catch (error) {
        return reject(
          new PurgeError('internal', `The worker could not be asked (${messageOf(error)}).`, { cause: error }),
        );
      }
      this.#waiting = { id, resolve: resolve as Waiting['resolve'], reject };
    });
  }

  /** What was asked for need not be finished: the answer may come early. */
  giveUp(): void {
    if (this.#waiting) this.#worker.postMessage({ id: this.#waiting.id, type: 'give-up' } satisfies Request);
  }

  /** Ends the worker; what waits for it, and whatever is asked later, fails with `error`. */
  close(error: PurgeError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#worker.terminate();
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  #die(error: PurgeError): void {
    if (this.#ended) return;
    this.#listener.onDeath(error);
    this.close(error);
  }
}

/** What is as it was stays the same object: whoever draws what a session holds need not do so again after each answer. */
function asBefore(before: State, { model, dataset, misfit, ...rest }: State): State {
  return {
    ...rest,
    ...(model && { model: kept(before.model, model) }),
    ...(dataset && { dataset: kept(before.dataset, dataset) }),
    ...(misfit && { misfit: kept(before.misfit, misfit) }),
  };
}

function kept<T>(before: T | undefined, now: T): T {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(now) ? before : now;
}
