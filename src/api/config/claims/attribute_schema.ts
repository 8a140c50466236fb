import { z } from 'zod';
import { VALUE_TYPES } from '../../../claims/value_type.ts';
import { line } from '../../fields.ts';

/** A path into a document: names joined by dots. The domain knows which there are. */
export const contextPath = z.string().min(1).max(256);

/** An entry of a list of attributes, of a connection or of a workspace's authentication context. */
export const attribute = z.strictObject({
  name: contextPath,
  type: z.enum(VALUE_TYPES),
  description: line(256).default(''),
  labels: z.array(line(64)).max(20).default([]),
});
