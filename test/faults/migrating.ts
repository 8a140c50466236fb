import { openDatabase } from '../../src/db/connection.ts';
import { migrate } from '../../src/db/migrate.ts';

// A process that migrates the given database from the given directory and prints what it ran.
const [, , url = '', directory = ''] = process.argv;
const db = openDatabase({ url });
process.stdout.write('migrating\n');
const ran = await migrate(db, { directory });
await db.close();
process.stdout.write(`ran ${ran.join(',')}\n`);
