import type { Brand } from './brand.ts';

/** How all workspaces of a tenant look where they have chosen nothing, named and stored as the contract has it (1.1). */
export type TenantStyling = {
  readonly colors?:
    | {
        readonly primary?: string | undefined;
        readonly header?: string | undefined;
        readonly background?: string | undefined;
      }
    | undefined;
  /** An https address. */
  readonly logo_url?: string | undefined;
  /** `28px`. */
  readonly logo_size?: string | undefined;
};

/** The same as a brand, for those of the workspaces to lie over. */
export function brandOfTenant({ colors, logo_url: logo, logo_size: size }: TenantStyling): Brand {
  return {
    ...(colors && { colors }),
    ...(logo !== undefined && { logo: { url: logo } }),
    ...(size !== undefined && { logoHeight: Number.parseInt(size, 10) }),
  };
}
