// Builds the window. The output is plain static files without inline scripts,
// so that Tauri's strict content security policy holds.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import type { Rolldown } from 'vite';
import { defineConfig } from 'vitest/config';

/** Whether a module is reached from the start without waiting for anything. */
function isNeededAtStart(id: string, context: Rolldown.ChunkingContext): boolean {
  const seen = new Set<string>();
  const waiting = [id];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const module = context.getModuleInfo(next);
    if (module?.isEntry) return true;
    waiting.push(...(module?.importers ?? []));
  }
  return false;
}

export default defineConfig({
  plugins: [svelte(), svelteTesting()],
  publicDir: false,
  clearScreen: false,
  server: { port: 1420, strictPort: true, fs: { allow: ['..'] } },
  build: {
    target: 'safari16',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // One order of all styles, whatever is read first.
    cssCodeSplit: false,
    // What the start needs is one piece, for each has to be asked for.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            {
              debugName: 'start',
              name: (id, context) => (isNeededAtStart(id, context) ? 'start' : null),
            },
          ],
        },
      },
    },
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.ts', 'tests/*.test.ts'],
    setupFiles: ['tests/setup.ts'],
  },
});
