import { createHash } from 'node:crypto';

/**
 * Draws that depend on a seed, on the number of the act and on what is drawn from by its name: where the same thing is on
 * offer in another walk of the same seed, it is drawn again, whatever else is.
 */
export class Lot {
  #act = 0;
  #draw = 0;

  constructor(readonly seed: number) {}

  /** The draws for another act begin. */
  nextAct(): void {
    this.#act += 1;
    this.#draw = 0;
  }

  /** A number from 0 up to 1. */
  number(): number {
    return this.#hash('');
  }

  /** One of a list, by how it is called; undefined where there is none. */
  of<T>(list: readonly T[], weight: (item: T) => number, name: (item: T) => string): T | undefined {
    this.#draw += 1;
    const ranked = list
      .filter((item) => weight(item) > 0)
      // The least of such numbers falls on each item as often as its weight says.
      .map((item) => ({ item, rank: -Math.log(1 - this.#hash(name(item), false)) / weight(item) }));
    return ranked.reduce<(typeof ranked)[number] | undefined>(
      (least, one) => (!least || one.rank < least.rank ? one : least),
      undefined,
    )?.item;
  }

  /** One of some words, each as likely as the others. */
  word<W extends string>(...words: readonly W[]): W {
    return this.of(
      words,
      () => 1,
      (word) => word,
    ) as W;
  }

  #hash(name: string, counts = true): number {
    if (counts) this.#draw += 1;
    const digest = createHash('sha256').update(`${this.seed}/${this.#act}/${this.#draw}/${name}`).digest();
    return digest.readUIntBE(0, 6) / 2 ** 48;
  }
}
