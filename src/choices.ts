/** What a caller may choose of `T`; what is absent or undefined is left to us. */
export type Choices<T> = { readonly [K in keyof T]?: T[K] | undefined };

/**
 * The defaults with the caller's choices in their place. Only what the defaults name is taken, whatever else
 * the caller's object carries.
 */
export function withDefaults<T extends object>(choices: Choices<T>, defaults: T): T {
  const names = Object.keys(defaults) as (keyof T)[];
  return Object.fromEntries(names.map((name) => [name, choices[name] ?? defaults[name]])) as T;
}
