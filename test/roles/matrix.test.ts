import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PERMISSIONS, permissionsOf, ROLES } from '../../src/roles/permissions.ts';

const LEVELS = ['tenant', 'workspace', 'identity_pool'] as const;
const document = readFileSync(join(import.meta.dirname, '../../docs/reference/roles.md'), 'utf8');

it('the documented table of permissions is what the roles carry', () => {
  const section = document.split('## What each carries')[1]?.split('\n## ')[0] ?? '';
  const cells = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
  const [heads = [], , ...rows] = cells;
  const columns = LEVELS.flatMap((level) => ROLES[level].map((role) => ({ level, role })));
  const called = { tenant: 'tenant', workspace: 'workspace', identity_pool: 'pool' };
  expect(heads).toEqual(['Permission', ...columns.map(({ level, role }) => `${called[level]} \`${role}\``)]);
  const expected = LEVELS.flatMap((level) => PERMISSIONS[level]).map((permission) => [
    `\`${permission}\``,
    ...columns.map(({ level, role }) => (permissionsOf(level, role).has(permission) ? 'yes' : '')),
  ]);
  expect(rows).toEqual(expected);
});
