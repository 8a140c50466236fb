/** Attempts at one time, in one process. */
export const MOST_IN_FLIGHT = 32;
/** Of these to one destination, so that a slow one holds up itself and nobody else. */
const MOST_PER_DESTINATION = 5;
/** One that has just run into a timeout gets a single attempt at a time until it answers again. */
const MOST_WHILE_SLOW = 1;
/** Destinations remembered as slow; more at a time would be an attack, and forgetting one costs little. */
const MOST_REMEMBERED = 1_000;

/** What a claim may take. */
export type Room = {
  readonly total: number;
  /** For destinations that are not named in `left`. */
  readonly each: number;
  readonly left: Readonly<Record<string, number>>;
};

/** Who is being written to at the moment, and how many more attempts may begin. */
export class Destinations {
  readonly #inFlight = new Map<string, number>();
  readonly #slow = new Set<string>();

  begin(destination: string): void {
    this.#inFlight.set(destination, (this.#inFlight.get(destination) ?? 0) + 1);
  }

  end(destination: string, { slow }: { slow: boolean }): void {
    const rest = (this.#inFlight.get(destination) ?? 1) - 1;
    if (rest > 0) this.#inFlight.set(destination, rest);
    else this.#inFlight.delete(destination);
    this.#slow.delete(destination);
    if (!slow) return;
    this.#slow.add(destination);
    const [oldest] = this.#slow;
    if (this.#slow.size > MOST_REMEMBERED && oldest !== undefined) this.#slow.delete(oldest);
  }

  room(): Room {
    const left: [string, number][] = [...new Set([...this.#inFlight.keys(), ...this.#slow])].map((name) => {
      const most = this.#slow.has(name) ? MOST_WHILE_SLOW : MOST_PER_DESTINATION;
      return [name, Math.max(0, most - (this.#inFlight.get(name) ?? 0))];
    });
    const total = MOST_IN_FLIGHT - [...this.#inFlight.values()].reduce((sum, count) => sum + count, 0);
    return { total, each: MOST_PER_DESTINATION, left: Object.fromEntries(left) };
  }
}
