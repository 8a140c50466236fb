import { z } from 'zod';
import { VARIABLES } from '../../../messages/variables.ts';
import { CHANNELS } from '../../../messages/message.ts';
import { id, readOnly } from '../../fields.ts';

const subject = z
  .string()
  .max(1_000)
  .meta({ description: 'Of a mail; one line. Text messages have none', example: 'Your code: {{OTP.Code}}' });
const text = z.string().max(20_000).meta({
  description:
    'Plain text with variables. An empty line ends a paragraph, the first is the heading; one that ends in a line with only {{OTP.Link}} is a button, with only {{OTP.Code}} the code in large. A paragraph (in a text message: a line) with a variable that has no value is left out',
  example: 'Your code\n\nEnter it within {{OTP.Validity}}:\n{{OTP.Code}}',
});

/** A message in the tenant's own words. */
export const MessageTemplateBody = z
  .strictObject({
    subject: subject.optional(),
    text,
    message: readOnly,
    channel: readOnly,
    locale: readOnly,
    tenant_id: readOnly,
    is_built_in: readOnly,
    created_at: readOnly,
    updated_at: readOnly,
  })
  .meta({ id: 'MessageTemplateRequest' });

export const MessageTemplate = z
  .strictObject({
    tenant_id: id,
    message: z.string(),
    channel: z.enum(CHANNELS),
    locale: z.string(),
    subject: z.string(),
    text: z.string(),
    is_built_in: z.boolean(),
    created_at: z.string().optional(),
    updated_at: z.string().optional(),
  })
  .meta({ id: 'MessageTemplate' });

export const MessageTemplates = z
  .strictObject({
    message_templates: z.array(MessageTemplate),
    messages: z
      .array(
        z.strictObject({
          name: z.string(),
          variables: z.array(z.enum(VARIABLES)),
          needs_one_of: z.array(z.enum(VARIABLES)),
        }),
      )
      .meta({ description: 'All messages there are, with what their texts may and must say' }),
    channels: z.array(z.enum(CHANNELS)),
    locales: z.array(z.string()),
  })
  .meta({ id: 'MessageTemplates' });

const value = z.string().min(1).max(500).optional();
/** It becomes the target of a button: whoever shows the preview is not to run what it says. */
const webAddress = z
  .url({ protocol: /^https?$/ })
  .max(500)
  .optional();

/** What to show a message with. Without words: those that hold. */
export const PreviewBody = z
  .strictObject({
    subject: subject.optional(),
    text: text.optional(),
    values: z
      .strictObject({ product: value, code: value, link: webAddress, address: value })
      .optional()
      .meta({ description: 'In the place of sample values' }),
  })
  .meta({ id: 'MessagePreviewRequest' });

export const MessagePreview = z
  .strictObject({
    subject: z.string(),
    text: z.string(),
    html: z.string().meta({ description: 'The mail’s other form; empty for a text message' }),
  })
  .meta({ id: 'MessagePreview' });
