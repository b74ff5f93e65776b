import { fileURLToPath } from 'node:url';
import { talkTo } from '../process.mjs';

export const torchName = 'PyTorch, one thread';

/** The same step and evaluation in PyTorch on one thread. */
export async function torch(python, { model, data, forgetClass, batch }) {
  const script = fileURLToPath(new URL('../torch/step.py', import.meta.url));
  const args = [script, '--model', model, '--data', data, '--forget', `${forgetClass}`, '--batch', `${batch}`];
  const { about, ask, close } = await talkTo(python, args, { OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' });
  return { name: torchName, about, steps: (count) => ask(`steps ${count}`), evaluate: () => ask('evaluate'), close };
}
