import { attacks, type AttackInfo } from './attacks.js';
import { badOption, checkSignal, checkWord, checkedOptions, oneOf, plain } from './checks.js';
import type { EngineQueue } from './engine-queue.js';
import { PurgeError } from './errors.js';
import type { AttackRequest, BareReport, NamedFile } from './protocol.js';
import { checkedSource } from './sources.js';
import type { AttackOptions, AttackProgress, AttackReport, Source } from './types/index.js';

/** An attack as it was asked for. */
export interface CheckedAttack {
  info: AttackInfo;
  options: AttackRequest;
  retrained?: Source;
  signal?: AbortSignal;
  onProgress?: (progress: AttackProgress) => void;
}

/** @throws PurgeError `bad-config` for a name that is none, and options that are not what they should be. */
export function checkedAttack(name: unknown, given: AttackOptions): CheckedAttack {
  const info = attacks.find((attack) => attack.name === name);
  if (!info) throw badOption('attack', oneOf(attacks.map((attack) => attack.name)), name);
  const own = info.options.map((option) => option.key);
  const known = ['forgetClass', 'network', 'nonMembers', 'retrained', 'signal', 'onProgress', ...own];
  const { retrained, signal, onProgress, ...rest } = checkedOptions(`attack ${info.name}`, given, known);
  checkSignal('signal', signal);
  checkWord('network', rest['network'], ['before', 'after', 'retrained']);
  checkWord('nonMembers', rest['nonMembers'], ['test', 'val']);
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw badOption('onProgress', 'a function', onProgress);
  }
  return {
    info,
    options: plain<AttackRequest>(rest),
    ...(retrained !== undefined && { retrained: checkedSource('retrained', retrained) }),
    ...(signal !== undefined && { signal: signal as AbortSignal }),
    ...(onProgress !== undefined && { onProgress: onProgress as NonNullable<AttackOptions['onProgress']> }),
  };
}

/** Makes it, from one breath to the next. */
export async function attacked(
  queue: EngineQueue,
  { info, options, signal, onProgress }: CheckedAttack,
  retrained: NamedFile | undefined,
): Promise<AttackReport> {
  const cancelled = () => new PurgeError('cancelled', 'The attack was cancelled.');
  if (signal?.aborted) throw cancelled();
  const connection = await queue.readyWithNetwork();
  await queue.letHelp(connection);
  await queue.ask(connection, { type: 'start-attack', name: info.name, options, ...(retrained && { retrained }) });
  for (;;) {
    if (signal?.aborted) {
      await queue.ask(connection, { type: 'drop-attack' });
      throw cancelled();
    }
    const { share, report } = await queue.ask(connection, { type: 'advance-attack' });
    tell(onProgress, { attack: info.name, share });
    if (report) return worded(info, report);
  }
}

/** An attack does not depend on whoever listens to it. */
function tell(onProgress: CheckedAttack['onProgress'], progress: AttackProgress): void {
  try {
    onProgress?.(progress);
  } catch (error) {
    reportError(error);
  }
}

/** The report with the words that the engine goes without. */
function worded(info: AttackInfo, report: BareReport): AttackReport {
  const label = (key: string) => info.numbers.find((number) => number.key === key)?.label ?? key;
  return {
    ...report,
    numbers: report.numbers.map((number) => {
      const unit = info.numbers.find(({ key }) => key === number.key)?.unit ?? '';
      return { ...number, label: label(number.key), unit };
    }),
    curves: report.curves.map((curve) => {
      const { label = curve.key, x = '', y = '' } = info.curves.find(({ key }) => key === curve.key) ?? {};
      return { ...curve, label, x, y };
    }),
    histograms: report.histograms.map((histogram) => ({ ...histogram, label: label(histogram.key) })),
    notes: report.notes.map((key) => ({ key, sentence: info.notes.find((note) => note.key === key)?.sentence ?? key })),
  };
}
