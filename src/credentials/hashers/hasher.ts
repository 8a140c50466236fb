/** One format of stored password hashes. A new format is a file with one of these and its line in the table. */
export type Hasher = {
  name: string;
  /** What every hash of this format begins with. */
  prefix: string;
  /** Whether the text is a whole hash of this format whose parameters we are willing to pay for. */
  isHash(stored: string): boolean;
  /** Whether the password fits. False, never an error, for a text that `isHash` refuses. */
  verify(password: string, stored: string): Promise<boolean>;
  /** Whether a hash that fitted should be replaced, because its parameters are not the current ones. */
  needsRehash(stored: string): boolean;
};

/** A format that new passwords may be stored in. The others are only read (imports). */
export type WritingHasher = Hasher & {
  /** Makes a hash with the current parameters. */
  hash(password: string): Promise<string>;
  /** A text of this format that costs one check with the current parameters and fits no password. */
  decoy(): string;
};
