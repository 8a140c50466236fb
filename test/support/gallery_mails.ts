import type { Locale } from '../../src/i18n/locales.ts';
import type { ContentInput } from '../../src/messages/content.ts';
import { renderMail } from '../../src/messages/render_message.ts';
import type { OwnWords } from '../../src/messages/templates/own_words.ts';

type MailSample = Partial<ContentInput> & { readonly own?: OwnWords };

const code = '482913';
const link =
  'https://id.harbour.example/default/identity/readers/activate?code=V2VpciBrZWVwcyB0aGUgd2F0ZXIgYmFjaw&server_id=books';
const longest = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft';

/** One of each shape that a mail has, and what a tenant may make of one. */
const samples: Readonly<Record<string, MailSample>> = {
  mail_code_and_link: { template: 'activate_account_with_link', values: { code, link } },
  mail_code: { values: { code } },
  mail_notice: { template: 'password_changed', values: {}, secondsLeft: null },
  mail_objection: {
    template: 'address_change_requested',
    values: { link, address: 'm•••@harbour.example' },
    secondsLeft: 3 * 24 * 3_600,
  },
  mail_long_words: { product: longest, values: { code: 'K7QX-M2PA-9TRE-W4HD-C8ZB-N5VF', link } },
  mail_own_words: {
    values: { code, link },
    own: {
      subject: '{{OTP.Code}} is your code for {{Product.Name}}',
      text: [
        'Ahoy!',
        `Type this code where you are signing in.\nIt works for {{OTP.Validity}}. <b>${longest}</b>`,
        'Your code:\n{{OTP.Code}}',
        `Or go straight to the shelf you came from, in the house of the ${longest}:\n{{OTP.Link}}`,
        'The crew of {{Product.Name}}',
      ].join('\n\n'),
    },
  },
};

export const mailSamples: readonly string[] = Object.keys(samples);

/** The HTML of a sample. */
export function sampleMail(name: string, locale: Locale): string {
  const { own, ...over } = samples[name] ?? {};
  const input: ContentInput = {
    template: 'otp',
    purpose: null,
    locale,
    product: 'Harbour Books',
    values: {},
    secondsLeft: 1_800,
    ...over,
  };
  return renderMail(input, own).html;
}
