import { expect, test } from 'vitest';
import { PurgeError } from '../src/errors.js';
import { openSession } from '../src/session.js';
import type { Session, UnlearnEvent } from '../src/types/index.js';
import { type FakeEngine, type FakeEvaluation, type FakeWorker, bytes, fakeWorkers, refuse } from './fakes.js';

/** Numbers from 0 to below 1 that are the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Result<T> = { value: T; error?: undefined } | { value?: undefined; error: PurgeError };

/** What must be so, by what the session has said. */
interface Truth {
  /** The network as it was loaded or kept, and the dataset. */
  loaded: string | undefined;
  data: string | undefined;
  /** The network as it is now; unknown while something is lost. */
  network: string | undefined;
  run:
    { generator: AsyncGenerator<UnlearnEvent>; class: number; before: string | undefined; steps: number } | undefined;
  /** An engine refused to hand a network over, so that it may be in that engine only. */
  withheld: boolean;
}

const dataset = (content: string) => ({ kind: 'packed', file: bytes(content) }) as const;
const read = (file: Uint8Array) => new TextDecoder().decode(file);

class Play {
  readonly random: () => number;
  /** What was done, for whoever has to find out what went wrong. */
  readonly log: string[] = [];
  readonly workers: ReturnType<typeof fakeWorkers>;
  readonly truth: Truth = { loaded: undefined, data: undefined, network: undefined, run: undefined, withheld: false };
  session!: Session;
  #opened = 0;
  /** How often a step was asked for. */
  #pulls = 0;
  /** No engine dies any more. */
  peace = false;

  constructor(
    seed: number,
    readonly count: number,
  ) {
    this.random = randomFrom(seed);
    this.workers = fakeWorkers(undefined, (engine, worker) => this.#doom(engine, worker));
  }

  async play(): Promise<void> {
    const { make, makeHelper } = this.workers;
    this.session = await openSession({ device: 'cpu', workers: this.count }, make, makeHelper);
    const length = 10 + this.#below(30);
    for (let i = 0; i < length; i++) {
      await this.#step();
      this.#compare();
    }
    if (this.random() < 0.3) await this.#closeInTheMiddle();
    else await this.#comeToRest();
    this.session.close();
    const { all, helpers } = this.workers;
    expect([...all, ...helpers].every((worker) => worker.terminated)).toBe(true);
  }

  #below(n: number): number {
    return Math.floor(this.random() * n);
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#below(choices.length)]!;
  }

  /** Decides when and how an engine will die, and what it will refuse before. */
  #doom(engine: FakeEngine, worker: FakeWorker): void {
    if (this.peace) return;
    if (this.workers.all.length > 1 && this.random() < 0.1) refuse('network', 'the engine could not be fetched');
    // No part is brought back in vain twice in a row: that would let it go, which other tests are about.
    const first = this.#opened++ % 2 ? 4 : 1;
    const dies = this.random() < 0.7 ? first + this.#below(12) : Infinity;
    const refuses = this.random() < 0.3 ? 4 + this.#below(12) : Infinity;
    const late = this.random() < 0.5;
    const way = this.#pick(['trap', 'future', 'coded', 'worker'] as const);
    let calls = 0;
    const die = (): Promise<void> => {
      this.log.push(`  dies (${way}) ${late ? 'after' : 'in'} ${engine.calls.at(-1)}`);
      if (way === 'trap') throw new WebAssembly.RuntimeError('unreachable');
      if (way === 'coded') refuse('device-lost', 'the device was lost', true);
      if (way === 'future') worker.panic('index out of bounds');
      else worker.dispatchEvent(Object.assign(new Event('error'), { message: 'boom' }));
      return new Promise(() => {});
    };
    engine.runLength = 1 + this.#below(4);
    engine.during = () => {
      calls++;
      if (this.peace) return undefined;
      if (calls === dies && !late) return die();
      if (calls === refuses) {
        this.log.push(`  refuses ${engine.calls.at(-1)}`);
        if (engine.calls.at(-1) === 'exportModel') this.truth.withheld = true;
        refuse('internal', 'not today');
      }
      return undefined;
    };
    engine.after = () => (calls === dies && late && !this.peace ? die() : undefined);
  }

  /** Awaits a call: it must end, and if it fails then as all of them do. */
  async #ask<T>(name: string, asked: Promise<T>): Promise<Result<T>> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hangs = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${name} hangs`)), 40_000);
    });
    try {
      const value = await Promise.race([asked, hangs]);
      this.log.push(name);
      return { value };
    } catch (error) {
      if (!(error instanceof PurgeError)) throw error;
      this.log.push(`${name}: ${error.code} ${error.message}`);
      return { error };
    } finally {
      clearTimeout(timer);
    }
  }

  async #step(): Promise<void> {
    const { truth, session } = this;
    const steps = [
      () => this.#loadModel(),
      () => this.#loadDataset(),
      () => this.#load(),
      () => this.#reads(),
      () => this.#reads(),
      () => this.#keep(),
      () => this.#reset(),
      () => this.#dieBetween(),
      () => this.#helperDies(),
      ...Array.from({ length: 4 }, () => () => this.#begin()),
      ...Array.from({ length: 8 }, () => () => this.#pull()),
      () => this.#leave(),
    ];
    const mayLose = session.lost !== undefined || truth.withheld || this.#running();
    const pulls = this.#pulls;
    if (truth.loaded === undefined || truth.data === undefined) await this.#load();
    else if (session.lost !== undefined && this.random() < 0.3) await this.#reset();
    else await this.#pick(steps)();
    if (session.lost === undefined) return;
    expect(mayLose || this.#pulls > pulls, 'what is lost was at stake').toBe(true);
    truth.network = undefined;
    truth.withheld = false;
  }

  /** Whether the newest engine has a run under way. */
  #running(): boolean {
    const worker = this.workers.last();
    return !worker.terminated && worker.engine.state().running;
  }

  /** Whether what the session tells is what the engine has, and what was done to it. */
  #compare(): void {
    const { session, truth } = this;
    expect(session.model?.dataset).toBe(truth.loaded);
    expect(session.dataset?.title).toBe(truth.data);
    const worker = this.workers.last();
    const helping = this.workers.helpers.filter(({ terminated }) => !terminated);
    expect(helping.length, 'helpers at once').toBeLessThan(this.count);
    if (worker.terminated) return;
    const { model, dataset, misfit } = worker.engine.state();
    expect({ model: session.model, dataset: session.dataset, misfit: session.misfit }).toEqual({
      model,
      dataset,
      misfit,
    });
    if (session.lost === undefined) expect(worker.engine.network).toBe(truth.network);
  }

  async #closeInTheMiddle(): Promise<void> {
    const { session } = this;
    const asked = [
      this.#ask('unlearn', session.unlearn({ forgetClass: 3 }).next()),
      this.#ask('load', session.load({ model: bytes('model A'), dataset: dataset('data A') })),
      this.#ask('exportModel', session.exportModel()),
      this.#ask('reset', session.reset()),
    ];
    const wait = this.#below(30);
    await new Promise((resolve) => setTimeout(resolve, wait));
    session.close();
    await Promise.all(asked);
    const { length } = this.workers.all;
    expect((await this.#ask('evaluate', session.evaluate({ forgetClass: 3 }))).error?.code).toBe('bad-state');
    expect(this.workers.all).toHaveLength(length);
  }

  /** Once no engine dies any more, the session works, with the network that it said it has. */
  async #comeToRest(): Promise<void> {
    const { session, truth } = this;
    this.peace = true;
    // An engine that died between two calls fails the next one.
    await this.#ask('samples', session.samples({ class: 1, count: 1 }));
    if (session.lost !== undefined) {
      expect((await this.#ask('exportModel', session.exportModel())).error?.code).toBe('bad-state');
      await this.#reset();
    }
    if (truth.loaded !== undefined) expect(read(await session.exportModel())).toBe(truth.network);
    this.#compare();
  }

  async #loadModel(): Promise<void> {
    const content = this.#pick(['model A', 'model B', 'model in colour', 'junk']);
    const { error } = await this.#ask(`loadModel ${content}`, this.session.loadModel(bytes(content)));
    if (!error) this.#networkIs(content);
  }

  async #loadDataset(): Promise<void> {
    const content = this.#pick(['data A', 'data B', 'data in colour', 'data huge', 'junk']);
    const { error } = await this.#ask(`loadDataset ${content}`, this.session.loadDataset(dataset(content)));
    if (!error) this.truth.data = content;
  }

  async #load(): Promise<void> {
    const [model, data] = this.#pick([
      ['model A', 'data A'],
      ['model B', 'data B'],
      ['model in colour', 'data in colour'],
      ['junk', 'data A'],
      ['model A', 'data huge'],
    ] as const);
    const pair = { model: bytes(model), dataset: dataset(data) };
    const { error } = await this.#ask(`load ${model} ${data}`, this.session.load(pair));
    if (error) return;
    this.#networkIs(model);
    this.truth.data = data;
  }

  #networkIs(content: string): void {
    Object.assign(this.truth, { loaded: content, network: content, withheld: false });
  }

  async #reads(): Promise<void> {
    const { session, truth } = this;
    const before = truth.network;
    const [now, loaded, file] = await Promise.all([
      this.#ask('evaluate', session.evaluate({ forgetClass: 3 })),
      this.#ask('evaluate loaded', session.evaluate({ forgetClass: 3, network: 'loaded' })),
      this.#ask('exportModel', session.exportModel()),
      this.#ask('samples', session.samples({ class: 1, count: 1 })),
    ]);
    if (now.value) expect((now.value as FakeEvaluation).network).toBe(before);
    if (loaded.value) expect((loaded.value as FakeEvaluation).network).toBe(truth.loaded);
    if (file.value) expect(read(file.value)).toBe(before);
  }

  async #keep(): Promise<void> {
    const { error } = await this.#ask('keep', this.session.keep());
    if (error) return;
    this.truth.loaded = this.truth.network;
    this.truth.withheld = false;
  }

  async #reset(): Promise<void> {
    const { error } = await this.#ask('reset', this.session.reset());
    if (error) return;
    this.truth.network = this.truth.loaded;
    this.truth.withheld = false;
  }

  async #dieBetween(): Promise<void> {
    if (this.workers.last().terminated) return;
    if (this.random() < 0.5) {
      this.log.push('panics between calls');
      this.workers.last().panic('index out of bounds');
    } else {
      this.log.push('stops between calls');
      this.workers.last().dispatchEvent(Object.assign(new Event('error'), { message: 'boom' }));
    }
    await Promise.resolve();
  }

  /** Of which nobody need know. */
  async #helperDies(): Promise<void> {
    const alive = this.workers.helpers.filter((worker) => !worker.terminated);
    if (alive.length === 0) return;
    this.log.push('a helper stops');
    this.#pick(alive).dispatchEvent(Object.assign(new Event('error'), { message: 'boom' }));
    await Promise.resolve();
  }

  async #begin(): Promise<void> {
    const { truth, session } = this;
    const forgetClass = this.#below(10);
    const before = truth.network;
    this.log.push(`unlearn ${forgetClass}`);
    truth.run = { generator: session.unlearn({ forgetClass }), class: forgetClass, before, steps: 0 };
    await this.#pull();
  }

  async #pull(): Promise<void> {
    const { truth } = this;
    const { run } = truth;
    if (!run) return this.#begin();
    this.#pulls++;
    const { value, error } = await this.#ask('pull', run.generator.next());
    if (error || value.done) {
      truth.run = undefined;
    } else if (value.value.type === 'progress') {
      expect(value.value.step).toBe(++run.steps);
      truth.network = `${run.before}|${run.class}:${run.steps}`;
    } else {
      expect(value.value.steps).toBe(run.steps);
      expect((value.value.evaluation as FakeEvaluation).network).toBe(truth.network);
      truth.withheld = false;
    }
  }

  async #leave(): Promise<void> {
    const { truth } = this;
    if (!truth.run) return;
    await this.#ask('leave', truth.run.generator.return(undefined));
    truth.run = undefined;
  }
}

const seeds = Array.from({ length: 400 }, (_, i) => i);

test('whatever is asked and whenever a worker dies: the session tells what is so, and loses only what it says', async () => {
  const plays = seeds.map(async (seed) => {
    const play = new Play(seed, 1 + (seed % 3));
    try {
      await play.play();
    } catch (error) {
      const what = `seed ${seed}, workers: ${play.count}`;
      throw new Error(`${what}: ${String(error)}\n${play.log.join('\n')}`, { cause: error });
    }
    return play;
  });
  const played = await Promise.all(plays);
  const met = played.flatMap((play) => play.log).join('\n');
  const toMeet = [
    /dies .* in restore/,
    /dies .* after keep/,
    /refuses exportModel/,
    /refuses finish/,
    /bad-state A run was/,
    /a helper stops/,
  ];
  expect(toMeet.filter((pattern) => !pattern.test(met))).toEqual([]);
}, 90_000);
