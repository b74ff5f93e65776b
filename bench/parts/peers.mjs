import { chromium } from '../contenders/chromium.mjs';
import { peer } from '../contenders/peer.mjs';
import { torch, torchName } from '../contenders/torch.mjs';
import { sumUp, takeTurns } from '../rounds.mjs';
import { timesTable } from '../tables.mjs';

const batch = 128;
/** For a peer that takes long. */
const few = 8;
const subject = { forgetClass: 3, batch };
const ours = { ...subject, model: '/models/mnist-group.safetensors', data: '/data/mnist.purge' };
const local = { ...subject, model: `www/public${ours.model}`, data: `www/public${ours.data}` };

/** Those that compute on the GPU, which may be a software one, or hardly compute at all. */
const slow = { tfjs: ['cpu', 'webgl', 'webgpu'], jax: ['webgl', 'webgpu'] };
const backends = { tfjs: ['wasm', ...slow.tfjs], jax: ['wasm', ...slow.jax] };

/** Other libraries for the browser with the page's network and step; see bench/peers/README.md. */
export async function peers(bench) {
  const { options, note } = bench;
  if (!options.packages) throw new Error('the packages are not installed; --peers installs them in the user’s cache');
  const contenders = [];
  const enter = async (open, how = {}) => {
    try {
      const contender = { ...(await open()), ...how };
      // Kernels are compiled, and what a library cannot do shows.
      const [first] = await within(options.patience, contender.name, contender.steps(1));
      bench.say(`${contender.name}: the first step took ${first.toFixed(0)} ms`);
      contenders.push(contender);
    } catch (error) {
      note(error.message);
    }
  };
  const page = (how) => () => bench.inChromium((browser, origin) => chromium(browser, origin, how, ours));
  if (bench.python) await enter(() => torch(bench.python, local));
  await enter(page({ device: 'cpu', workers: 1, module: 'simd' }));
  await enter(page({ device: 'cpu', workers: 1, module: 'relaxed' }));
  if (options.gpu) await enter(page({ device: 'webgpu' }), { rounds: 1, once: true });
  for (const [library, names] of Object.entries(backends)) {
    for (const backend of names.filter((name) => options.gpu || !name.startsWith('webg'))) {
      const open = () => peerThatAnswers(bench, library, backend);
      await enter(open, slow[library].includes(backend) ? { rounds: 1, once: true } : {});
    }
  }
  try {
    const measure = ({ name, steps, once }) => within(options.patience, name, steps(once ? 1 : options.stepsInRound));
    const fell = (_, { message }) => note(message);
    const lines = sumUp(await takeTurns(contenders, options.rounds, measure, fell), torchName);
    return { text: ['### Peers, 128 + 128 images\n', timesTable('a step', lines)].join('\n'), data: lines };
  } finally {
    for (const { close } of contenders) await close();
  }
}

/** With 128 + 128 images, or with few where that would take too long: then what it takes is counted so many times. */
async function peerThatAnswers(bench, library, backend) {
  const { patience } = bench.options;
  const name = `${library}, ${backend}`;
  const open = (batch) =>
    bench.inChromium((browser, origin) => within(patience, name, peer(browser, origin, library, backend, batch)));
  const small = await open(few);
  const times = batch / few;
  // The first step compiles.
  const [, ms] = await within(patience, name, small.steps(2));
  if ((ms * times) / 1e3 > patience / 10) {
    const steps = async (count) => (await small.steps(count)).map((ms) => ms * times);
    return { ...small, name: `${small.name}: ${few} + ${few} images, × ${times}`, steps };
  }
  await small.close();
  return open(batch);
}

/** Waits for so many seconds; who is at it then is left behind with its page. */
function within(seconds, name, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name}: it took more than ${seconds} s`)), seconds * 1e3);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
