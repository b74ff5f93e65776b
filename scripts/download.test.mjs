import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const script = new URL('download.sh', import.meta.url).pathname;
let folder;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'download-'));
  mkdirSync(join(folder, 'web/inside'), { recursive: true });
  writeFileSync(join(folder, 'web/inside/train.bin'), 'records '.repeat(1000));
  writeFileSync(join(folder, 'web/inside/unlabeled.bin'), 'not wanted');
  execFileSync('tar', ['-czf', join(folder, 'web/set.tar.gz'), '-C', join(folder, 'web'), 'inside']);
});
afterEach(() => rmSync(folder, { recursive: true }));

function md5(path) {
  return createHash('md5').update(readFileSync(path)).digest('hex');
}

/** Runs the script on a table with one archive, whose address and sum may be given. */
function download(set, { address = 'set.tar.gz', sum = md5(join(folder, 'web/set.tar.gz')) } = {}) {
  const table = join(folder, 'table.tsv');
  const row = ['set', '1', 'set/set.tar.gz', sum, '*/t*.bin', `file://${join(folder, 'web', address)}`];
  writeFileSync(table, `set\tmegabytes\tfile\tmd5\tunpack\taddress\n${row.join('\t')}\n`);
  const env = { ...process.env, PURGE_DATASETS: table, PURGE_DATA_DIR: join(folder, 'data') };
  return spawnSync(script, set ? [set] : [], { env, encoding: 'utf8' });
}

const there = (name) => existsSync(join(folder, 'data/set', name));

test('goes on where it stopped, and unpacks what is wanted', () => {
  const whole = readFileSync(join(folder, 'web/set.tar.gz'));
  mkdirSync(join(folder, 'data/set'), { recursive: true });
  writeFileSync(join(folder, 'data/set/set.tar.gz.part'), whole.subarray(0, 50));
  expect(download('set').status).toBe(0);
  expect(readFileSync(join(folder, 'data/set/set.tar.gz'))).toEqual(whole);
  expect([there('train.bin'), there('unlabeled.bin'), there('unpacking')]).toEqual([true, false, false]);

  const again = download('set', { address: 'gone' });
  expect([again.status, again.stderr]).toEqual([0, '']);
});

test('refuses another content than the one it knows', () => {
  const { status, stderr } = download('set', { sum: '0'.repeat(32) });
  expect(status).toBe(1);
  expect(stderr).toContain('another md5');
  expect([there('set.tar.gz'), there('set.tar.gz.part')]).toEqual([false, false]);
});

test('says what to do where there is no network', () => {
  const { status, stderr } = download('set', { address: 'gone' });
  expect(status).toBe(1);
  expect(stderr).toMatch(/could not download .*gone: run this again/);
});

test('names the sets it knows', () => {
  expect(download('cifar11').stderr).toContain('cifar11 is none of the sets in');
});

test('fetches PathMNIST where nothing is named and none is there', () => {
  // The table of these tests has none, so that asking for it is an error.
  expect(download().stderr).toContain('pathmnist is none of the sets in');

  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'data/pathmnist.npz'), '');
  const { status, stderr } = download();
  expect([status, stderr]).toEqual([0, '']);
});
