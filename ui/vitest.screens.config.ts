// Drives the built window in Chromium with sample data: journeys, access,
// long lists and screenshots.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['tests/screens/**/*.test.ts'],
    globalSetup: ['tests/screens/server.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
