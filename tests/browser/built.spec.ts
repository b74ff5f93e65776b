import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@playwright/test';

const folder = fileURLToPath(new URL('../../www/dist', import.meta.url));

test('nothing is in the built page twice', () => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const byContent = new Map<string, string[]>();
  for (const { parentPath, name } of files) {
    const path = join(parentPath, name);
    const content = createHash('sha256').update(readFileSync(path)).digest('hex');
    byContent.set(content, [...(byContent.get(content) ?? []), path.slice(folder.length)]);
  }
  expect(byContent.size).toBeGreaterThan(50);
  expect([...byContent.values()].filter((same) => same.length > 1)).toEqual([]);
});
