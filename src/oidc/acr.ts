/** How sure a sign-in is: a value says what was done, not how an auditor would grade it. */
export const ACR_VALUES = ['1fa', '2fa'] as const;
export type Acr = (typeof ACR_VALUES)[number];

/** Whether the application would rather have two factors: of `acr_values`, the first that we know (OIDC Core §3.1.2.1). */
export function wantsTwoFactors(acrValues: unknown): boolean {
  if (typeof acrValues !== 'string') return false;
  const known: readonly string[] = ACR_VALUES;
  return acrValues.split(' ').find((value) => known.includes(value)) === '2fa';
}
