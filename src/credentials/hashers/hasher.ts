/** One format of stored password hashes. A new format is a file with one of these and its line in the table. */
export type Hasher = {
  name: string;
  /** What every hash of this format begins with. */
  prefix: string;
  /** The bounds of what is verified, for whoever brings a hash beyond them. */
  bounds: string;
  /** A check costs next to nothing: whoever watches the clock must not see that (rule 17). */
  cheap?: true;
  /** Milliseconds that a check takes on an ordinary core, roughly; absent where no hash of the format takes long. */
  costMs?(stored: string): number;
  /** Whether the text is a whole hash of this format whose parameters we are willing to pay for. */
  isHash(stored: string): boolean;
  /** Whether the password fits. False, never an error, for a text that `isHash` refuses. */
  verify(password: string, stored: string): Promise<boolean>;
};

/** A format that new passwords may be stored in. The others are only read (imports). */
export type WritingHasher = Hasher & {
  /** Makes a hash with the current parameters. */
  hash(password: string): Promise<string>;
  /** Whether a hash of this format that fitted should be replaced, because its parameters are not the current ones. */
  needsRehash(stored: string): boolean;
  /** A text of this format that costs one check with the current parameters and fits no password. */
  decoy(): string;
  /** Whether the whole password would count: what a format would cut is refused before it is hashed. */
  takes(password: string): boolean;
};

/** What a pool may hash new passwords with. */
export const PASSWORD_METHODS = ['argon2', 'bcrypt', 'pbkdf2'] as const;
export type PasswordMethod = (typeof PASSWORD_METHODS)[number];
