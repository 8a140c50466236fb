import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { keepSchema } from '../../src/schemas/schema_cache.ts';
import { prepareSchema } from '../../src/schemas/schema_service.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('of a schema that changes again and again only the newest validator stays in memory', async () => {
  const validators: WeakRef<object>[] = [];
  for (let version = 0; version < 40; version += 1) {
    const { inlined, validator } = await prepareSchema({
      name: 'Changing',
      document: { type: 'object', properties: { [`field_${version}`]: { type: 'string', pattern: '^a+$' } } },
    });
    expect(validator({ [`field_${version}`]: 'b' })).toHaveLength(1);
    keepSchema({ tenantId: 'kept' }, { id: 'changing', revision: String(version), inlined }, validator);
    validators.push(new WeakRef(validator));
  }
  const alive = () => validators.filter((validator) => validator.deref() !== undefined).length;
  await expect
    .poll(() => {
      collectGarbage();
      return alive();
    })
    .toBe(1);
});
