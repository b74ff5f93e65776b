import { PurgeError, type Evaluation } from 'purge-unlearning';
import type { FetchFile } from '../loading/fetching';
import type { Held } from '../loading/loading.svelte';
import type { Run } from '../running/run.svelte';
import type { Connection } from '../session/connection.svelte';
import { findRetrained, type NoRetrained } from './retrained';

/** What an evaluation is about. */
export interface About {
  of: Held;
  /** The classes to forget. */
  classes: readonly number[];
  /** The unseen images compared with. */
  nonMembers: 'test' | 'val';
}

/** Evaluations of the network as it was loaded, and of the one that never saw the classes, of what is held. */
export class Measurements {
  #taken: { of: Held | undefined; by: Record<string, Evaluation | NoRetrained> } = $state.raw({
    of: undefined,
    by: {},
  });
  readonly #connection: Connection;
  readonly #fetchFile: FetchFile;

  constructor(connection: Connection, fetchFile: FetchFile) {
    this.#connection = connection;
    this.#fetchFile = fetchFile;
  }

  before(about: About): Evaluation | undefined {
    const taken = this.#find('before', about);
    return typeof taken === 'object' ? taken : undefined;
  }

  /** Its evaluation, or why there is none; undefined until one of the two is known. */
  retrained(about: About): Evaluation | NoRetrained | undefined {
    return this.#find('retrained', about);
  }

  async measureBefore(about: About): Promise<void> {
    const { classes, nonMembers } = about;
    const options = { forgetClass: [...classes], nonMembers, network: 'loaded' } as const;
    this.#take('before', about, await this.#connection.ask((session) => session.evaluate(options)));
  }

  /**
   * Measures the network that never saw the classes.
   *
   * @param signal Ends the wait for its file, so that a slow one holds nothing up.
   */
  async measureRetrained(about: About, signal: AbortSignal): Promise<void> {
    const ask = this.#connection.asking();
    const { of, classes, nonMembers } = about;
    const model = await unlessAborted(findRetrained(of.model?.shipped, classes, this.#fetchFile), signal);
    if (!(model instanceof File)) return this.#take('retrained', about, model);
    const options = { forgetClass: [...classes], nonMembers, model };
    try {
      this.#take('retrained', about, await ask((session) => session.evaluate(options)));
    } catch (error) {
      if (!(error instanceof PurgeError && error.code === 'bad-model')) throw error;
      this.#take('retrained', about, 'unusable');
    }
  }

  /** Measures the network that a run has left. */
  async measureAfter(run: Run, { classes, nonMembers }: About): Promise<void> {
    run.evaluated(await this.#connection.ask((session) => session.evaluate({ forgetClass: [...classes], nonMembers })));
  }

  #find(role: string, about: About): Evaluation | NoRetrained | undefined {
    return this.#taken.of === about.of ? this.#taken.by[key(role, about)] : undefined;
  }

  #take(role: string, about: About, evaluation: Evaluation | NoRetrained): void {
    const { of, by } = this.#taken;
    this.#taken = { of: about.of, by: { ...(of === about.of && by), [key(role, about)]: evaluation } };
  }
}

/** What a promise gives; fails with `cancelled` where `signal` comes first. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new PurgeError('cancelled', 'Something else is wanted.'));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function key(role: string, { classes, nonMembers }: About): string {
  return [role, classes.join(), nonMembers].join(' ');
}
