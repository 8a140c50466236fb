import { pino, type DestinationStream, type Logger } from 'pino';
import { loggable, loggableError } from './loggable.ts';
import { readableLine } from './readable_line.ts';

export type { Logger } from 'pino';

export type LoggerOptions = {
  readonly level: string;
  /** Default: standard output; there one readable line an entry when it is a terminal, outside production. */
  readonly destination?: DestinationStream;
  readonly production?: boolean;
};

/**
 * One JSON object a line: `time` (ISO 8601), `level`, `msg` and the given fields. Secrets are taken out by the name
 * of their field, objects other than plain ones are not written out, control characters are encoded.
 */
export function createLogger(options: LoggerOptions): Logger {
  const terminal = process.stdout.isTTY && !options.production && !options.destination;
  const out = options.destination ?? process.stdout;
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => loggable(fields) as Record<string, unknown>,
      },
      // Applied after `formatters.log`, which has done the work already.
      serializers: { err: (value: unknown) => (value instanceof Error ? loggableError(value) : value) },
    },
    { write: (line: string) => out.write(terminal ? readableLine(line) : encodeControls(line)) },
  );
}

// JSON leaves these as they are, and terminals and line-based readers obey some of them.
const CONTROLS = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

function encodeControls(line: string): string {
  return line.replace(CONTROLS, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
