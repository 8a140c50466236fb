import type { Issue } from '../domain_error.ts';
import type { FreeMap } from '../free_map.ts';

/** The two schemas that every tenant has from the start (contract 1.6). Schemas of one's own come later. */
export const USER_SCHEMA_ID = 'user_v0';
export const METADATA_SCHEMA_ID = 'metadata_v0';

type SchemaChoice = {
  readonly payloadSchemaId: string;
  readonly metadataSchemaId: string;
  readonly businessMetadataSchemaId: string | null;
};

/** Names each schema id that does not exist, or that does not fit the kind of data it is chosen for. */
export function knownSchemaIssues(choice: SchemaChoice): Issue[] {
  const issues: Issue[] = [];
  const expect = (pointer: string, id: string | null, known: string) => {
    if (id !== null && id !== known) issues.push({ pointer, message: `no such schema here: use ${known}` });
  };
  expect('/payload_schema_id', choice.payloadSchemaId, USER_SCHEMA_ID);
  expect('/metadata_schema_id', choice.metadataSchemaId, METADATA_SCHEMA_ID);
  expect('/business_metadata_schema_id', choice.businessMetadataSchemaId, METADATA_SCHEMA_ID);
  return issues;
}

const NAMES = ['name', 'given_name', 'family_name'] as const;
const MAX_NAME_CHARS = 256;

/**
 * What is wrong with a person's payload under `user_v0`: three non-empty strings and nothing else. With
 * `complete` all three are required; a person who is still to activate their account may lack them.
 */
export function userPayloadIssues(payload: FreeMap, { complete }: { complete: boolean }): Issue[] {
  const issues: Issue[] = [];
  for (const key of Object.keys(payload)) {
    if (!(NAMES as readonly string[]).includes(key)) {
      issues.push({
        pointer: '/payload',
        message: `has a property that the schema ${USER_SCHEMA_ID} does not know`,
      });
      break;
    }
  }
  for (const name of NAMES) {
    const value = payload[name];
    if (value === undefined) {
      if (complete) issues.push({ pointer: `/payload/${name}`, message: 'is required' });
    } else if (typeof value !== 'string' || value.length === 0 || value.length > MAX_NAME_CHARS) {
      issues.push({
        pointer: `/payload/${name}`,
        message: `must be 1 to ${MAX_NAME_CHARS} characters of text`,
      });
    }
  }
  return issues;
}
