import { dataAddress, dataFile, networkAddress, networkFile, type Shipped } from './assets.js';
import { checkedOptions } from './checks.js';
import type { Report } from './download.js';
import { PurgeError } from './errors.js';
import type { DatasetFiles, NamedFile } from './protocol.js';
import { checkedDataset, checkedSource, read, readDataset } from './sources.js';
import type { LoadProgress, Source } from './types/index.js';

/** What reads the files that a session is given. Each starts at once, and may fail before anyone awaits it. */
export class Reading {
  readonly #assets: URL | undefined;
  readonly #tell: (progress: LoadProgress) => void;
  readonly #signal: AbortSignal;

  /**
   * @param assets The caller's own folder for what is shipped.
   * @param signal Ends all downloads.
   */
  constructor(assets: URL | undefined, tell: (progress: LoadProgress) => void, signal: AbortSignal) {
    this.#assets = assets;
    this.#tell = tell;
    this.#signal = signal;
  }

  model(source: Source): Promise<NamedFile> {
    return started(read(source, 'model', this.#report('model'), this.#signal));
  }

  dataset(source: unknown): Promise<DatasetFiles> {
    return started(readDataset(checkedDataset(source), this.#report('dataset'), this.#signal));
  }

  /** A network and a dataset that are to be loaded together. */
  pair(what: unknown): Promise<[NamedFile, DatasetFiles]> {
    const { model, dataset } = checkedOptions('load', what, ['model', 'dataset']);
    const source = checkedSource('model', model);
    const parts = checkedDataset(dataset);
    return started(Promise.all([this.model(source), readDataset(parts, this.#report('dataset'), this.#signal)]));
  }

  /** A shipped network and its data. */
  shipped(shipped: Shipped): Promise<[NamedFile, DatasetFiles]> {
    const { name } = shipped;
    const address = dataAddress(name, this.#assets);
    const reading = Promise.all([
      this.model(networkAddress(shipped, this.#assets)),
      read(address, 'dataset', this.#report('dataset'), this.#signal),
    ]).then(
      // Bundlers put something of their own into the names of the files they emit.
      ([model, data]): [NamedFile, DatasetFiles] => [
        { ...model, name: networkFile(shipped) },
        { kind: 'packed', files: [{ ...data, name: dataFile(name) }] },
      ],
      (error: unknown) => {
        if (name === 'mnist' || this.#assets || !(error instanceof PurgeError) || error.code !== 'network') throw error;
        const message = `${error.message}. Only MNIST comes with the package; serve ${name} and pass its folder as assets.`;
        throw new PurgeError('network', message, { cause: error });
      },
    );
    return started(reading);
  }

  #report(what: LoadProgress['what']): Report {
    return (loaded, total) => this.#tell({ what, loaded, ...(total !== undefined && { total }) });
  }
}

/** Lets a promise fail before anyone awaits it; whoever does still gets the failure. */
function started<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
