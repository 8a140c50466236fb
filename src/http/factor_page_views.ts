import { TOTP_DIGITS } from '../credentials/totp.ts';
import { assetPath } from './assets.ts';
import type { FactorPages } from './factor_pages.ts';
import type { Present } from './page_views.ts';
import { inGroups } from './qr.ts';
import { safeHref } from './safe_addresses.ts';

const quiet = { status: 200, isWrong: false, forms: 'redirecting' } as const;

const stepOf = ({ action, csrfToken, step }: { action: string; csrfToken: string; step?: string }) => ({
  action,
  csrfToken,
  step,
});

/** The pages of somebody who has lost an app or a passkey, as data. */
export const factorPageViews: { [Name in keyof FactorPages]: Present<FactorPages[Name]> } = {
  factor_proof: (model, say) => {
    const heading = say('lost_factor.proof_title');
    return {
      ...quiet,
      level: '2',
      heading,
      isWrong: model.hasFailed,
      action: model.action,
      model: {
        ...stepOf(model),
        heading,
        lede: say('lost_factor.proof_lede'),
        asksPassword: model.asksPassword,
        asksTotp: model.asksTotp,
        hasFailed: model.hasFailed,
      },
    };
  },

  set_factor: (model, say) => {
    const { factor, totp, error } = model;
    const isTotp = factor === 'totp';
    const heading = say(isTotp ? 'lost_totp.set_title' : 'lost_passkey.set_title');
    const optionsHref = safeHref(model.optionsHref);
    return {
      ...quiet,
      level: '3',
      heading,
      isWrong: error !== undefined,
      action: model.action,
      model: {
        ...stepOf(model),
        heading,
        lede: say('lost_factor.set_lede'),
        codeLength: TOTP_DIGITS,
        totp: totp && { secret: inGroups(totp.secret), qr: totp.qr },
        passkey: optionsHref && { optionsHref, ceremony: 'create', script: assetPath('passkeys.js') },
        error:
          error === 'passkey'
            ? say('passkey.failed')
            : error && say(error === 'missing' ? 'sign_in_code.missing_totp' : 'sign_in_code.refused_totp'),
      },
    };
  },
};
