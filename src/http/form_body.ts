import type { Context } from 'koa';
import { badRequest, HttpError } from './errors.ts';

/** Hosted forms carry a name, a password and an id: 16 KiB is plenty. */
const MAX_BYTES = 16 * 1024;
const MAX_FIELDS = 32;

/** The fields of a submitted form, each given once. */
export type FormFields = ReadonlyMap<string, string>;

/**
 * Reads the body of a hosted form. Throws 400 for what is not UTF-8, holds a NUL or says a field twice, 413
 * beyond 16 KiB, 415 for anything but an URL-encoded form.
 */
export async function readForm(ctx: Context): Promise<FormFields> {
  if (!ctx.is('application/x-www-form-urlencoded')) {
    throw new HttpError(415, 'Send an application/x-www-form-urlencoded form');
  }
  if (ctx.get('Content-Encoding') !== '') throw new HttpError(415, 'Send the form without compression');
  return parse(await readText(ctx));
}

async function readText(ctx: Context): Promise<string> {
  if ((ctx.request.length ?? 0) > MAX_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of ctx.req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}

function parse(body: string): FormFields {
  const fields = new Map<string, string>();
  for (const pair of body.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = decode(at === -1 ? pair : pair.slice(0, at));
    if (fields.has(name)) throw badRequest('A form field was sent twice');
    if (fields.size >= MAX_FIELDS) throw badRequest('The form has too many fields');
    fields.set(name, decode(at === -1 ? '' : pair.slice(at + 1)));
  }
  return fields;
}

function decode(text: string): string {
  let value: string;
  try {
    // Throws for percent-encoding that is not UTF-8.
    value = decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw badRequest('The form is not valid UTF-8');
  }
  if (value.includes('\0')) throw badRequest('The form holds a NUL character');
  return value;
}

const tooLarge = () => new HttpError(413, 'The form is too large');
