/** The three builds: out/main (the app, the command line, the worker), out/preload and out/renderer. */
import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';

const at = (path: string) => resolve(import.meta.dirname, path);

/** `ASSAY_BUILD=main` leaves the window out: the command line needs only the main part. */
const mainOnly = process.env.ASSAY_BUILD === 'main';

export default defineConfig({
  main: {
    build: {
      // Dependencies are external by default; these optional ones may be absent and must stay plain `import()`s.
      externalizeDeps: { include: ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-backend-webgpu', 'webgpu'] },
      sourcemap: true,
      rolldownOptions: {
        input: {
          desktop: at('src-main/desktop.ts'),
          cli: at('src-main/cli.ts'),
          worker: at('src-main/worker.ts'),
          measure: at('src-main/measure.ts'),
        },
        // Files are found by name at run time (worker.js), so no hashes.
        output: { chunkFileNames: '[name].js' },
      },
    },
  },
  ...(mainOnly
    ? {}
    : {
        preload: {
          build: {
            // A sandboxed preload is one CommonJS file that may require nothing but electron.
            rolldownOptions: {
              input: { preload: at('src-main/preload.ts') },
              output: { format: 'cjs' as const, entryFileNames: '[name].cjs' },
            },
          },
        },
        renderer: {
          root: at('src-renderer'),
          plugins: [
            react(),
            {
              // Pages have addresses (/runs/<id>), so assets are named from the root: the preset's './' would not do.
              name: 'assay:absolute-base',
              enforce: 'post' as const,
              config: () => ({ base: '/' }),
            },
          ],
          // Read from the disk of this machine: nothing is won by cutting it up.
          build: {
            minify: true,
            chunkSizeWarningLimit: 4000,
            rolldownOptions: { input: at('src-renderer/index.html') },
          },
        },
      }),
});
