import { expect, it } from 'vitest';
import { createLogger } from '../../src/observability/logger.ts';
import { readableLine } from '../../src/observability/readable_line.ts';

function logged(write: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(createLogger({ level: 'debug', destination: { write: (line) => lines.push(line) } }));
  return lines.join('');
}

it('writes one JSON object a line', () => {
  const line = logged((logger) => logger.info({ path: '/a', status: 200 }, 'request'));
  expect(line.endsWith('}\n')).toBe(true);
  expect(JSON.parse(line)).toEqual({
    level: 'info',
    time: expect.any(String),
    path: '/a',
    status: 200,
    msg: 'request',
  });
});

it.each([
  'password',
  'new_password',
  'client_secret',
  'clientSecret',
  'access_token',
  'code',
  'authorization',
  'cookie',
  'set-cookie',
  'databaseUrl',
  'masterKey',
  'client_assertion',
  'code_verifier',
  'totp',
])('takes out %s at any depth, inside lists and child loggers too', (name) => {
  const value = 'hunter2-hunter2';
  const text = logged((logger) => {
    logger.info({ [name]: value }, 'flat');
    logger.info({ deep: [{ deeper: { [name]: value } }] }, 'deep');
    logger.info({ [name]: { parts: [value] } }, 'object');
  });
  expect(text).not.toContain(value);
  expect(text.match(/\[redacted\]/g)).toHaveLength(3);
});

it('keeps facts about secrets', () => {
  const line = logged((logger) => logger.info({ statusCode: 401, hasPassword: true, error_code: 'invalid' }));
  expect(JSON.parse(line)).toMatchObject({ statusCode: 401, hasPassword: true, error_code: 'invalid' });
});

it('writes of an error what helps and not what it carries', () => {
  const cause = Object.assign(new Error('duplicate key'), {
    code: '23505',
    detail: 'Key (email)=(mara@example.test)',
  });
  const error = Object.assign(new Error('outer', { cause }), {
    request: { headers: { authorization: 'Bearer abc' } },
  });
  const text = logged((logger) => logger.error({ err: error }, 'failed'));
  expect(text).not.toMatch(/mara@example\.test|Bearer/);
  expect(JSON.parse(text)).toMatchObject({
    err: { message: 'outer', cause: { code: '23505', message: 'duplicate key' } },
  });
});

it('names objects with a class and never writes them out', () => {
  class Request {
    body = 'hunter2';
  }
  const text = logged((logger) => logger.info({ request: new Request(), map: new Map([['a', 'hunter2']]) }));
  expect(text).not.toContain('hunter2');
});

it('encodes characters that steer terminals or split lines', () => {
  const nasty = 'a\u001b[2J\r\n{"level":"fatal"}\u009b31m\u2028\u202e\u007f';
  const text = logged((logger) => logger.info({ value: nasty }, nasty));
  // oxlint-disable-next-line no-control-regex -- the point of the test
  expect(text.trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
  expect(JSON.parse(text)).toMatchObject({ value: nasty, msg: nasty });
  // oxlint-disable-next-line no-control-regex -- the point of the test
  expect(readableLine(text).trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
});
