import type { Plugin } from 'esbuild';
import { builtInFormulas } from './built-in-formulas.ts';

/** A bundle runs where the project's files are not, so the built-in formulas go into it. */
export const formulasInside: Plugin = {
  name: 'formulas-inside',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]local[\\/]built-in-formulas\.ts$/ }, () => ({
      loader: 'js',
      contents: `export const builtInFormulas = ${JSON.stringify(builtInFormulas)};`,
    })),
};
