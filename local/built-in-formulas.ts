/** The texts of the built-in formulas, by name. A bundle holds them itself: local/formulas-inside.ts. */
import { readdirSync, readFileSync } from 'node:fs';

const directory = new URL('../formulas/', import.meta.url);

export const builtInFormulas: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(directory)
    .filter((file) => file.endsWith('.toml'))
    .map((file) => [file.slice(0, -'.toml'.length), readFileSync(new URL(file, directory), 'utf8')]),
);
