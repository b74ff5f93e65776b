import { talkTo } from '../process.mjs';

/** The shell, `purge`, on one thread or all. */
export async function shell(program, { model, data, forgetClass, batch }, threads) {
  const args = ['bench', '--model', model, '--data', data, '--class', `${forgetClass}`];
  const env = threads === 'all' ? {} : { RAYON_NUM_THREADS: `${threads}` };
  const { about, ask, close } = await talkTo(program, [...args, '--on-request', '--batch', `${batch}`], env);
  return {
    name: `native, ${threads === 1 ? 'one thread' : 'all threads'}`,
    about,
    steps: (count) => ask(`steps ${count}`),
    evaluate: () => ask('evaluate'),
    run: () => ask('run'),
    close,
  };
}
