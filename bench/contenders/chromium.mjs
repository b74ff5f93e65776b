/* global createSession */

/** How the modules for the CPU are called in the tables. */
const modules = { relaxed: 'relaxed SIMD', simd: 'simd128' };

/** Runs in the page: puts a contender on the window, and says what it is. */
async function open({ device, workers, module, model, data, forgetClass, batch }) {
  // Which module is fetched follows from what the browser says of itself.
  if (module === 'simd') WebAssembly.validate = () => false;
  const session = await createSession({ device, ...(workers && { workers }) });
  const { dataset } = await session.load({ model, dataset: { kind: 'packed', file: data } });
  await session.prepare();
  // Takes so small steps that nothing is ever forgotten, though each changes the weights; no condition ends the run.
  const endless = { learningRate: 1e-6, checkEvery: 1e6, epochs: 1e4, targetForgetAccuracy: 0, retainBudget: 0 };
  const run = { forgetClass, batchSize: batch };
  let stepping;
  globalThis.contender = {
    async steps(count) {
      stepping ??= session.unlearn({ ...run, ...endless }, { ahead: () => false });
      const times = [];
      while (times.length < count) {
        const began = performance.now();
        const { value } = await stepping.next();
        // At the end of an epoch there is a check, which is no part of a step.
        if (value.step % value.stepsPerEpoch) times.push(performance.now() - began);
      }
      return times;
    },
    async evaluate() {
      const network = await (await fetch(model)).blob();
      const began = performance.now();
      await session.evaluate({ forgetClass, model: network });
      return performance.now() - began;
    },
    async run() {
      await stepping?.return();
      stepping = undefined;
      await session.reset();
      const began = performance.now();
      let ms;
      for await (const event of session.unlearn(run)) {
        if (event.type === 'done') return { ms, steps: event.steps, stop: event.stop };
        ms = performance.now() - began;
      }
    },
  };
  const sum = (counts) => counts.reduce((all, count) => all + count, 0);
  const { train, test } = dataset.counts;
  return { device: session.device.name, kind: session.device.kind, images: sum(train) + sum(test) };
}

/**
 * The package in a page of its own.
 *
 * @param how `device`, and for the CPU `workers` and `module`, relaxed or simd.
 * @param subject `model` and `data` as addresses.
 */
export async function chromium(browser, origin, how, subject) {
  const page = await browser.newPage();
  try {
    await page.goto(`${origin}/tests/package.html`);
    await page.waitForFunction(() => 'createSession' in globalThis);
    const about = await page.evaluate(open, { ...how, ...subject });
    checkModule(how, about);
    const ask = (name, argument) => page.evaluate(([name, argument]) => contender[name](argument), [name, argument]);
    return {
      name: nameOf(how),
      about,
      steps: (count) => ask('steps', count),
      evaluate: () => ask('evaluate'),
      run: () => ask('run'),
      close: () => page.close(),
    };
  } catch (error) {
    await page.close();
    throw error;
  }
}

export function nameOf({ device, workers, module }) {
  if (device === 'webgpu') return 'Chromium, WebGPU';
  return `Chromium, ${modules[module]}, ${workers} worker${workers === 1 ? '' : 's'}`;
}

/** What is measured shall be what the tables say it is. */
function checkModule({ device, module }, about) {
  if (about.kind !== device) throw new Error(`expected the ${device} engine, found that of the ${about.kind}`);
  const relaxed = about.device.includes('relaxed');
  if (device === 'cpu' && relaxed !== (module === 'relaxed')) {
    throw new Error(`the browser took another module than ${modules[module]}: ${about.device}`);
  }
}
