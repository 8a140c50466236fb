import type { Model, Payload } from './artefacts.ts';

/**
 * What keeps the tables free of anything that could be presented (design 3): the value of an artefact is
 * never in its own payload, and values of other artefacts inside it are replaced by their hashes, or sealed
 * where the clear value is needed again.
 */
export type Secrets = {
  seal(plaintext: string, aad: string): string;
  open(sealed: string, aad: string): string;
};

/** Marks, inside a stored payload, the place of the artefact's own value in an URL. */
const OWN_VALUE = '{uid}';
/** The place that the state of a session is sealed for. */
export const sessionState = (session: { readonly uid?: unknown }): string =>
  `session_state:${String(session.uid)}`;

/** The payload as it is stored. `keyOf` gives the hash of a value. */
export function hidden(
  model: Model,
  id: string,
  payload: Payload,
  keyOf: (value: string) => string,
  secrets: Secrets,
): Payload {
  const { jti: _jti, ...stored } = payload;
  if (model === 'Interaction') {
    if (typeof stored.returnTo === 'string') stored.returnTo = stored.returnTo.replace(id, OWN_VALUE);
    if (typeof stored.parJti === 'string') stored.parJti = keyOf(stored.parJti);
    if (typeof stored.deviceCode === 'string') stored.deviceCode = keyOf(stored.deviceCode);
    // Proof of who somebody is, and could be presented again to sign them out; needed to know who is expected.
    stored.params = withHint(stored.params, (hint) => secrets.seal(hint, expectedPerson(keyOf(id))));
    if (isObject(stored.prompt)) {
      stored.prompt = { ...stored.prompt, details: withoutHint(stored.prompt.details) };
    }
    if (isObject(stored.session)) {
      // The library writes the session's cookie here and never reads it.
      const { cookie: _cookie, ...session } = stored.session;
      stored.session = session;
    }
  }
  // Holds the whole request, hints included.
  if (model === 'PushedAuthorizationRequest' && typeof stored.request === 'string') {
    stored.request = secrets.seal(stored.request, pushedRequest(keyOf(id)));
  }
  if (model === 'Session' && isObject(stored.state)) {
    stored.state = secrets.seal(JSON.stringify(stored.state), sessionState(stored));
  }
  return stored;
}

/** The payload as the library gave it. `handleOf` names another artefact by its hash, `keyOf` is its reverse. */
export function shown(
  model: Model,
  id: string,
  stored: Payload,
  { keyOf, handleOf }: { keyOf: (id: string) => string; handleOf: (key: string) => string },
  secrets: Secrets,
): Payload {
  const payload: Payload = { ...stored, jti: id };
  if (model === 'Interaction') {
    if (typeof payload.returnTo === 'string') payload.returnTo = payload.returnTo.replace(OWN_VALUE, id);
    payload.params = withHint(payload.params, (sealed) => secrets.open(sealed, expectedPerson(keyOf(id))));
    if (typeof payload.parJti === 'string') payload.parJti = handleOf(payload.parJti);
    if (typeof payload.deviceCode === 'string') payload.deviceCode = handleOf(payload.deviceCode);
  }
  if (model === 'PushedAuthorizationRequest' && typeof payload.request === 'string') {
    payload.request = secrets.open(payload.request, pushedRequest(keyOf(id)));
  }
  if (model === 'Session' && typeof payload.state === 'string') {
    payload.state = JSON.parse(secrets.open(payload.state, sessionState(payload))) as Payload;
  }
  return payload;
}

const pushedRequest = (key: string): string => `pushed_request:${key}`;

const expectedPerson = (key: string): string => `id_token_hint:${key}`;

function withHint(values: unknown, change: (hint: string) => string): unknown {
  if (!isObject(values) || typeof values.id_token_hint !== 'string') return values;
  return { ...values, id_token_hint: change(values.id_token_hint) };
}

function withoutHint(values: unknown): unknown {
  if (!isObject(values)) return values;
  const { id_token_hint: _hint, ...rest } = values;
  return rest;
}

const isObject = (value: unknown): value is Payload => value !== null && typeof value === 'object';
