import { describe, expect, test } from 'vitest';
import { quicker, slowWords } from '../src/trial.js';

/** Devices of which a step with so many images of either side takes so long, and what they were asked. */
async function between(gpu: (batch: number) => number | undefined, cpu: number | undefined, workers: number) {
  const asked: string[] = [];
  const trial = (name: string, of: (batch: number) => number | undefined) => (batch: number) => {
    asked.push(`${name} ${batch}`);
    return Promise.resolve(of(batch));
  };
  return {
    verdict: await quicker(
      trial('gpu', gpu),
      trial('cpu', () => cpu),
      workers,
    ),
    asked,
  };
}

describe('which is quicker', () => {
  test.each([
    [1, 40],
    [3, 15],
    [8, 5],
  ])('no CPU is asked where none of %i workers could be quicker than %i ms', async (workers, ms) => {
    expect(await between(() => ms, 0, workers)).toEqual({
      verdict: { kind: 'webgpu', pace: { webgpu: ms } },
      asked: ['gpu 16', 'gpu 128'],
    });
    const { asked } = await between(() => ms + 0.1, 1000, workers);
    expect(asked).toEqual(['gpu 16', `cpu ${16 * workers}`, 'gpu 128']);
  });

  test('a GPU that needs longer for a little than the CPU for all of it is not asked for all of it', async () => {
    expect(await between(() => 310, 30, 2)).toEqual({
      verdict: { kind: 'cpu', pace: { webgpu: 310, atLeast: true, cpu: 120 } },
      asked: ['gpu 16', 'cpu 32'],
    });
  });

  test('where the little settles nothing, a usual step does', async () => {
    const [slow, quick] = [(batch: number) => batch * 3, (batch: number) => 20 + batch / 4];
    expect(await between(slow, 60, 3)).toEqual({
      verdict: { kind: 'cpu', pace: { webgpu: 384, cpu: 180 } },
      asked: ['gpu 16', 'cpu 48', 'gpu 128'],
    });
    expect((await between(quick, 60, 3)).verdict).toEqual({ kind: 'webgpu', pace: { webgpu: 52, cpu: 180 } });
    // Promising at first: it was asked for a usual step at once, and not again.
    expect(await between((batch) => batch / 2, 10, 2)).toEqual({
      verdict: { kind: 'cpu', pace: { webgpu: 64, cpu: 40 } },
      asked: ['gpu 16', 'gpu 128', 'cpu 32'],
    });
  });

  test('as quick as the CPU is quick enough', async () => {
    expect((await between(() => 60, 60, 8)).verdict?.kind).toBe('cpu');
    expect((await between((batch) => batch, 128, 8)).verdict?.kind).toBe('webgpu');
  });

  test('what one worker does in eight rounds, eight do in one', async () => {
    const of = async (workers: number) => (await between((batch) => batch, 30, workers)).verdict?.pace.cpu;
    expect([await of(1), await of(3), await of(4), await of(7), await of(8)]).toEqual([240, 90, 60, 60, 30]);
  });

  test('a CPU that cannot be had is no choice', async () => {
    expect((await between(() => 5000, Infinity, 4)).verdict).toEqual({ kind: 'webgpu', pace: { webgpu: 5000 } });
  });

  test('given up anywhere, there is no answer and nothing more is asked', async () => {
    expect(await between(() => undefined, 1, 1)).toEqual({ verdict: undefined, asked: ['gpu 16'] });
    const second = (batch: number) => (batch === 16 ? 4 : undefined);
    expect(await between(second, 1, 1)).toEqual({ verdict: undefined, asked: ['gpu 16', 'gpu 128'] });
    expect(await between(() => 90, undefined, 1)).toEqual({ verdict: undefined, asked: ['gpu 16', 'cpu 16'] });
    const last = (batch: number) => (batch === 16 ? 90 : undefined);
    expect(await between(last, 50, 1)).toEqual({ verdict: undefined, asked: ['gpu 16', 'cpu 16', 'gpu 128'] });
  });
});

test('why it is the CPU, in words', () => {
  expect(slowWords({ webgpu: 310.4, atLeast: true, cpu: 119.6 })).toBe(
    'The GPU here needs more than 310 ms for a step, the CPU 120 ms.',
  );
  expect(slowWords({ webgpu: 14_324, atLeast: true, cpu: 1240 })).toBe(
    'The GPU here needs more than 14 s for a step, the CPU 1.2 s.',
  );
  expect(slowWords({ webgpu: 12, cpu: 9.94 })).toBe('The GPU here needs 12 ms for a step, the CPU 9.9 ms.');
});
