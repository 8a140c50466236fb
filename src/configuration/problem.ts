/** What is wrong with a configuration: in which file, where in it, and what to change. */
export type Problem = {
  readonly file: string;
  readonly line?: number | undefined;
  /** JSON pointer into the file; '' for the file as a whole. */
  readonly pointer: string;
  readonly message: string;
};

/** A configuration that is not applied. Nothing has changed. */
export class ConfigurationRefused extends Error {
  override readonly name = 'ConfigurationRefused';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(inWords).join('\n'));
    this.problems = problems;
  }
}

/** `clients/app.yaml:12 /redirect_uris/0: must be ...`, on one line whatever the file says. */
export function inWords({ file, line, pointer, message }: Problem): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return `${place}${pointer === '' ? '' : ` ${pointer}`}: ${message}`.replaceAll(
    /[\p{Cc}\p{Zl}\p{Zp}]/gu,
    ' ',
  );
}

/** Throws when there are any. */
export function refuseProblems(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new ConfigurationRefused(problems);
}
