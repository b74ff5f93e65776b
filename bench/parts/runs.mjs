import { chromium } from '../contenders/chromium.mjs';
import { shell } from '../contenders/shell.mjs';
import { sumUp, takeTurns } from '../rounds.mjs';
import { timesTable } from '../tables.mjs';

const sets = [
  { title: 'MNIST 3', model: 'models/mnist-group.safetensors', data: 'data/mnist.purge', forgetClass: 3 },
  {
    title: 'PathMNIST 2 (light)',
    model: 'models/pathmnist-group.safetensors',
    data: 'data/pathmnist-light.purge',
    forgetClass: 2,
  },
];

/** Whole runs of the strict preset, without the scores before and after. */
export async function runs(bench) {
  const all = [];
  for (const set of sets) {
    try {
      all.push(await runsOn(bench, set));
    } catch (error) {
      bench.note(`${set.title}: ${error.message}`);
    }
  }
  return { text: all.map(({ text }) => text).join('\n\n'), data: all.map(({ data }) => data) };
}

async function runsOn(bench, { title, model, data, forgetClass }) {
  const { options, note } = bench;
  const subject = { forgetClass, batch: 128 };
  const local = { ...subject, model: `www/public/${model}`, data: `www/public/${data}` };
  const inPage = { ...subject, model: `/${model}`, data: `/${data}` };
  const page = (workers) => () =>
    bench.inChromium((browser, origin) =>
      chromium(browser, origin, { device: 'cpu', workers, module: 'relaxed' }, inPage),
    );
  const contenders = [];
  for (const enter of [() => shell(bench.program, local, 'all'), page(1), page(options.workers)]) {
    try {
      contenders.push(await enter());
    } catch (error) {
      note(`${title}: ${error.message}`);
    }
  }
  const ends = new Map();
  const fell = ({ name }, { message }) => note(`${title}, ${name}: ${message}`);
  try {
    const measure = async ({ name, run }) => {
      const { ms, steps, stop } = await run();
      ends.set(name, `${steps} steps, ${stop}`);
      return [ms];
    };
    const lines = sumUp(await takeTurns(contenders, options.runs, measure, fell));
    const text = [
      `### A whole run of strict, ${title}\n`,
      timesTable('without the scores before and after', lines, 's'),
      '',
      [...ends].map(([name, end]) => `${name}: ${end}`).join('; ') + '.',
    ];
    return { text: text.join('\n'), data: { title, lines, ends: Object.fromEntries(ends) } };
  } finally {
    for (const { close } of contenders) await close();
  }
}
