import type { Context } from 'koa';
import { badRequest, HttpError } from './errors.ts';

/** Hosted forms carry a name, a password, an id and what a schema asks for: 16 KiB is plenty. */
const MAX_BYTES = 16 * 1024;
const MAX_FIELDS = 128;

/** The fields of a submitted form, each given once. */
export type FormFields = ReadonlyMap<string, string>;

/**
 * Reads the body of a hosted form. Throws 400 for what is not UTF-8, holds a NUL or says a field twice, 413
 * beyond 16 KiB, 415 for anything but an URL-encoded form.
 */
export async function readForm(ctx: Context): Promise<FormFields> {
  const pairs = await readFormPairs(ctx);
  const fields = new Map(pairs);
  if (fields.size < pairs.length) throw badRequest('A form field was sent twice');
  return fields;
}

/** Reads a form as {@link readForm} does, in the order it was sent in and with the fields that are repeated. */
export async function readFormPairs(ctx: Context): Promise<[name: string, value: string][]> {
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

function parse(body: string): [name: string, value: string][] {
  const pairs: [name: string, value: string][] = [];
  for (const pair of body.split('&')) {
    if (pair === '') continue;
    if (pairs.length >= MAX_FIELDS) throw badRequest('The form has too many fields');
    const at = pair.indexOf('=');
    const name = decode(at === -1 ? pair : pair.slice(0, at));
    pairs.push([name, decode(at === -1 ? '' : pair.slice(at + 1))]);
  }
  return pairs;
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
