import type { Config } from '../config.ts';
import { resealAll, type Resealed } from '../installation/reseal.ts';
import { asOperator } from './operator.ts';

/** `weir keys reseal`: prints a line a batch. Gives the exit code: 1 when something could not be opened. */
export async function resealCommand(config: Config): Promise<number> {
  const results = await asOperator(config, ({ secrets, db, sealer }) =>
    resealAll({ db, sealer, masterKeys: secrets.masterKeys }, (done) => console.log(lineOf(done))),
  );
  const resealed = results.reduce((sum, one) => sum + one.resealed, 0);
  const unreadable = results.filter((one) => one.unreadable > 0);
  for (const { table, column, unreadable: rows } of unreadable) {
    console.error(`weir: ${rows} of ${table}.${column} cannot be opened with the keys of MASTER_KEY`);
  }
  console.log(
    resealed === 0
      ? 'Nothing was sealed under an older key.'
      : `Sealed anew: ${resealed}. "weir doctor" says which keys can go.`,
  );
  return unreadable.length === 0 ? 0 : 1;
}

const lineOf = ({ table, column, resealed }: Resealed): string => `${table}.${column}: ${resealed}`;
