/** How many attempts there may be at one time, in one process. */
export type Limits = {
  readonly most: number;
  /** Of these to one destination, so that a slow one holds up itself and nobody else. */
  readonly each: number;
  /** Of these to all that have just run into a timeout: each gets a single one at a time until it answers again. */
  readonly slow: number;
};

/** By the operator's ways, whose destinations are the domains of addresses. */
export const MOST_IN_FLIGHT = 32;
export const OPERATORS: Limits = { most: MOST_IN_FLIGHT, each: 5, slow: MOST_IN_FLIGHT };
/**
 * By transports of tenants, each a destination. Tenants name the hosts, so a host that never answers is no accident
 * to count on: all such together have a quarter of the room, and take turns in it.
 */
export const TENANTS: Limits = { most: 64, each: 4, slow: 16 };
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
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

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
    const { most, each, slow } = this.#limits;
    // Whoever ran into a timeout longest ago comes first.
    let slowLeft = slow - [...this.#slow].reduce((sum, name) => sum + this.#at(name), 0);
    const left = new Map([...this.#inFlight].map(([name, count]) => [name, Math.max(0, each - count)]));
    for (const name of this.#slow) {
      const may = Math.max(0, Math.min(MOST_WHILE_SLOW - this.#at(name), slowLeft));
      left.set(name, may);
      slowLeft -= may;
    }
    const total = most - [...this.#inFlight.values()].reduce((sum, count) => sum + count, 0);
    return { total, each, left: Object.fromEntries(left) };
  }

  #at(name: string): number {
    return this.#inFlight.get(name) ?? 0;
  }
}
