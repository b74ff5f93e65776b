import { svelte } from '@sveltejs/vite-plugin-svelte';
import { configDefaults, defineConfig } from 'vitest/config';

const page = 'www/**/*.svelte.test.ts';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'plain',
          include: ['{pkg,www}/**/*.test.ts', '{bench,scripts}/*.test.mjs'],
          exclude: [...configDefaults.exclude, page],
        },
      },
      {
        plugins: [svelte({ configFile: false })],
        // Svelte would compile the state for a server, where nothing follows it.
        environments: { ssr: { consumer: 'client', resolve: { conditions: ['browser'] } } },
        test: { name: 'page', include: [page] },
      },
    ],
  },
});
