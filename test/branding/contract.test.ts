import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DARK, LIGHT } from '../../src/branding/tokens.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const document = read('docs/reference/branding.md');
const css = read('src/assets/weir.css');

const rowsOf = (heading: string) =>
  (document.split(`## ${heading}`)[1]?.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));

test('the documented custom properties are those of the style sheet, with their values', () => {
  const documented = rowsOf('Custom properties').map(([, name, light, dark]) => [name, light, dark]);
  const declared = Object.entries(LIGHT).map(([name, light]) => [name, light, DARK[name] ?? '']);
  expect(documented).toEqual(declared);
});

test('every documented class is in the style sheet and on a page', () => {
  const names = rowsOf('Classes').map(([, name]) => name ?? '');
  expect(names.length).toBeGreaterThan(15);
  const views = readdirSync(join(root, 'views'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ejs'))
    .map((file) => read(join('views', file)))
    .join('\n');
  const onPages = new Set(
    [...views.matchAll(/class="([^"]*)"/g)].flatMap(([, list = '']) => list.split(/[\s'?:<%=>]+/)),
  );
  for (const name of names) {
    expect(css, name).toMatch(new RegExp(`\\.${name}\\b`));
    expect(onPages, name).toContain(name);
  }
});

test('a property that a rule uses is declared', () => {
  const declared = new Set(
    [...(css + read('src/assets/tokens.css')).matchAll(/(--[a-z-]+):/g)].map(([, name]) => name),
  );
  const used = new Set([...css.matchAll(/var\((--[a-z-]+)/g)].map(([, name]) => name));
  expect([...used].filter((name) => !declared.has(name))).toEqual([]);
});
