// Passkeys on the hosted pages: by a button, and from the suggestions of the name field. Without this script, or
// where the browser has no passkeys, nothing of them shows.
'use strict';

const form = document.getElementById('passkey-form');
const button = form.querySelector('button');
const failed = form.querySelector('[data-failed]');
// A challenge is good for five minutes; the suggestions get a new one before that.
const RENEW_MS = 4 * 60_000;

const fromBase64 = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
    character.charCodeAt(0),
  );
const toBase64 = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
const withId = (key) => ({ ...key, id: fromBase64(key.id) });

/** What to ask the authenticator for, as the server says. */
async function options() {
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(form.dataset.options, { method: 'POST', body });
  if (!answer.ok) throw new Error(`no challenge: ${answer.status}`);
  const { challenge, user, allowCredentials, excludeCredentials, ...rest } = await answer.json();
  return {
    ...rest,
    challenge: fromBase64(challenge),
    ...(user && { user: withId(user) }),
    ...(allowCredentials && { allowCredentials: allowCredentials.map(withId) }),
    ...(excludeCredentials && { excludeCredentials: excludeCredentials.map(withId) }),
  };
}

/** Sends the answer as a form like any other. */
function send({ id, response }) {
  const fields = {
    passkey_id: id,
    client_data: toBase64(response.clientDataJSON),
    ...(response.attestationObject
      ? {
          attestation_object: toBase64(response.attestationObject),
          transports: response.getTransports?.().join(' ') ?? '',
        }
      : {
          authenticator_data: toBase64(response.authenticatorData),
          signature: toBase64(response.signature),
          user_handle: response.userHandle ? toBase64(response.userHandle) : '',
        }),
  };
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement('input');
    Object.assign(input, { type: 'hidden', name, value });
    form.append(input);
  }
  form.submit();
}

let pending;
let renewal;

/** Ends what waits for the suggestions: a browser does one thing with passkeys at a time. */
function stopWaiting() {
  clearTimeout(renewal);
  pending?.abort();
  pending = undefined;
}

async function ask() {
  stopWaiting();
  failed.textContent = '';
  const label = button.textContent;
  button.textContent = button.dataset.doing;
  button.setAttribute('aria-disabled', 'true');
  try {
    const publicKey = await options();
    send(await navigator.credentials[form.dataset.passkey]({ publicKey }));
  } catch {
    failed.textContent = failed.dataset.failed;
    button.textContent = label;
    button.removeAttribute('aria-disabled');
    void suggest();
  }
}

/** Passkeys among the suggestions of the name field, as long as nothing else is asked for. */
async function suggest() {
  if (!form.dataset.fills || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  stopWaiting();
  const waiting = new AbortController();
  pending = waiting;
  try {
    const publicKey = await options();
    if (waiting.signal.aborted) return;
    renewal = setTimeout(() => void suggest(), RENEW_MS);
    send(await navigator.credentials.get({ publicKey, mediation: 'conditional', signal: waiting.signal }));
  } catch {
    // Nobody asked for anything.
  }
}

if (globalThis.PublicKeyCredential) {
  form.hidden = false;
  button.addEventListener('click', () => {
    if (!button.hasAttribute('aria-disabled')) void ask();
  });
  addEventListener('pagehide', stopWaiting);
  void suggest();
}
