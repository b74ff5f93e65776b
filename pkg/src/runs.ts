import { badOption, oneOf } from './checks.js';
import type { Connection } from './connection.js';
import type { EngineQueue } from './engine-queue.js';
import { PurgeError } from './errors.js';
import { checkedPace, checkedRun } from './options.js';
import type { RunSummary } from './protocol.js';
import type { StopReason } from './settings.js';
import type { RunConfig, UnlearnConfig, UnlearnEvent, UnlearnOptions } from './types/index.js';

/** The runs of one session, of which the engine has at most one under way. */
export class Runs {
  readonly #queue: EngineQueue;

  constructor(queue: EngineQueue) {
    this.#queue = queue;
  }

  /** What the session's `unlearn` promises. */
  async *unlearn(given: RunConfig, options: UnlearnOptions): AsyncGenerator<UnlearnEvent, void, void> {
    const { config, nonMembers } = checkedRun('unlearn', given);
    const { signal, stepsPerEvent, ahead } = checkedPace(options);
    const { holdings } = this.#queue;
    const run = Symbol('run');
    let stop: StopReason | undefined;
    let begun = false;
    try {
      await this.#queue.add(async () => {
        if (signal?.aborted) return;
        await this.#begin(run, config, nonMembers);
        begun = true;
      });
      while (!stop && begun && !signal?.aborted) {
        const { stop: reason, ...progress } = await this.#queue.add(async () => {
          const connection = this.#connectionOf(run);
          holdings.atStake = true;
          return this.#queue.ask(connection, { type: 'advance', steps: stepsPerEvent, ahead: ahead() });
        });
        yield { ...progress, type: 'progress' };
        stop = reason;
      }
      const done = await this.#queue.add(async () => {
        const summary = begun
          ? await this.#finish(this.#connectionOf(run))
          : { stop: 'cancelled' as const, steps: 0, networkStep: 0, seconds: 0 };
        return { ...summary, evaluation: await this.#evaluate(config, nonMembers) };
      });
      yield { type: 'done', ...done };
    } catch (error) {
      // The first failure is the one to tell of.
      await this.#abandon(run).catch(() => undefined);
      throw error;
    } finally {
      await this.#abandon(run);
    }
  }

  /** Ends whatever run is under way; the network stays as it is. */
  async end(connection: Connection): Promise<void> {
    if (this.#queue.holdings.state.running) await this.#finish(connection);
  }

  async #begin(run: symbol, config: UnlearnConfig, nonMembers: 'test' | 'val' | undefined): Promise<void> {
    const connection = await this.#queue.readyWithNetwork();
    this.#checkSplit(nonMembers);
    await this.end(connection);
    await this.#queue.letHelp(connection);
    await this.#queue.ask(connection, { type: 'start', config });
    this.#queue.holdings.run = run;
  }

  async #evaluate({ forgetClass }: UnlearnConfig, nonMembers: 'test' | 'val' | undefined) {
    const options = { forgetClass, ...(nonMembers && { nonMembers }) };
    const evaluate = async () => this.#queue.ask(await this.#queue.readyWithNetwork(), { type: 'evaluate', options });
    // The weights are held by now: where the engine stops here, a new one can still tell what the run came to.
    return evaluate().catch((error: unknown) => {
      if (this.#queue.connection?.alive) throw error;
      return evaluate();
    });
  }

  async #finish(connection: Connection): Promise<RunSummary> {
    const { holdings } = this.#queue;
    holdings.run = undefined;
    const { summary, network } = await this.#queue.ask(connection, { type: 'finish' });
    holdings.hold(network);
    return summary;
  }

  async #abandon(run: symbol): Promise<void> {
    if (this.#queue.holdings.run !== run || this.#queue.isClosed) return;
    await this.#queue.add(async () => {
      if (this.#queue.holdings.run === run) await this.#finish(this.#connectionOf(run));
    });
  }

  /** The connection to the engine that has this run under way. */
  #connectionOf(run: symbol): Connection {
    const { holdings, connection } = this.#queue;
    if (holdings.fallen?.run === run) throw holdings.fallen.error;
    if (holdings.run !== run || !connection) {
      throw new PurgeError(
        'bad-state',
        'This run is over: a later call (another run, a load, a reset, keep) ended it.',
      );
    }
    return connection;
  }

  /** The scores come after the run: what would make them fail must show before it. */
  #checkSplit(nonMembers: 'test' | 'val' | undefined): void {
    const splits = this.#queue.holdings.state.dataset?.nonMemberSplits;
    if (nonMembers && splits && !splits.includes(nonMembers)) {
      throw badOption('nonMembers', `${oneOf(splits)} with these data`, nonMembers);
    }
  }
}
