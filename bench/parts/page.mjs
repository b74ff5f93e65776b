import { brotliCompressSync, constants } from 'node:zlib';
import { median } from '../rounds.mjs';
import { megabytes, table } from '../tables.mjs';

const sentence = /^It recognises .* of the .* it learnt from/;
const sets = [
  { title: 'MNIST 3', query: 'dataset=mnist&class=3', button: 'Forget the 3s', until: sentence },
  { title: 'PathMNIST 2', query: 'dataset=pathmnist&class=2', button: 'Forget the debris', until: sentence },
];
/** Minutes long, so once is enough. */
const all = {
  title: 'MNIST 3, all methods',
  query: 'dataset=mnist&class=3',
  button: 'Run all methods on the 3s',
  until: /The network is as it was loaded again/,
  once: true,
};

/** The real page on the CPU: seconds from the click to the words on what came of it, how long its thread was held up, what was downloaded. */
export async function page(bench) {
  const { options, note } = bench;
  const visits = [];
  for (const set of options.quick ? sets : [...sets, all]) {
    for (const workers of ['auto', options.workers]) {
      const found = [];
      try {
        for (let i = 0; i < (set.once ? 1 : options.runs); i++) {
          found.push(await bench.inChromium((browser, origin) => visit(browser, origin, set, workers)));
          bench.say(`${set.title}, workers: ${workers}: ${found.at(-1).seconds.toFixed(1)} s`);
        }
      } catch (error) {
        note(`${set.title}, workers: ${workers}: ${error.message.split('\n')[0]}`);
      }
      if (found.length) visits.push(summed(set.title, workers, found));
    }
  }
  const rows = visits.map(({ title, workers, least, middle, gap, bytes, packed }) => [
    title,
    workers === 'auto' ? 'as the page chooses' : workers,
    least.toFixed(1),
    middle.toFixed(1),
    gap.toFixed(0),
    megabytes(bytes),
    megabytes(packed),
  ]);
  const head = ['the page, CPU', 'workers', 'click to sentence, least, s', 'median, s', 'longest gap, ms'];
  const text = [
    '### The page\n',
    table('llrrrrr', [...head, 'bytes to the first click', 'with brotli'], rows),
    '',
    'The gap is the longest time that the page’s own thread was held up between click and sentence, or the end of all runs.',
  ];
  return { text: text.join('\n'), data: visits };
}

function summed(title, workers, visits) {
  const seconds = visits.map((visit) => visit.seconds);
  const [{ bytes, packed }] = visits;
  const gap = Math.max(...visits.map(({ longestGap }) => longestGap));
  return { title, workers, least: Math.min(...seconds), middle: median(seconds), gap, bytes, packed };
}

async function visit(browser, origin, { query, button, until }, workers) {
  // A context of its own has nothing in its cache.
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const downloads = [];
    page.on('response', (response) => downloads.push(response));
    await page.goto(`${origin}/?device=cpu&workers=${workers}&${query}`);
    const forget = page.getByRole('button', { name: button, exact: true });
    await forget.and(page.locator(':not([aria-disabled=true])')).waitFor({ timeout: 120_000 });
    const sizes = await Promise.all(downloads.map(sizeOf));
    await page.getByRole('table', { name: 'Before', exact: true }).waitFor({ timeout: 120_000 });
    await page.evaluate(watch, until);
    await forget.click();
    // Looking for words from here would hold up the page's thread too.
    await page.waitForFunction(() => globalThis.watched.saidAt, undefined, { timeout: 1_800_000, polling: 250 });
    const { clickedAt, saidAt, longestGap } = await page.evaluate(() => globalThis.watched);
    const seconds = (saidAt - clickedAt) / 1e3;
    const sum = (key) => sizes.reduce((all, size) => all + size[key], 0);
    return { seconds, longestGap, bytes: sum('bytes'), packed: sum('packed') };
  } finally {
    await context.close();
  }
}

/** Runs in the page: notes when it was clicked, when it says these words, and how long its thread was held up between. */
function watch(until) {
  const watched = (globalThis.watched = { longestGap: 0 });
  let last;
  document.addEventListener('click', () => (watched.clickedAt = last = performance.now()), {
    capture: true,
    once: true,
  });
  setInterval(() => {
    if (last === undefined || watched.saidAt) return;
    const now = performance.now();
    watched.longestGap = Math.max(watched.longestGap, now - last);
    last = now;
  }, 5);
  const changes = new MutationObserver((records) => {
    const texts = records.flatMap(({ target, addedNodes }) => [target, ...addedNodes]).map((node) => node.textContent);
    if (last === undefined || !texts.some((text) => until.test(text.trim()))) return;
    watched.saidAt = performance.now();
    changes.disconnect();
  });
  changes.observe(document.body, { subtree: true, childList: true, characterData: true });
}

/** What was sent, and what a host that compresses would send. */
async function sizeOf(response) {
  const body = await response.body().catch(() => Buffer.alloc(0));
  const isPacked = body.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]));
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
  return { bytes: body.length, packed: isPacked ? body.length : brotliCompressSync(body, options).length };
}
