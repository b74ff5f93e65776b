import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  // The page may be served from any folder, such as a project's GitHub Pages.
  base: './',
  // A missing file must be a 404: the page asks for data sets that may not be there.
  appType: 'mpa',
  plugins: [svelte()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    rollupOptions: {
      output: {
        // All engine modules have the same file name; a folder for each keeps them apart.
        assetFileNames({ originalFileNames }) {
          const [, device] = /dist\/(cpu|cpu-relaxed|webgpu)\//.exec(originalFileNames[0] ?? '') ?? [];
          return device ? `engine/${device}/[name]-[hash][extname]` : 'assets/[name]-[hash][extname]';
        },
      },
    },
  },
});
