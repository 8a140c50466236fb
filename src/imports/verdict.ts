import type { RowIssue } from './import.ts';

/** What is known about a waiting row before its batch is written. */
export type Candidate = {
  readonly line: number;
  readonly userId: string;
  readonly idGiven: boolean;
  /** The pool has this person. */
  readonly isHere: boolean;
  /** The id is, or was, somebody of another pool, somebody removed, or a client. */
  readonly isTaken: boolean;
  /** A line of an earlier batch has the same id. */
  readonly earlierLine: number | null;
  readonly names: readonly Name[];
};

/** A name that the row claims, with those who have it. */
export type Name = {
  readonly pointer: string;
  readonly kind: 'identifier' | 'verified_address' | 'passkey';
  /** What identifiers and passkeys are unique by. */
  readonly key: string;
  /** What identifiers and verified addresses are compared by. */
  readonly foldedKey: string;
  /** Who has it as the same kind, in the pool. */
  readonly owner: string | null;
  /** Who has it as the other kind, in the pool. */
  readonly crossOwner: string | null;
  /** The line of an earlier batch that claims it. */
  readonly earlierLine: number | null;
};

export type Verdicts = {
  readonly created: readonly number[];
  readonly skipped: readonly number[];
  readonly issues: readonly RowIssue[];
};

/**
 * Decides about the rows of a batch in the order of the file: a row is new, is there already, or clashes with
 * someone in the pool or with a row before it. A row that is refused claims nothing.
 */
export function decide(candidates: readonly Candidate[]): Verdicts {
  const created: number[] = [];
  const skipped: number[] = [];
  const issues: RowIssue[] = [];
  const claims = new Claims();
  for (const candidate of candidates) {
    const { line } = candidate;
    const isThere = isKnown(candidate);
    const found = claims.idIssue(candidate) ?? (isThere ? undefined : claims.nameIssue(candidate));
    if (found !== undefined) {
      issues.push({ line, ...found });
      continue;
    }
    claims.addId(candidate);
    if (!isThere) claims.addNames(candidate);
    (isThere ? skipped : created).push(line);
  }
  return { created, skipped, issues };
}

/** Without an id of their own, a person is whoever has all of their identifiers. */
function isKnown({ idGiven, isHere, names }: Candidate): boolean {
  if (idGiven) return isHere;
  const identifiers = names.filter(({ kind }) => kind === 'identifier');
  const owners = new Set(identifiers.map(({ owner }) => owner));
  return owners.size === 1 && !owners.has(null) && identifiers.every((name) => name.earlierLine === null);
}

type Found = Omit<RowIssue, 'line'>;

type Claimed = Pick<Name, 'kind' | 'key' | 'foldedKey'>;

/**
 * Where somebody else would have what is claimed: as the same kind, and as the other that it is compared with; no
 * place where there is none.
 */
export function placesOf({ kind, key, foldedKey }: Claimed): [own: string, cross: string] {
  if (kind === 'identifier') return [`identifier ${key}`, `verified ${foldedKey}`];
  return kind === 'verified_address' ? [`verified ${key}`, `folded ${key}`] : [`passkey ${key}`, ''];
}

/** Where whoever has it is found. */
const heldAt = (name: Claimed): string[] =>
  name.kind === 'identifier' ? [`identifier ${name.key}`, `folded ${name.foldedKey}`] : [placesOf(name)[0]];

class Claims {
  readonly #lines = new Map<string, number>();
  readonly #ids = new Map<string, number>();

  idIssue(candidate: Candidate): Found | undefined {
    const line = candidate.earlierLine ?? this.#ids.get(candidate.userId);
    const code = 'id_taken';
    if (line !== undefined) return { pointer: '/id', code, message: `is the id of line ${line} too` };
    if (candidate.isHere || !candidate.isTaken) return undefined;
    return { pointer: '/id', code, message: 'is taken, or was once: an id is never given again' };
  }

  nameIssue({ names }: Candidate): Found | undefined {
    for (const name of names) {
      const { pointer, kind, owner, crossOwner } = name;
      const code = kind === 'passkey' ? 'passkey_taken' : 'identifier_taken';
      const [own, cross] = placesOf(name);
      const line = name.earlierLine ?? this.#lines.get(own) ?? this.#lines.get(cross);
      if (line !== undefined) return { pointer, code, message: `belongs to the person of line ${line}` };
      if (owner !== null || crossOwner !== null) {
        return { pointer, code, message: 'belongs to someone else in this pool' };
      }
    }
    return undefined;
  }

  addId({ line, userId }: Candidate): void {
    this.#ids.set(userId, line);
  }

  addNames({ line, names }: Candidate): void {
    for (const place of names.flatMap(heldAt)) this.#lines.set(place, line);
  }
}
