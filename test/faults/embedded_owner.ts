import { openDatabase } from '../../src/db/connection.ts';
import { startEmbedded } from '../../src/db/embedded.ts';

// A small server process: starts the embedded PostgreSQL in the given directory and commits one insert after the
// other, acknowledging each on standard output after its commit.
const [, , dataDir = ''] = process.argv;
const embedded = await startEmbedded({ dataDir });
const { knex } = openDatabase({ url: embedded.url });
await knex.raw('create table if not exists writes (id bigserial primary key, word text not null)');
process.stdout.write('ready\n');
for (;;) {
  const [row] = await knex('writes').insert({ word: 'x'.repeat(200) }, ['id']);
  process.stdout.write(`committed ${row.id}\n`);
}
