import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Domain } from '../../src/domain.ts';
import { SYSTEM_ACTOR } from './demo.ts';
import type { TestServer } from './server.ts';

/** What an administrator hands to the author of an application. */
export type Registration = {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
};

// With the characters that client libraries encode differently (RFC 6749 §2.3.1).
const clientSecret = 'grey heron: 100% of it, fish & +chips/~eels=';

/** Registers a confidential, trusted client with the server's defaults and what the test adds. */
export async function registerClient(
  server: Pick<TestServer, 'publicUrl' | 'elsewhere'>,
  settings: Partial<Parameters<Domain['clients']['create']>[1]>,
  workspaceId = 'demo',
): Promise<Registration> {
  const isPublic = settings.tokenEndpointAuthMethod === 'none';
  const { id } = await server.elsewhere.clients.create(
    { tenantId: 'default', workspaceId },
    {
      clientName: 'Harbour Books',
      trusted: true,
      ...(isPublic ? {} : { clientSecret }),
      ...settings,
    },
    SYSTEM_ACTOR,
  );
  return { issuer: `${server.publicUrl}/default/${workspaceId}`, clientId: id, clientSecret };
}

export type ServedApplication = { readonly origin: string; close(): Promise<void> };

/**
 * Serves an application of the test's own, on an origin that is another site than the server's: `localhost` there,
 * an address here.
 */
export async function serveApplication(listener: RequestListener): Promise<ServedApplication> {
  const http = createServer(listener);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
