import type { AttackReport } from 'purge-unlearning';
import type { ClassWords } from './class-words';
import { percent } from './format';
import type { Finished } from './compare-words';

/** What recalibration has shown of a network that was made to forget, in a sentence made from its numbers. */
export function batchWords({ numbers, notes }: AttackReport, of: ClassWords): string {
  if (notes.some(({ key }) => /no_?batch_?norm/i.test(key))) {
    return 'This network has no batch norm, and so nothing that could be measured again.';
  }
  const value = (key: RegExp) => numbers.find((number) => key.test(number.key))?.value;
  const [before, after] = [value(/^fa_?before$/i), value(/^fa_?after$/i)];
  if (before === undefined || after === undefined) return '';
  const gained = after - before;
  const course =
    gained >= 10
      ? 'Much of the class came back, though no weight was touched: the statistics had hidden it.'
      : gained >= 1
        ? 'A little of the class came back.'
        : 'The class did not come back: here it is not the statistics that hide it.';
  return (
    `It recognised ${percent(before)} of unseen ${of.all} once they were forgotten, and ${percent(after)} after its statistics ` +
    `were measured again on the other classes. ${course}`
  );
}

/** How two ways to forget stand under the membership attack, in a sentence made from their numbers. */
export function uniformWords(plain: Finished, uniform: Finished, retrained: number | undefined): string {
  const one = ({ title, scores }: Finished) =>
    `${title} is ${scores.mia.toFixed(3)} from chance with ${percent(scores.fa)} still recognised`;
  const [a, b] = [plain, uniform].map(({ scores }) => Math.abs(scores.mia - (retrained ?? 0)));
  const near = a === b || a === undefined || b === undefined ? undefined : a < b ? plain : uniform;
  const yardstick = retrained === undefined ? 'chance' : `retrained, which is ${retrained.toFixed(3)} from chance`;
  return (
    `Under the worst membership attack ${one(plain)}; ${one(uniform)}. ` +
    (near ? `${near.title} is nearer to ${yardstick}.` : `Both are as near to ${yardstick}.`)
  );
}
