import type { ErrorCode } from 'purge-unlearning';
import { addFiles, isModel, unpackedBytes } from './dataset-files';
import type { Recognised } from './recognise';
import type { Shipped } from './served';
import type { Brought } from './wanted';

/** More memory than this is taken only if the visitor says so, in bytes: a browser closes a tab that takes too much. */
const askedAbove = 1e9;

/** What the visitor brought along, and, while the engine has yet to try it, what there was before. */
export class OwnFiles implements Brought {
  files: readonly Recognised[] = $state.raw([]);
  borrowed: Shipped | undefined = $state.raw();
  /** In place of a PathMNIST that the server does not have. */
  archive: File | undefined = $state.raw();
  /** Files so large that they wait to be asked for once more. */
  large: { files: readonly Recognised[]; bytes: number } | undefined = $state.raw();

  /** What the engine has loaded well for "Your own". */
  #loaded: Pick<Brought, 'files' | 'borrowed'> = { files: [] };

  /** Adds files to "Your own", or holds them back where they would take very much memory; `sure`: in any case. */
  add(added: readonly Recognised[], sure = false): void {
    const newer = addFiles(this.large?.files ?? [], added);
    const files = addFiles(this.files, newer);
    const bytes = unpackedBytes(files);
    this.large = undefined;
    if (bytes > askedAbove && !sure) {
      this.large = { files: newer, bytes };
      return;
    }
    this.files = files;
    if (newer.some(isModel)) this.borrowed = undefined;
  }

  /** Takes a shipped network in place of the visitor's. */
  borrow(network: Shipped): void {
    this.borrowed = network;
    this.files = this.files.filter((f) => !isModel(f));
  }

  /** The engine has loaded the files. */
  accept(): void {
    const { files, borrowed } = this;
    this.#loaded = { files, borrowed };
  }

  /**
   * The engine has not loaded the files, for this reason: what came newly goes, and what was there before comes back.
   * Of a network and data that came together, only the one that is no good goes.
   *
   * @returns Whether anything has changed by that.
   */
  refuse(code: ErrorCode): boolean {
    const { files: newer, borrowed: newerNetwork } = this;
    const older = this.#loaded;
    const models = (code === 'bad-dataset' ? newer : older.files).filter(isModel);
    const images = (code === 'bad-model' ? newer : older.files).filter((f) => !isModel(f));
    this.files = [...images, ...models];
    if (code !== 'bad-dataset') this.borrowed = older.borrowed;
    return (
      this.borrowed !== newerNetwork || this.files.length !== newer.length || this.files.some((f) => !newer.includes(f))
    );
  }
}
