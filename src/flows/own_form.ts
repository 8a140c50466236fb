import { forbidden } from '../http/errors.ts';
import { type FormFields, readForm } from '../http/form_body.ts';
import type { FlowDeps } from './deps.ts';
import type { Journey } from './journey.ts';

/** Reads a submitted form that this browser got from this journey; 403 for any other (S-SES-07). */
export async function readOwnForm(deps: FlowDeps, journey: Journey): Promise<FormFields> {
  const form = await readForm(journey.ctx);
  if (!deps.csrf.fits(journey.ctx, journey.interaction.uid, form.get('csrf'))) {
    throw forbidden('This form is not from this browser. Go back, reload the page and send it again.', {
      code: 'form_not_ours',
    });
  }
  return form;
}
