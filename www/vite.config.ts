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
        assetFileNames({ originalFileNames: [original = ''] }) {
          // All engine modules have the same file name; a folder for each keeps them apart.
          const [, device] = /dist\/(cpu|cpu-relaxed|webgpu)\//.exec(original) ?? [];
          if (device) return `engine/${device}/[name]-[hash][extname]`;
          // The package's networks and data are those of public, where the page asks for them: once is enough.
          const [, folder] = /pkg\/assets\/(models|data)\//.exec(original) ?? [];
          return folder ? `${folder}/[name][extname]` : 'assets/[name]-[hash][extname]';
        },
      },
    },
  },
});
