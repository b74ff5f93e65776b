import type { DatasetInfo, ModelInfo } from 'purge-unlearning';

/** How sentences speak of a class. */
export interface ClassWords {
  /** The class's own name: "3", "smooth muscle". */
  name: string;
  /** At most four letters, for the head of a row: "3", "MUS". */
  short: string;
  /** The whole class, as in "Forget the 3s". */
  all: string;
  /** One image of it, with its article: "a three", "an image of mucus". */
  one: string;
  /** A number of its images: "threes", "images of mucus". */
  many: string;
}

const digits = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

/** Tissue codes as in the data PathMNIST was made from. */
const tissues: Record<string, string> = {
  adipose: 'ADI',
  background: 'BACK',
  debris: 'DEB',
  lymphocytes: 'LYM',
  mucus: 'MUC',
  'smooth muscle': 'MUS',
  'normal colon mucosa': 'NORM',
  'cancer-associated stroma': 'STR',
  'colorectal adenocarcinoma epithelium': 'TUM',
};

/** Words for every class of a dataset. */
export function classWords(names: readonly string[]): ClassWords[] {
  return names.map((name, k) => {
    if (/^\d+$/.test(name)) {
      const word = digits[Number(name)] ?? name;
      const many = word === name ? `${name}s` : word === 'six' ? 'sixes' : `${word}s`;
      return { name, short: name, all: `${name}s`, one: `${/^(8|11$|18$)/.test(name) ? 'an' : 'a'} ${word}`, many };
    }
    const tissue = tissues[name];
    const [, number] = /^class (\d+)$/i.exec(name) ?? [];
    const short =
      tissue ?? number ?? (name.length <= 4 ? name : `${name.slice(0, 3)}${names.length > 20 ? '' : k}`).toUpperCase();
    return {
      name,
      short,
      all: tissue ? name : `${name} images`,
      one: `an image of ${name}`,
      many: `images of ${name}`,
    };
  });
}

/**
 * What the classes are called: by the data, or where its files name none, by the network that goes with them.
 *
 * @param model Only one that fits the data.
 */
export function namesOf(
  dataset: Pick<DatasetInfo, 'classNames'> | undefined,
  model: Pick<ModelInfo, 'classNames' | 'classes'> | undefined,
): readonly string[] {
  if (!dataset) return [];
  const numbered = dataset.classNames.every((name) => /^class \d+$/.test(name));
  const [first, second] = numbered ? [model, dataset] : [dataset, model];
  const count = model?.classes ?? dataset.classNames.length;
  return Array.from({ length: count }, (_, k) => first?.classNames[k] ?? second?.classNames[k] ?? `class ${k}`);
}

/** Words for several classes as for one: "0s and 5s". Of more than three only their number is said. */
export function togetherWords(classes: readonly ClassWords[]): ClassWords | undefined {
  const [first] = classes;
  if (!first || classes.length === 1) return first;
  const few = classes.length <= 3;
  const listed = (words: string[]) => (few ? listWords(words) : `${classes.length} classes`);
  return {
    name: listed(classes.map((of) => of.name)),
    short: few ? classes.map((of) => of.short).join(', ') : `${classes.length}`,
    all: listed(classes.map((of) => of.all)),
    one: 'an image of them',
    many: listed(classes.map((of) => of.many)),
  };
}

/** "a", "a and b", "a, b and c" */
export function listWords(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

/** One image of a class without its article: "three", "image of mucus". */
export function singular(of: ClassWords): string {
  return of.one.replace(/^an? /, '');
}
