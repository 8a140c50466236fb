import { expect } from 'vitest';
import { startSmtpSink } from '../../support/smtp_sink.ts';
import { mailServer } from '../configuration_requests.ts';
import { configuring, STALE, type Part } from './step.ts';

export const transports: Part = {
  name: 'ways of messages',
  steps: [
    {
      name: 'are made, read, listed, changed, tried and ended',
      go: async (world) => {
        const call = configuring(world);
        const made = await call(201, 'post', '/mfa-methods', { id: 'own', ...mailServer() });
        await call(409, 'post', '/mfa-methods', { id: 'own', ...mailServer() });
        const read = await call(200, 'get', '/mfa-methods/own');
        expect(read.body).toEqual(made.body);
        expect(JSON.stringify(read.body)).not.toContain(mailServer().auth.email.password);
        expect((await call(200, 'get', '/mfa-methods')).body.mfa_methods).toContainEqual(read.body);
        // As a client of the published API sends it back: everything it has read, which holds no password.
        const changed = await call(200, 'put', '/mfa-methods/own', read.body, { 'if-match': read.etag });
        expect(changed.body).toEqual(read.body);
        await call(412, 'put', '/mfa-methods/own', read.body, STALE);
        const embedded = { mechanism: 'email', enabled: true, settings: { email: { provider: 'embedded' } } };
        const operators = await call(201, 'post', '/mfa-methods', embedded);
        await call(409, 'put', '/mfa-methods/own', { ...mailServer(), enabled: true });
        await call(204, 'delete', `/mfa-methods/${operators.body.id}`);
        await call(204, 'delete', '/mfa-methods/own');
      },
    },
    {
      name: 'are tried with a message to an address of one’s own',
      go: async (world) => {
        const call = configuring(world);
        const sink = await startSmtpSink();
        try {
          const { hostname: host, port } = new URL(sink.url);
          sink.accounts.add('weir:a long secret');
          const given = mailServer({ host, port: Number(port) });
          const { body } = await call(201, 'post', '/mfa-methods', given);
          await call(200, 'post', `/mfa-methods/${body.id}/test`, { address: 'try@example.test' });
          expect(sink.mails).toMatchObject([{ recipients: ['try@example.test'] }]);
          await call(204, 'delete', `/mfa-methods/${body.id}`);
        } finally {
          await sink.close();
        }
      },
    },
  ],
};
