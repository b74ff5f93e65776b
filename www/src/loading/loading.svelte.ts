import { PurgeError, type DatasetSource, type Samples } from 'purge-unlearning';
import type { Connection } from '../session/connection.svelte';
import { Search } from './search';
import { same, type DatasetPart, type Part, type Wanted } from './wanted';

/** Bytes of something that is being loaded. */
export interface Bytes {
  loaded: number;
  total?: number;
}

/** What the engine was given and has taken. Whatever is measured belongs to one such object. */
export interface Held extends Wanted {
  /** The network is not the one that was loaded but what a run has made of it. */
  kept?: true;
}

type Kind = 'dataset' | 'model';

/** How many images of each class are shown. */
const shownSamples = 4;

/** Brings what is wanted into the engine: fetches it, and loads what the engine does not hold yet. */
export class Loading {
  /** Of what is being looked for. */
  bytes: Partial<Record<Kind, Bytes | undefined>> = $state({});
  held: Held = $state.raw({});
  /** The data that the server does not have. */
  missing: DatasetPart | undefined = $state.raw();
  /** The first images of each class, and what was held when they were taken. */
  samples: { of: Held; images: Samples[] } | undefined = $state.raw();

  readonly #connection: Connection;
  /** The network that was loaded shall come back in place of what was kept. */
  #undoKept = $state(false);
  #dataset: Search<DatasetSource> | undefined;
  #model: Search<File> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Whether the engine holds what is wanted of this kind. */
  holds(kind: Kind, wanted: Wanted): boolean {
    if (!same(wanted[kind], this.held[kind]) || !this.#connection[kind]) return false;
    return kind === 'dataset' || !this.#undoKept;
  }

  /** Whether this kind is wanted and not held. */
  lacks(kind: Kind, wanted: Wanted): boolean {
    return wanted[kind] !== undefined && !this.holds(kind, wanted);
  }

  /** Whether the server does not have the data that are wanted. */
  isMissing(wanted: Wanted): boolean {
    return same(wanted.dataset, this.missing);
  }

  /** Whether something is wanted that the engine does not hold, and that can be looked for. */
  due(wanted: Wanted): boolean {
    return !this.isMissing(wanted) && (this.lacks('dataset', wanted) || this.lacks('model', wanted));
  }

  /** Looks for what is wanted and not held, and for nothing else any more. */
  seek(wanted: Wanted): void {
    const lacking = this.isMissing(wanted) ? {} : wanted;
    this.#dataset = this.#search('dataset', this.#dataset, this.lacks('dataset', lacking) ? wanted.dataset : undefined);
    this.#model = this.#search('model', this.#model, this.lacks('model', lacking) ? wanted.model : undefined);
  }

  /**
   * Loads what is wanted and not held; data and network together where both are.
   *
   * @throws PurgeError `cancelled` if something else was wanted meanwhile.
   */
  async load(wanted: Wanted): Promise<void> {
    try {
      this.seek(wanted);
      const [forDataset, forModel] = [this.#dataset, this.#model];
      const [dataset, model] = await Promise.all([forDataset?.found, forModel?.found, this.#connection.open()]);
      if (forDataset !== this.#dataset || forModel !== this.#model) {
        throw new PurgeError('cancelled', 'Something else is wanted.');
      }
      if (forDataset && !dataset) {
        this.missing = wanted.dataset;
        return this.seek({});
      }
      await this.#give(wanted, dataset, model);
      if (forDataset === this.#dataset) this.#dataset = this.#search('dataset', this.#dataset, undefined);
      if (forModel === this.#model) this.#model = this.#search('model', this.#model, undefined);
    } finally {
      this.#undoKept = false;
    }
  }

  async #give(wanted: Wanted, dataset: DatasetSource | undefined, model: File | undefined): Promise<void> {
    const before = this.held;
    // What is to be replaced counts as held no more: until the engine answers, nobody knows which of the two it has.
    const rest: Held = { ...before };
    if (dataset) delete rest.dataset;
    if (model) {
      delete rest.model;
      delete rest.kept;
    }
    this.held = rest;
    try {
      await this.#connection.ask(async (session) => {
        if (dataset && model) await session.load({ dataset, model });
        else if (dataset) await session.loadDataset(dataset);
        else if (model) await session.loadModel(model);
      });
    } catch (error) {
      if (this.held === rest) this.held = before;
      throw error;
    }
    this.held = {
      ...rest,
      ...(dataset && wanted.dataset && { dataset: wanted.dataset }),
      ...(model && wanted.model && { model: wanted.model }),
    };
  }

  /** Takes the first images of each class. */
  async sample(classes: number): Promise<void> {
    const ask = this.#connection.asking();
    const of = this.held;
    const images: Samples[] = [];
    for (let k = 0; k < classes; k++) {
      images.push(await ask((session) => session.samples({ class: k, count: shownSamples })));
    }
    this.samples = { of, images };
  }

  /** What a run has made of the network takes its place. */
  async keep(): Promise<void> {
    await this.#connection.ask((session) => session.keep());
    this.held = { ...this.held, kept: true };
  }

  /** Asks for the network that was loaded, in place of what was kept. */
  undoKept(): void {
    this.#undoKept = this.held.kept === true;
  }

  /** The engine is gone, and all it held. */
  clear(): void {
    this.held = {};
    this.samples = undefined;
  }

  #search<Source>(
    kind: Kind,
    search: Search<Source> | undefined,
    part: Part<Source> | undefined,
  ): Search<Source> | undefined {
    if (search && !search.failed && same(search.part, part)) return search;
    search?.end();
    this.bytes[kind] = undefined;
    return (
      part &&
      new Search(part, (loaded, total) => {
        this.bytes[kind] = { loaded, ...(total !== undefined && { total }) };
      })
    );
  }
}
