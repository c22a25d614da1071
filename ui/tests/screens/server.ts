// Serves the built window with the content security policy of the app, on a
// free port.
import type { TestProject } from 'vitest/node';
import { preview } from 'vite';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; connect-src 'self'";

declare module 'vitest' {
  export interface ProvidedContext {
    address: string;
  }
}

export default async function serve(project: TestProject): Promise<() => Promise<void>> {
  const server = await preview({
    preview: {
      host: '127.0.0.1',
      port: 0,
      headers: { 'Content-Security-Policy': POLICY },
    },
  });
  const address = server.httpServer.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  project.provide('address', `http://127.0.0.1:${address.port}/`);
  return () => server.close();
}
