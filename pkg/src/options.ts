import type { Shipped } from './assets.js';
import { badOption, checkSignal, checkWhole, checkWord, checkedOptions, plain } from './checks.js';
import { PurgeError } from './errors.js';
import { settings } from './settings.js';
import type { RunConfig, ShippedName, UnlearnConfig, UnlearnOptions } from './types/index.js';

const sessionOptions = ['device', 'workers', 'onProgress', 'signal', 'assets'];
const runOptions = ['forgetClass', 'method', 'preset', ...settings.map(({ key }) => key)];

/**
 * A session's options, apart from them what is only looked at later.
 *
 * @throws PurgeError `bad-config`, as all checks here do.
 */
export function checkedSession(given: unknown): { assets: unknown } {
  const { device, workers, onProgress, signal, assets } = checkedOptions('createSession', given, sessionOptions);
  checkWord('device', device, ['auto', 'webgpu', 'cpu']);
  if (workers !== undefined) checkWhole('workers', workers, 1);
  checkSignal('signal', signal);
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw badOption('onProgress', 'a function', onProgress);
  }
  return { assets };
}

/** A run's options as they can be posted, and apart from them what is about the scores after it. */
export function checkedRun(
  call: 'unlearn' | 'resolveConfig',
  given: unknown,
): Pick<RunConfig, 'nonMembers'> & { config: UnlearnConfig } {
  const known = call === 'unlearn' ? [...runOptions, 'nonMembers'] : runOptions;
  // A resolved configuration has them besides; they follow from the class to forget.
  const { nonMembers, ...config } = checkedOptions(call, given, known, ['classes']);
  checkWord('nonMembers', nonMembers, ['test', 'val']);
  return { config: plain(config), ...(nonMembers !== undefined && { nonMembers: nonMembers as 'test' | 'val' }) };
}

export function checkedPace(
  given: unknown,
): Pick<UnlearnOptions, 'signal'> & { stepsPerEvent: number; ahead: () => boolean } {
  const known = ['signal', 'stepsPerEvent', 'ahead'];
  const { signal, stepsPerEvent = 1, ahead = () => true } = checkedOptions('unlearn', given, known);
  checkSignal('signal', signal);
  checkWhole('stepsPerEvent', stepsPerEvent, 1);
  if (typeof ahead !== 'function') throw badOption('ahead', 'a function', ahead);
  return {
    stepsPerEvent: stepsPerEvent as number,
    ahead: () => Boolean(ahead()),
    ...(signal !== undefined && { signal: signal as AbortSignal }),
  };
}

/** The shipped network that is asked for; undefined where it is none. */
export function checkedShipped(what: unknown, options: unknown): Shipped | undefined {
  const { norm } = checkedOptions('load', options, ['norm']);
  checkWord('norm', norm, ['group', 'batch']);
  if (typeof what === 'string') {
    checkWord('load', what, ['mnist', 'pathmnist']);
    return { name: what as ShippedName, norm: norm === 'batch' ? 'batch' : 'group' };
  }
  if (norm !== undefined) throw new PurgeError('bad-config', 'norm: only a network loaded by name has a choice of it');
  return undefined;
}
