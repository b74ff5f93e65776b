import { afterEach, expect, test, vi } from 'vitest';
import { Crew, type Back } from '../src/crew.js';
import { help, type Helper } from '../src/help.js';
import { settle } from './fakes.js';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** A helper that says which network it has and which part it did; `work` may throw. */
class Echo implements Helper {
  network = '';
  done: string[] = [];
  during: (part: string) => void = () => {};

  takeNetwork(bytes: Uint8Array) {
    this.network = new TextDecoder().decode(bytes);
  }

  work(part: Uint8Array) {
    const name = new TextDecoder().decode(part);
    this.during(name);
    this.done.push(name);
    return new TextEncoder().encode(`${name} of ${this.network}`);
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);

function hire(crew: Crew, id: number) {
  const { port1, port2 } = new MessageChannel();
  const helper = new Echo();
  crew.hire(id, port1);
  const leave = help(port2, helper);
  return { helper, leave, port: port2 };
}

/** Hands out what there is room for, as the engine does, and does the others itself. */
async function run(crew: Crew, names: string[], network?: string) {
  const results = new Map<number, string>();
  const waiting = names.map((_, index) => index);
  let away = 0;
  crew.begin(network === undefined ? undefined : bytes(network));
  while (results.size < names.length) {
    while (crew.hasRoom(waiting.length)) {
      const index = waiting.shift() ?? -1;
      crew.give(index, bytes(names[index] ?? ''));
      away++;
    }
    const own = waiting.shift();
    if (own !== undefined) results.set(own, `${names[own]} here`);
    if (away === 0) continue;
    const back: Back[] = await crew.collect(own === undefined);
    for (const [index, answer] of back) {
      away--;
      if (answer) results.set(index, new TextDecoder().decode(answer));
      else waiting.unshift(index);
    }
  }
  expect(away).toBe(0);
  return names.map((_, index) => results.get(index));
}

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const isDone = (results: (string | undefined)[]) =>
  results.every((result, i) => result?.startsWith(`${names[i]} `)) && results.length === names.length;

test('helpers and the engine share the parts, and all have the newest network', async () => {
  const crew = new Crew();
  const team = [hire(crew, 1), hire(crew, 2)];
  await settle();
  expect(isDone(await run(crew, names, 'A'))).toBe(true);
  const results = await run(crew, names, 'B');
  expect(isDone(results)).toBe(true);
  const helped = results.filter((result) => result?.endsWith(' of B')).length;
  expect(helped).toBeGreaterThan(1);
  expect(results.every((result) => / (here|of B)$/.test(result ?? ''))).toBe(true);
  for (const { helper } of team) expect(helper.done.length).toBeGreaterThan(0);
  // The network that they have already is not sent again.
  const again = vi.fn();
  team[0]!.helper.takeNetwork = again;
  await run(crew, names);
  expect(again).not.toHaveBeenCalled();
});

/** Delivers the messages of all channels one by one in the order in which they were sent, as a browser does and Node does not. */
class InOrder {
  readonly port1 = new PortInOrder();
  readonly port2 = new PortInOrder(this.port1);
}

class PortInOrder {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  #other: PortInOrder | undefined;

  constructor(other?: PortInOrder) {
    this.#other = other;
    if (other) other.#other = this;
  }

  postMessage(data: unknown) {
    setImmediate(() => this.#other?.onmessage?.({ data }));
  }

  close() {}
}

test('an answer is heard in the turn after it has come, however many came before', async () => {
  vi.stubGlobal('MessageChannel', InOrder);
  const crew = new Crew();
  hire(crew, 1);
  await settle();
  crew.begin(bytes('A'));
  for (let index = 0; index < 20; index++) {
    crew.give(index, bytes('a'));
    // Until the helper has its part, and until the engine has the answer.
    const back = [...(await crew.collect(false)), ...(await crew.collect(false))];
    expect(back.map(([of]) => of)).toEqual([index]);
  }
});

test('a crew of none, and one of which none is ready, leaves all to the engine', async () => {
  const crew = new Crew();
  expect(await run(crew, ['a', 'b', 'c'], 'A')).toEqual(['a here', 'b here', 'c here']);
  crew.hire(1, new MessageChannel().port1);
  expect(await run(crew, ['a', 'b', 'c'])).toEqual(['a here', 'b here', 'c here']);
});

test('one part is done by the engine, which is free when it asks', async () => {
  const crew = new Crew();
  hire(crew, 1);
  await settle();
  expect(await run(crew, ['a'], 'A')).toEqual(['a here']);
});

test('a part that fails is done again, and whoever failed gets no other', async () => {
  const crew = new Crew();
  const { helper } = hire(crew, 1);
  const reported = vi.fn();
  vi.stubGlobal('reportError', reported);
  await settle();
  helper.during = () => {
    throw new WebAssembly.RuntimeError('unreachable');
  };
  expect(isDone(await run(crew, names, 'A'))).toBe(true);
  expect(reported).toHaveBeenCalledOnce();
  expect(helper.done).toEqual([]);
  expect(await run(crew, ['a', 'b'])).toEqual(['a here', 'b here']);
  vi.unstubAllGlobals();
});

test('what a helper that has gone silent has is done again, and it gets nothing until it answers', async () => {
  const crew = new Crew();
  const silent = new MessageChannel();
  crew.hire(1, silent.port1);
  const heard: unknown[] = [];
  silent.port2.onmessage = ({ data }) => void heard.push(data);
  silent.port2.postMessage('ready');
  await settle();
  expect(isDone(await run(crew, names, 'A'))).toBe(true);
  const before = heard.length;
  expect(before).toBeGreaterThan(0);
  expect(await run(crew, ['a', 'b'])).toEqual(['a here', 'b here']);
  expect(heard.length).toBe(before);
  expect(crew.dismissSilent()).toEqual([1]);
  expect(crew.dismissSilent()).toEqual([]);
}, 10_000);

test('a helper that leaves hands back what it has not done', async () => {
  const crew = new Crew();
  const { helper, leave } = hire(crew, 1);
  await settle();
  helper.during = (part) => {
    if (part === 'a') leave();
  };
  expect(isDone(await run(crew, names, 'A'))).toBe(true);
  expect(helper.done).toEqual(['a']);
});

test('answers of an earlier job are no longer wanted', async () => {
  const crew = new Crew();
  const { helper } = hire(crew, 1);
  await settle();
  crew.begin(bytes('A'));
  expect(crew.hasRoom(9)).toBe(true);
  crew.give(7, bytes('old'));
  expect(isDone(await run(crew, names, 'B'))).toBe(true);
  expect(helper.done[0]).toBe('old');
});
