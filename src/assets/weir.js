// Comfort for the hosted pages. Everything works without it.
'use strict';

// The page's language, as the person's own region writes it.
const base = document.documentElement.lang;
const language = navigator.languages.find((tag) => tag.split('-')[0] === base) ?? base;
const fill = (sentence, name, value) => sentence.split(`{${name}}`).join(value);

// Show password: a toggle beside the field, and the field is a password again when it is sent.
for (const button of document.querySelectorAll('[data-shows]')) {
  const field = document.getElementById(button.dataset.shows);
  const show = (on) => {
    field.type = on ? 'text' : 'password';
    button.setAttribute('aria-pressed', String(on));
  };
  button.hidden = false;
  button.addEventListener('click', () => show(field.type === 'password'));
  field.form.addEventListener('submit', () => show(false));
}

// Whether this device can make passkeys: a form says so with a field that counts only once it is switched on.
for (const field of document.querySelectorAll('[name=takes_passkeys]')) {
  const asked = globalThis.PublicKeyCredential?.isUserVerifyingPlatformAuthenticatorAvailable?.();
  void asked?.then((can) => (field.disabled = !can));
}

// Caps Lock, said under the field while it matters.
for (const hint of document.querySelectorAll('[data-caps-of]')) {
  const field = document.getElementById(hint.dataset.capsOf);
  const look = (event) => {
    const on = event.type !== 'blur' && event.getModifierState?.('CapsLock') === true;
    hint.textContent = on ? hint.dataset.text : '';
  };
  for (const type of ['keydown', 'keyup', 'mousedown', 'blur']) field.addEventListener(type, look);
}

// Rules of a new password that can be counted are ticked while it is typed. The server rates the rest, when there
// is a pause, and has the last word.
const counted = {
  min_length: /[^]/gu,
  capital_letters: /[A-Z]/g,
  lowercase_letters: /[a-z]/g,
  digits: /[0-9]/g,
  special_characters: /[^A-Za-z0-9]/gu,
};
const tick = (rule, state, field) => {
  rule.dataset.state = state;
  rule.querySelector('.aside').textContent = state === 'met' ? field.dataset.met : '';
};
const rate = async (field, rules, meter) => {
  const form = new FormData(field.form);
  const body = new URLSearchParams();
  for (const name of ['csrf', 'step', 'identifier', 'new_password']) {
    if (form.has(name)) body.set(name, form.get(name));
  }
  const answer = await fetch(field.dataset.check, { method: 'POST', body }).catch(() => undefined);
  if (!answer?.ok) return;
  const { score, failed } = await answer.json();
  if (field.value !== body.get('new_password')) return;
  for (const rule of rules) {
    const name = rule.dataset.rule;
    // What only the person's earlier passwords can tell is left open.
    if (name !== 'not_used_since') tick(rule, failed.includes(name) ? 'open' : 'met', field);
  }
  if (score === undefined) return;
  meter.hidden = false;
  meter.dataset.score = score;
  meter.querySelector('.word').textContent = field.dataset.words.split('|')[score];
};
for (const field of document.querySelectorAll('[data-rules]')) {
  const rules = document.getElementById(field.dataset.rules).children;
  const meter = document.getElementById('password-strength');
  let pause;
  field.addEventListener('input', () => {
    for (const rule of rules) {
      const pattern = counted[rule.dataset.rule];
      const isMet = pattern && (field.value.match(pattern)?.length ?? 0) >= rule.dataset.count;
      if (pattern || rule.dataset.state === 'failed') tick(rule, isMet ? 'met' : 'open', field);
    }
    clearTimeout(pause);
    if (field.value === '') meter.hidden = true;
    else if (field.dataset.check) pause = setTimeout(() => void rate(field, rules, meter), 400);
  });
}

// A wait that counts down beside a button.
for (const element of document.querySelectorAll('[data-wait]')) {
  const end = Date.now() + element.dataset.wait * 1000;
  const words = new Intl.NumberFormat(language, { style: 'unit', unit: 'second', unitDisplay: 'long' });
  const timer = setInterval(() => {
    const left = Math.ceil((end - Date.now()) / 1000);
    element.textContent = fill(element.dataset.sentence, 'duration', words.format(Math.max(0, left)));
    element.hidden = left <= 0;
    if (left <= 0) clearInterval(timer);
  }, 1000);
}

// One press sends a form once; the button says what is being done.
const reset = (form) => {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll('[aria-disabled]')) {
    button.removeAttribute('aria-disabled');
    button.textContent = button.dataset.label;
  }
};
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = 'yes';
  const button = event.submitter;
  if (button?.dataset.doing) {
    button.dataset.label = button.textContent;
    button.textContent = button.dataset.doing;
    button.setAttribute('aria-disabled', 'true');
  }
  // The page may stay: a stopped load, or an answer that opens a native application.
  setTimeout(reset, 10_000, form);
});
addEventListener('pageshow', () => document.querySelectorAll('form').forEach(reset));

// A time on the person's own clock instead of a span that grows stale.
for (const element of document.querySelectorAll('[data-time]')) {
  const time = new Date(element.dataset.time);
  const isToday = time.toDateString() === new Date().toDateString();
  const shown = time.toLocaleString(language, {
    ...(isToday ? {} : { weekday: 'long' }),
    hour: 'numeric',
    minute: '2-digit',
  });
  element.textContent = fill(element.dataset.sentence, 'time', shown);
}

// A busy page tries again by itself, and says when; it can be told not to.
for (const countdown of document.querySelectorAll('[data-seconds]')) {
  const stop = document.querySelector('[data-stops]');
  const end = Date.now() + countdown.dataset.seconds * 1000;
  const words = new Intl.NumberFormat(language, { style: 'unit', unit: 'second', unitDisplay: 'long' });
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    countdown.textContent = fill(countdown.dataset.sentence, 'duration', words.format(left));
    if (left > 0) return;
    finish();
    document.querySelector('[data-retries]')?.click();
  };
  const timer = setInterval(tick, 250);
  const finish = () => {
    clearInterval(timer);
    countdown.hidden = stop.hidden = true;
  };
  stop.hidden = false;
  stop.addEventListener('click', finish);
  tick();
}
