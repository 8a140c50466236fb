import type { Knex } from 'knex';
import type { RelyingParty } from '../credentials/passkeys.ts';
import {
  DomainError,
  forbidden,
  notFound,
  refuseAny,
  requireVersion,
  type ExpectedVersion,
  type Issue,
} from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import type { Pool, PoolScope } from '../pools/pool.ts';
import { lockPool, randomShard } from '../pools/pool_store.ts';
import type { Sealer } from '../security/seal.ts';
import { endAccess } from '../sessions/end_access.ts';
import { holdAllSubjectIds } from '../tenants/subject_id_store.ts';
import { sealTotp } from '../users/factors/totp_secret.ts';
import { readIds } from './candidate_store.ts';
import type { BasedOn, Configuration, InsertMode } from './configuration.ts';
import { assemble, checkDumpPerson, keyOf, type DumpPerson } from './configuration_people.ts';
import { insertDumped, lockPeople, removeParts, replaceDumped } from './configuration_store.ts';
import { claimsOf, readOwners } from './owners_store.ts';
import { dataIssuesIn } from './person_data.ts';
import { decide } from './verdict.ts';

/** What secrets are kept with, and whom passkeys must have been made for. */
type Secrets = { readonly sealer: Sealer; readonly party: RelyingParty };

type Writing = { readonly mode: InsertMode; readonly basedOn: BasedOn | undefined };

/** The version that something must still have; any where it was not there to be read. */
export function versionIn(versions: ReadonlyMap<string, number> | undefined, key: string): ExpectedVersion {
  const version = versions?.get(key);
  return version === undefined ? undefined : new Set([version]);
}

type TenantScope = { readonly tenantId: string };

/** Writes the people of a dump, pool by pool, in the caller's transaction. Throws `DomainError`. */
export async function putPeople(
  tx: Knex.Transaction,
  secrets: Secrets,
  scope: TenantScope,
  dump: Configuration,
  writing: Writing,
  by: Actor,
): Promise<void> {
  const issues: Issue[] = [];
  const clashes: Issue[] = [];
  const poolIds = [...new Set(dump.users.map(({ poolId }) => poolId))].sort();
  for (const poolId of poolIds) {
    const poolScope = { tenantId: scope.tenantId, poolId };
    const pool = (await lockPool(tx, poolScope, 'update')) ?? absentPool();
    if (pool.system) throw forbidden('People of this pool administer the tenant', 'system_pool');
    const people = await checkPeople(tx, secrets, pool, dump, issues);
    if (issues.length === 0) clashes.push(...(await writePeople(tx, poolScope, pool, people, writing, by)));
  }
  refuseAny(issues, 'import_refused');
  const [first] = clashes;
  if (first === undefined) return;
  throw new DomainError('conflict', `${first.pointer}: ${first.message}`, {
    code: 'id_taken',
    issues: clashes,
  });
}

async function checkPeople(
  tx: Knex.Transaction,
  { sealer, party }: Secrets,
  pool: Pool,
  dump: Configuration,
  issues: Issue[],
): Promise<DumpPerson[]> {
  const { parts } = assemble(dump);
  const { tenantId, id: poolId } = pool;
  const check = {
    pool,
    mayBringSecrets: true,
    mayBringGroups: false,
    party,
    dataIssues: dataIssuesIn(tx, { tenantId }),
    sealTotp: (userId: string, secret: string) => sealTotp(sealer, { tenantId, poolId, userId }, secret),
  };
  const people: DumpPerson[] = [];
  for (const [at, row] of dump.users.entries()) {
    const own = parts.get(keyOf(row));
    if (row.poolId !== poolId || own === undefined) continue;
    const { person, issues: found } = await checkDumpPerson({ row, at }, own, check);
    issues.push(...found);
    if (person !== undefined) people.push(person);
  }
  return people;
}

/** Writes people who were checked; gives the ids and names that are somebody else's. */
async function writePeople(
  tx: Knex.Transaction,
  scope: PoolScope,
  pool: Pool,
  given: readonly DumpPerson[],
  { mode, basedOn }: Writing,
  by: Actor,
): Promise<Issue[]> {
  const rule = { caseInsensitive: pool.identifierCaseInsensitive };
  await holdAllSubjectIds(tx, scope);
  const here = await lockPeople(
    tx,
    scope,
    given.map(({ userId }) => userId),
  );
  const isHere = new Map(here.map((user) => [user.id, user]));
  if (here.some(({ hasRoles }) => hasRoles)) {
    throw forbidden('Somebody in the dump holds a role: change them one by one', 'permission_missing');
  }
  for (const user of here) requireVersion(versionIn(basedOn?.users, user.id), user);
  const known = given.filter(({ userId }) => isHere.has(userId));
  if (mode === 'fail' && known.length > 0) {
    return known.map(({ index }) => ({ pointer: `/users/${index}/id`, message: 'is there already' }));
  }
  const people = mode === 'ignore' ? given.filter(({ userId }) => !isHere.has(userId)) : given;
  const old = mode === 'ignore' ? [] : known;
  const weakened = await removeParts(tx, scope, old);
  const clashes = await findClashes(tx, scope, people, new Set(old.map(({ userId }) => userId)), rule);
  if (clashes.length > 0) return clashes;

  const added = people.filter(({ userId }) => !isHere.has(userId));
  await insertDumped(tx, scope, added, { ...rule, shard: randomShard() });
  await replaceDumped(tx, scope, old, rule);
  for (const { userId, person } of old) {
    const leavesActive = isHere.get(userId)?.status === 'active' && person.status !== 'active';
    const reason = leavesActive ? 'user_left_active' : 'password_reset';
    if (leavesActive || weakened.has(userId))
      await endAccess(tx, { tenantId: scope.tenantId, userId }, reason);
  }
  for (const { userId, person } of people) {
    await recordAudit(tx, scope, by, {
      subject: 'user',
      action: isHere.has(userId) ? 'updated' : 'created',
      affected: { poolId: scope.poolId, userId },
      payload: { user_id: userId, status: person.status, imported: true },
    });
  }
  return [];
}

/** Which ids and names are somebody else's, once everything that this dump replaces is out of the way. */
async function findClashes(
  tx: Knex.Transaction,
  scope: PoolScope,
  people: readonly DumpPerson[],
  replaced: ReadonlySet<string>,
  { caseInsensitive }: { caseInsensitive: boolean },
): Promise<Issue[]> {
  const claims = people.map(({ person }) => claimsOf(person, caseInsensitive));
  const ids = await readIds(
    tx,
    scope,
    people.map(({ userId }) => userId),
  );
  const owners = await readOwners(tx, scope, claims.flat());
  const { issues } = decide(
    people.map(({ userId }, line) => ({
      line,
      userId,
      idGiven: true,
      isHere: false,
      isTaken: ids.has(userId) && !replaced.has(userId),
      earlierLine: null,
      names: (claims[line] ?? []).map((claim) => {
        const [owner, crossOwner] = owners.of(claim);
        return { ...claim, owner, crossOwner, earlierLine: null };
      }),
    })),
  );
  return issues.map(({ line, pointer, code }) => ({
    pointer: `/users/${people[line]?.index}${pointer}`,
    message: code === 'id_taken' ? 'is taken, or was once' : 'belongs to someone else in this pool',
  }));
}

function absentPool(): never {
  throw notFound('Pool');
}
