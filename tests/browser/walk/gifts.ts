import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { asFile, served } from '../digits';
import { firstOfEachClass } from '../packed';

type File = ReturnType<typeof asFile>;

/** Files that a visitor may bring, by what they are. */
export type Gifts = Record<string, File[]>;

const fixture = (name: string) => readFile(new URL(`../../fixtures/formats/${name}`, import.meta.url));

/** Good files, bad ones and such that fit nothing. */
export async function wrap(page: Page): Promise<Gifts> {
  const few = async (set: string) => firstOfEachClass(await served(page, `/data/${set}.purge`), { train: 20, rest: 8 });
  const network = (name: string) => served(page, `/models/${name}.safetensors`);
  const [digits, tissues] = [await few('mnist'), await few('pathmnist-light')];
  const [forDigits, forTissues] = [await network('mnist-group'), await network('pathmnist-batch')];
  const [grey, colour, cifar] = [
    await fixture('medmnist_grey.npz'),
    await fixture('medmnist_rgb_stored.npz'),
    await fixture('cifar10.bin'),
  ];
  const large = Buffer.from(grey);
  large.writeUInt32LE(2_000_000_000, large.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1')) + 24);
  const claim = Buffer.alloc(16);
  [0x803, 70_000, 210, 210].forEach((value, i) => claim.writeUInt32BE(value, 4 * i));

  return {
    'digits and their network': [asFile('my-digits.purge', digits), asFile('my-network.safetensors', forDigits)],
    digits: [asFile('my-digits.purge', digits)],
    'tissues and their network': [asFile('my-tissues.purge', tissues), asFile('my-other.safetensors', forTissues)],
    tissues: [asFile('my-tissues.purge', tissues)],
    'a network for digits': [asFile('my-network.safetensors', forDigits)],
    'a network for tissues': [asFile('my-other.safetensors', forTissues)],
    'tissues and a network for digits': [
      asFile('my-tissues.purge', tissues),
      asFile('my-network.safetensors', forDigits),
    ],
    'a grey archive': [asFile('my-grey.npz', grey)],
    'a colour archive': [asFile('my-colour.npz', colour)],
    'CIFAR-10': [asFile('my-train.bin', cifar), asFile('my-test.bin', cifar)],
    'one batch of CIFAR-10': [asFile('my-data_batch_3.bin', cifar)],
    SVHN: [
      asFile('my-train_32x32.mat', await fixture('svhn_plain_32x32.mat')),
      asFile('my-test_32x32.mat', await fixture('svhn_compressed_32x32.mat')),
    ],
    'half of an IDX set': [asFile('my-train-images', await fixture('idx3-images'))],
    'an IDX set with labels of something else': [
      asFile('my-train-images', await fixture('idx3-images')),
      asFile('my-train-labels', Buffer.from([0, 0, 8, 1, 0, 0, 0, 1, 3])),
      asFile('my-t10k-images', await fixture('idx3-images')),
      asFile('my-t10k-labels', await fixture('idx1-labels')),
    ],
    'half a network': [asFile('my-half.safetensors', forDigits.subarray(0, forDigits.length >> 1))],
    'a short archive': [asFile('my-short.npz', colour.subarray(0, colour.length - 2000))],
    'a letter': [asFile('my-letter.txt', Buffer.from('Dear network, please forget me.'))],
    nothing: [asFile('my-empty', Buffer.alloc(0))],
    'a letter that calls itself a network': [asFile('my-letter.safetensors', Buffer.from('Dear network,'))],
    'digits and a letter that calls itself a network': [
      asFile('my-digits.purge', digits),
      asFile('my-letter.safetensors', Buffer.from('Dear network,')),
    ],
    'an archive that seems large': [asFile('my-large.npz', large)],
    'more images than there is memory for': [
      asFile('my-train-images', gzipSync(Buffer.concat([claim, randomBytes(3_200_000)]))),
      asFile('my-train-labels', await fixture('idx1-labels')),
      asFile('my-t10k-images', await fixture('idx3-images')),
      asFile('my-t10k-labels', await fixture('idx1-labels')),
    ],
  };
}
