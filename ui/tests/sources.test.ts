// Rules about the sources themselves.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'svelte/compiler';
import { describe, expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '../src');

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(svelte|ts)$/.test(name) && !name.endsWith('.test.ts'))
  .map((name) => ({ name, text: readFileSync(join(SOURCE, name), 'utf8') }));

const components = files.filter(({ name }) => name.endsWith('.svelte'));

function naming(pattern: RegExp): string[] {
  return files.filter(({ text }) => pattern.test(text)).map(({ name }) => name);
}

/** Words in the markup of a component that did not come from the catalogue. */
function wordsIn(source: string): string[] {
  const found: string[] = [];
  const spoken = new Set([
    'aria-label',
    'title',
    'placeholder',
    'label',
    'data-tip',
    'alt',
    'legend',
  ]);
  const visit = (node: unknown, inAttribute: string | null): void => {
    if (Array.isArray(node)) return node.forEach((one) => visit(one, inAttribute));
    if (typeof node !== 'object' || node === null) return;
    const { type, data, name } = node as { type?: string; data?: string; name?: string };
    if (type === 'Text' && /\p{L}{2,}/u.test(data ?? '')) {
      if (inAttribute === null || spoken.has(inAttribute)) found.push((data ?? '').trim());
      return;
    }
    const attribute =
      type === 'Attribute' || type === 'StyleDirective' ? (name ?? '') : inAttribute;
    for (const value of Object.values(node)) visit(value, attribute);
  };
  visit(parse(source, { modern: true }).fragment, null);
  return found;
}

describe('sources', () => {
  test('only the backend knows Tauri', () => {
    const knowing = naming(/from '@tauri-apps\/|import\("@tauri-apps|from "@tauri-apps/);
    expect(knowing).toContain('backend/bindings.ts');
    expect(knowing.filter((name) => !name.startsWith('backend/'))).toEqual([]);
  });

  test('nothing is stored in the web view', () => {
    expect(naming(/localStorage|sessionStorage|indexedDB|document\.cookie/)).toEqual([]);
  });

  test('nothing is drawn from raw HTML or evaluated', () => {
    expect(naming(/\{@html|innerHTML|\beval\(|new Function\(/)).toEqual([]);
  });

  test('components take their words from the catalogue', () => {
    const speaking = components
      .map(({ name, text }) => ({ name, words: wordsIn(text) }))
      .filter(({ words }) => words.length > 0);
    expect(speaking).toEqual([]);
  });

  test('components stay small', () => {
    const large = components.filter(({ text }) => text.split('\n').length > 210);
    expect(large.map(({ name }) => name)).toEqual([]);
  });
});
