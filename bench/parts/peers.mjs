import { chromium } from '../contenders/chromium.mjs';
import { peer } from '../contenders/peer.mjs';
import { torch, torchName } from '../contenders/torch.mjs';
import { sumUp, takeTurns } from '../rounds.mjs';
import { timesTable } from '../tables.mjs';

const batch = 128;
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
  if (options.gpu) await enter(page({ device: 'webgpu' }), { rounds: 1, few: true });
  for (const [library, names] of Object.entries(backends)) {
    for (const backend of names.filter((name) => options.gpu || !name.startsWith('webg'))) {
      const open = () =>
        bench.inChromium((browser, origin) =>
          within(options.patience, library, peer(browser, origin, library, backend, batch)),
        );
      await enter(open, slow[library].includes(backend) ? { rounds: 1, few: true } : {});
    }
  }
  try {
    const measure = ({ name, steps, few }) => within(options.patience, name, steps(few ? 1 : options.stepsInRound));
    const fell = (_, { message }) => note(message);
    const lines = sumUp(await takeTurns(contenders, options.rounds, measure, fell), torchName);
    return { text: ['### Peers, 128 + 128 images\n', timesTable('a step', lines)].join('\n'), data: lines };
  } finally {
    for (const { close } of contenders) await close();
  }
}

/** Waits for so many seconds; who is at it then is left behind with its page. */
function within(seconds, name, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name}: it took more than ${seconds} s`)), seconds * 1e3);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
