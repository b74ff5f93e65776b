/** Another library in a page of its own, with the page's network and step: see bench/peers. */
export async function peer(browser, origin, library, backend, batch) {
  const page = await browser.newPage();
  try {
    // Bare, but of an origin of its own.
    await page.goto(`${origin}/more/blank.html`);
    const about = await page.evaluate(
      async ([library, backend, batch]) => {
        const { open } = await import(`/more/peers/${library}.js`);
        globalThis.peer = await open('/more/packages', backend, batch);
        return globalThis.peer.about;
      },
      [library, backend, batch],
    );
    const timed = (what, argument) =>
      page.evaluate(
        async ([what, argument]) => {
          const began = performance.now();
          await globalThis.peer[what](argument);
          return performance.now() - began;
        },
        [what, argument],
      );
    const images = 1000;
    return {
      name: about,
      about: { device: about, images },
      async steps(count) {
        const times = [];
        while (times.length < count) times.push(await timed('step'));
        return times;
      },
      evaluate: () => timed('forward', images),
      close: () => page.close(),
    };
  } catch (error) {
    await page.close();
    throw new Error(`${library}, ${backend}: ${error.message.split('\n')[0]}`, { cause: error });
  }
}
