import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['{pkg,www}/**/*.test.ts', 'scripts/*.test.mjs'] },
});
