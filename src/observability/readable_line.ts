const COLORS: Readonly<Record<string, string>> = {
  warn: '\u001b[33m',
  error: '\u001b[31m',
  fatal: '\u001b[31m',
};
const RESET = '\u001b[0m';

/** A log entry as a person at a terminal reads it. Values stay JSON, so that they cannot steer the terminal. */
export function readableLine(line: string): string {
  const { time, level, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const color = COLORS[String(level)] ?? '';
  const details = Object.entries(fields).map(([name, value]) => `${name}=${plain(JSON.stringify(value))}`);
  const head = `${String(time).slice(11, 19)} ${color}${String(level).padEnd(5)}${color && RESET}`;
  const stack = (err as { stack?: unknown } | undefined)?.stack;
  const tail = typeof stack === 'string' ? `\n${stack.split('\n').map(plain).join('\n')}` : '';
  return `${[head, plain(typeof msg === 'string' ? msg : ''), ...details].join(' ')}${tail}\n`;
}

function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this takes out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
