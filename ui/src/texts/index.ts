// The texts of the window. A language is one catalogue of this shape; adding
// one means adding it to `catalogues`, no component changes.
import { en } from './en/index.ts';

export type Catalogue = typeof en;

const catalogues: Record<string, Catalogue> = { en };

function choose(languages: readonly string[]): Catalogue {
  for (const language of languages) {
    const found = catalogues[language.slice(0, 2).toLowerCase()];
    if (found) return found;
  }
  return en;
}

export const t: Catalogue = choose(typeof navigator === 'undefined' ? [] : navigator.languages);
