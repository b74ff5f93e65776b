import { chromium } from '../contenders/chromium.mjs';
import { shell } from '../contenders/shell.mjs';
import { torch, torchName } from '../contenders/torch.mjs';
import { sumUp, takeTurns } from '../rounds.mjs';
import { timesTable } from '../tables.mjs';

const smallCnn = {
  title: 'A step of 128 + 128 images, and 10,000 images evaluated (MNIST 3, strict, group norm)',
  model: 'models/mnist-group.safetensors',
  data: 'data/mnist.purge',
  forgetClass: 3,
  batch: 128,
};

/** Steps and evaluations of the page's network. */
export function steps(bench) {
  const local = (path) => `www/public/${path}`;
  const { model, data } = smallCnn;
  const files = { model: local(model), data: local(data) };
  return compare(bench, { ...smallCnn, files, addresses: { model: `/${model}`, data: `/${data}` }, evaluated: true });
}

/** Steps of a large network. */
export function resnet(bench) {
  const address = (path) => `/more/${path.split('/').at(-1)}`;
  const { model, data } = bench.resnet();
  return compare(bench, {
    title: 'A step of 16 + 16 images, ResNet-18 (stem for ImageNet, 32×32, batch norm)',
    files: { model, data },
    addresses: { model: address(model), data: address(data) },
    forgetClass: 3,
    batch: 16,
  });
}

async function compare(bench, { title, files, addresses, forgetClass, batch, evaluated }) {
  const { options, note } = bench;
  const local = { ...files, forgetClass, batch };
  const inPage = { ...addresses, forgetClass, batch };
  const page = (how) => () => bench.inChromium((browser, origin) => chromium(browser, origin, how, inPage));
  const all = options.workers;
  const entries = [
    ...(bench.python ? [() => torch(bench.python, local)] : []),
    () => shell(bench.program, local, 1),
    () => shell(bench.program, local, 'all'),
    ...[1, all].flatMap((workers) => ['relaxed', 'simd'].map((module) => page({ device: 'cpu', workers, module }))),
  ];
  if (options.gpu && evaluated) {
    entries.push(async () => ({ ...(await page({ device: 'webgpu' })()), rounds: 1, stepsInRound: 2 }));
  }
  const contenders = [];
  for (const enter of entries) {
    try {
      const contender = await enter();
      bench.say(`${contender.name}: ${contender.about.device}`);
      contenders.push(contender);
    } catch (error) {
      note(error.message);
    }
  }
  const fell = ({ name }, { message }) => note(`${name}: ${message}`);
  try {
    // Kernels are compiled and caches filled.
    await takeTurns(contenders, 1, ({ steps }) => steps(2), fell);
    const count = options.stepsInRound;
    const stepTimes = await takeTurns(
      contenders,
      options.rounds,
      ({ steps, stepsInRound = count }) => steps(Math.min(count, stepsInRound)),
      fell,
    );
    const step = sumUp(stepTimes, torchName);
    const text = [`### ${title}\n`, timesTable('a step', step)];
    if (!evaluated) return { text: text.join('\n'), data: { step } };
    const evaluations = await takeTurns(
      contenders,
      Math.max(1, Math.ceil(options.rounds / 2)),
      async ({ evaluate, about }) => [((await evaluate()) * 10_000) / about.images],
      fell,
    );
    const evaluation = sumUp(evaluations, torchName);
    text.push('', timesTable('10,000 images', evaluation, 's'));
    return { text: text.join('\n'), data: { step, evaluation } };
  } finally {
    for (const { close } of contenders) await close();
  }
}
