import { z } from 'zod';
import { CHANNELS, MESSAGE_STATUSES, TEMPLATES } from '../../../messages/message.ts';
import { time } from '../../fields.ts';
import { pagingQuery } from '../../paging.ts';

export const MessagesQuery = z.strictObject(pagingQuery('message'));

const Message = z
  .strictObject({
    id: z.string(),
    template: z.enum(TEMPLATES),
    channel: z.enum(CHANNELS),
    address: z.string().meta({ description: 'Masked', example: 'm•••@example.org' }),
    purpose: z.string().optional().meta({ description: 'The type of the code, where there is one' }),
    status: z.enum(MESSAGE_STATUSES),
    attempts: z.int(),
    last_error: z.string().optional().meta({
      description: 'The class of what went wrong last',
      example: 'smtp_550',
    }),
    delivered_by: z.string().optional(),
    created_at: time,
    next_attempt_at: time.optional().meta({ description: 'While it is queued' }),
    ended_at: time.optional().meta({ description: 'When it was sent, failed or expired' }),
    expires_at: time.optional(),
  })
  .meta({ id: 'Message' });

export const MessagesResponse = z.strictObject({ messages: z.array(Message) }).meta({ id: 'Messages' });
