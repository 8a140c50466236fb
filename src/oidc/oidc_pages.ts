import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';

/** The pages that oidc-provider asks for by itself; made by `flows`, given to the provider. */
export type OidcPages = {
  /** Asks whether to sign out, or signs out at once where the application has proven whom it means. */
  confirmLogout(ctx: KoaContextWithOIDC): Promise<void>;
  signedOut(ctx: KoaContextWithOIDC): Promise<void>;
  error(ctx: KoaContextWithOIDC, out: ErrorOut, error: Error): Promise<void>;
};
