/** What a caller may choose of `T`; what is absent or undefined is left to us. */
export type Choices<T> = { readonly [K in keyof T]?: T[K] | undefined };
