/**
 * What a running sign-in or token needs to know of a person: whether they may act, and what their claims say.
 * Read as one document, so that a token's look-up can bring it along (design 4.12).
 */
export type Account = {
  readonly userId: string;
  readonly poolId: string;
  readonly status: 'new' | 'active' | 'inactive' | 'deleted';
  readonly payload: Readonly<Record<string, unknown>>;
  readonly updatedAt: number;
  /** Active addresses, verified ones first, then by age. */
  readonly addresses: readonly AccountAddress[];
  readonly groups: readonly string[];
  /** Ids of the groups that the person is in, those above them included; read where access depends on them. */
  readonly memberOf?: readonly string[] | null;
  /** The rest is read only for a workspace whose mappings ask for it (`wide`). */
  readonly groupIds?: readonly string[];
  /** Sign-in names as they were given, oldest first. */
  readonly identifiers?: readonly string[];
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly businessMetadata?: Readonly<Record<string, unknown>>;
};

export type AccountAddress = {
  readonly type: 'email' | 'mobile';
  readonly address: string;
  readonly verified: boolean;
};

/** Only an active person signs in or keeps what they have (contract 6.3). */
export function mayAct(account: Account | undefined): account is Account {
  return account?.status === 'active';
}
