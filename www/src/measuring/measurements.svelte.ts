import { PurgeError, type Evaluation } from 'purge-unlearning';
import type { FetchFile } from '../loading/fetching';
import type { Held } from '../loading/loading.svelte';
import type { Run } from '../running/run.svelte';
import type { Ask, Connection } from '../session/connection.svelte';
import { findNetwork, findRetrained, furtherNames, retrainedName, type NoRetrained } from './retrained';

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
  /** Where those were made that come with the page, by the same keys. An empty text: there is none, or it is not wanted. */
  #stored: { of: Held | undefined; by: Record<string, string> } = $state.raw({ of: undefined, by: {} });
  /** Evaluations of the networks retrained from further seeds, which only ever come with the page. */
  #further: { of: Held | undefined; by: Record<string, readonly Evaluation[]> } = $state.raw({ of: undefined, by: {} });
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

  /** Where an evaluation was made that came with the page; undefined where it was made here. */
  storedOn(role: 'before' | 'retrained', about: About): string | undefined {
    return (this.#find(role, about) !== undefined && this.#looked(role, about)) || undefined;
  }

  /** Whether the page may have come with an evaluation that has not been looked for. */
  mayBeStored(role: 'before' | 'retrained', about: About): boolean {
    return isScored(about) && this.#find(role, about) === undefined && this.#looked(role, about) === undefined;
  }

  /** Of the networks retrained from further seeds; none where there are none, and until they are known. */
  further(about: About): readonly Evaluation[] {
    return this.#foundFurther(about) ?? [];
  }

  /** Whether the page may have come with those, and they have not been looked for. */
  mayHaveFurther(about: About): boolean {
    const names = furtherNames(about.of.model?.shipped ?? '', about.classes);
    return isScored(about) && names.length > 0 && this.#foundFurther(about) === undefined;
  }

  /**
   * Takes those that came with the page, where each is of just its network and these data.
   *
   * @param signal Ends the wait for their files, which may be looked for again.
   */
  async takeFurther(about: About, signal: AbortSignal): Promise<void> {
    const ask = this.#connection.asking();
    const found: Evaluation[] = [];
    try {
      for (const name of furtherNames(about.of.model?.shipped ?? '', about.classes)) {
        const stored = await this.#findStored(ask, name, findNetwork(name, this.#fetchFile), about, signal);
        if (stored) found.push(stored.evaluation);
      }
    } finally {
      if (!signal.aborted) {
        const { of, by } = this.#further;
        this.#further = { of: about.of, by: { ...(of === about.of && by), [key('further', about)]: found } };
      }
    }
  }

  /**
   * Takes an evaluation that came with the page, where it is of just this network and these data.
   *
   * @param signal Ends the wait for its file, which may be looked for again.
   */
  async takeStored(role: 'before' | 'retrained', about: About, signal: AbortSignal): Promise<void> {
    const ask = this.#connection.asking();
    try {
      const { of, classes } = about;
      const shipped = of.model?.shipped ?? '';
      const name = role === 'before' ? shipped : retrainedName(shipped, classes);
      const network = role === 'before' ? undefined : findRetrained(shipped, classes, this.#fetchFile);
      const stored = await this.#findStored(ask, name, network, about, signal);
      if (stored) this.#take(role, about, stored.evaluation);
      this.#note(role, about, stored?.device ?? '');
    } catch (error) {
      if (!signal.aborted) this.#note(role, about, '');
      throw error;
    }
  }

  /** @param network What the evaluation has to be of, where that is not the network as it was loaded. */
  async #findStored(
    ask: Ask,
    name: string,
    network: Promise<File | NoRetrained> | undefined,
    { classes }: About,
    signal: AbortSignal,
  ): Promise<{ device: string; evaluation: Evaluation } | undefined> {
    const files = Promise.all([this.#fetchFile(`models/${name}.scores`), network]);
    const [file, model] = await unlessAborted(files, signal);
    if (!file || typeof model === 'string') return undefined;
    const stored = await ask((session) => session.stored(file, model && { model }));
    const evaluation = stored?.evaluations.find(({ classes: { forget } }) => forget.join() === classes.join());
    return stored && evaluation && { device: stored.device, evaluation };
  }

  /** Lets what came with the page be measured here. */
  dropStored(about: About): void {
    for (const role of ['before', 'retrained'] as const) {
      if (this.storedOn(role, about) === undefined) continue;
      const by = Object.entries(this.#taken.by).filter(([of]) => of !== key(role, about));
      this.#taken = { of: about.of, by: Object.fromEntries(by) };
      this.#note(role, about, '');
    }
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

  #foundFurther(about: About): readonly Evaluation[] | undefined {
    return this.#further.of === about.of ? this.#further.by[key('further', about)] : undefined;
  }

  #looked(role: string, about: About): string | undefined {
    return this.#stored.of === about.of ? this.#stored.by[key(role, about)] : undefined;
  }

  #note(role: string, about: About, device: string): void {
    const { of, by } = this.#stored;
    this.#stored = { of: about.of, by: { ...(of === about.of && by), [key(role, about)]: device } };
  }

  #find(role: string, about: About): Evaluation | NoRetrained | undefined {
    return this.#taken.of === about.of ? this.#taken.by[key(role, about)] : undefined;
  }

  #take(role: string, about: About, evaluation: Evaluation | NoRetrained): void {
    const { of, by } = this.#taken;
    this.#taken = { of: about.of, by: { ...(of === about.of && by), [key(role, about)]: evaluation } };
  }
}

/** Whether evaluations of what is held may come with the page. */
function isScored({ of, classes, nonMembers }: About): boolean {
  const shipped = of.model?.shipped !== undefined && of.dataset?.scored === true && !of.kept;
  return shipped && classes.length === 1 && nonMembers === 'test';
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
