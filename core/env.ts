/**
 * The environment of a function is a contract between its construct and its handler: the construct must give every
 * name (a missing or misspelt one fails `tsc`), the handler reads them all at start and fails with all that is missing.
 */
export interface EnvContract<Name extends string> {
  readonly names: readonly Name[];
  read(environment: Readonly<Record<string, string | undefined>>): Readonly<Record<Name, string>>;
}

export function env<const Name extends string>(...names: readonly Name[]): EnvContract<Name> {
  return {
    names,
    read(environment) {
      const missing = names.filter((name) => !environment[name]);
      if (missing.length > 0)
        throw new Error(`ENV_MISSING: ${missing.join(', ')}. Set them where the function is defined.`);
      return Object.fromEntries(names.map((name) => [name, environment[name]])) as Record<Name, string>;
    },
  };
}
