import { AuthorizationResponseError, ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';

/** What went wrong, as a person reads it; `code` and `description` are the issuer's own words. */
export type Failure = {
  readonly title: string;
  readonly text: string;
  readonly code?: string | undefined;
  readonly description?: string | undefined;
  /** The issuer said so; otherwise something is broken and belongs in the log. */
  readonly expected: boolean;
};

/** A callback that belongs to no sign-in of this browser. Its parameters are anybody's, so none is shown. */
export const strayCallback: Failure = {
  title: 'This sign-in did not start here',
  text: 'It began in another browser, was finished already, or waited too long.',
  expected: true,
};

/** True when the issuer has ended the grant: what is held of it is worth nothing any more (RFC 6749 §5.2). */
export function isEnded(error: unknown): boolean {
  return error instanceof ResponseBodyError && error.error === 'invalid_grant';
}

/** Explains an error of the client library. */
export function explain(error: unknown, issuer: string): Failure {
  if (error instanceof AuthorizationResponseError) {
    return refused('The sign-in ended without a result', error.error, error.error_description);
  }
  if (error instanceof ResponseBodyError) {
    return refused('The issuer gave no tokens', error.error, error.error_description);
  }
  if (error instanceof WWWAuthenticateChallengeError) {
    const parameters = error.cause[0]?.parameters;
    return refused(
      'The access token is not accepted any more',
      parameters?.error,
      parameters?.error_description,
    );
  }
  if (isUnreachable(error)) {
    return {
      title: 'The issuer does not answer',
      text: `Nothing answers at ${issuer}. Is it running?`,
      expected: false,
    };
  }
  return {
    title: 'The answer cannot be used',
    text: 'What the issuer sent did not pass the checks. The log of the application says more.',
    expected: false,
  };
}

function refused(title: string, code: string | undefined, description: string | undefined): Failure {
  return { title, text: 'This is what the issuer said:', code, description, expected: true };
}

// `fetch` throws a TypeError with the network's error as its cause; one without is a mistake in an argument.
function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isTimeout = 'code' in error && error.code === 'OAUTH_TIMEOUT';
  return isTimeout || (error instanceof TypeError && error.cause !== undefined);
}
