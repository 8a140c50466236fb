import { imageAddress, type OwnedBrand } from './brand.ts';

/**
 * The four fields that programs of other makers know (contract 1.1).
 * @param origin put before the address of an uploaded logo, for readers outside
 */
export function presentContractStyling({ owner, brand }: OwnedBrand, origin = ''): object {
  const { colors = {}, logo, logoHeight } = brand;
  const address = imageAddress({ owner, brand }, 'logo') ?? '';
  const isUpload = logo !== undefined && !('url' in logo);
  return {
    colors: {
      primary: colors.primary ?? '',
      header: colors.header ?? '',
      background: colors.background ?? '',
    },
    font_url: '',
    logo_url: isUpload ? origin + address : address,
    logo_size: logoHeight === undefined ? '' : `${logoHeight}px`,
  };
}
