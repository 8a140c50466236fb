import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

export const base64 = (bytes: number): string => randomBytes(bytes).toString('base64').replaceAll('=', '');

/** Writes a file of people with an address and a ready hash each, as another system would export them. */
export async function writePeople(path: string, people: number): Promise<void> {
  const file = createWriteStream(path);
  for (let from = 0; from < people; from += 1_000) {
    const lines = Array.from({ length: Math.min(1_000, people - from) }, (_, index) => person(from + index));
    if (!file.write(`${lines.join('\n')}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}

function person(index: number): string {
  const name = base64(6)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '0');
  const email = `${name}.${index}@example.com`;
  const hash = `$argon2id$v=19$m=19456,t=2,p=1$${base64(16)}$${base64(32)}`;
  return JSON.stringify({
    id: randomUUID(),
    status: 'active',
    payload: { name: `User ${index}`, given_name: 'User', family_name: String(index) },
    identifiers: [{ type: 'email', identifier: email }],
    verifiable_addresses: [{ type: 'email', address: email, verified: true }],
    credentials: [{ type: 'password', payload: { hashed_password: hash } }],
  });
}
