import { PurgeError } from 'purge-unlearning';
import type { OnBytes } from './fetching';
import type { Part } from './wanted';

/** Looks for a part until it is there, or nobody wants it any more. */
export class Search<Source> {
  /** Fails with `cancelled` when the search is ended. */
  readonly found: Promise<Source | undefined>;
  failed = false;
  readonly #end = new AbortController();

  constructor(
    readonly part: Part<Source>,
    onBytes: OnBytes,
  ) {
    const { signal } = this.#end;
    const ended = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new PurgeError('cancelled', 'Something else is wanted.')));
    });
    const tell: OnBytes = (loaded, total) => {
      if (!signal.aborted) onBytes(loaded, total);
    };
    this.found = Promise.race([part.find(tell, signal), ended]);
    // Nobody may be waiting for it yet.
    this.found.catch(() => (this.failed = true));
  }

  end(): void {
    this.#end.abort();
  }
}
