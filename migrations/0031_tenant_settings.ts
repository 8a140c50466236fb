import type { Knex } from 'knex';

/** The text at a place of a document where it has a form; null otherwise. */
const text = (at: string, form: string): string => `CASE WHEN ${at} ~ '${form}' THEN ${at} END`;
const COLOR = '^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$';
const color = (name: string): string => `'${name}', ${text(`(styling #>> '{colors,${name}}')`, COLOR)}`;

/**
 * A tenant's settings and styling were free maps and are fields now: what decides nothing, and what no page could
 * show, goes. The language of messages moves to where the contract has it (1.1). One row for each tenant.
 */
export async function up(knex: Knex): Promise<void> {
  const language = text(`lower(split_part(settings ->> 'locale', '-', 1))`, '^[a-z]{2,3}$');
  await knex.raw(`
    UPDATE tenants SET
      settings = jsonb_strip_nulls(jsonb_build_object(
        'security', CASE WHEN settings #> '{security,codes_without_token}' = 'true'
                         THEN '{"codes_without_token": true}'::jsonb END,
        'translations', nullif(jsonb_strip_nulls(jsonb_build_object('default_locale', ${language})), '{}'))),
      styling = jsonb_strip_nulls(jsonb_build_object(
        'colors', nullif(jsonb_strip_nulls(
          jsonb_build_object(${['primary', 'header', 'background'].map(color).join(', ')})), '{}'),
        'logo_url', ${text(`(styling ->> 'logo_url')`, '^https://[^[:space:]]+$')},
        'logo_size', ${text(`(styling ->> 'logo_size')`, '^(2[4-9]|3[0-9]|4[0-8])(px){0,1}$')}))
     WHERE settings <> '{}' OR styling <> '{}'
  `);
}
