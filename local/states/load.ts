/** From the text of a state-machine file to a `Machine`, or one error with every fault. */
import { type Fault, refuseAll } from '../../core/errors.ts';
import type { Json } from '../../core/ports.ts';
import { duplicateKeys } from './duplicates.ts';
import { Fields } from './fields.ts';
import type { Sources } from './functions.ts';
import type { Machine } from './machine.ts';
import { type Names, secondsMax } from './read-parts.ts';
import { checkVariables, readStates, topScope } from './read-states.ts';
import { isObject } from './template.ts';

interface LoadOptions extends Sources {
  readonly substitutions: Readonly<Record<string, string>>;
}

export function loadMachine(name: string, definition: string, { substitutions, clock, ids }: LoadOptions): Machine {
  const faults: Fault[] = [];
  const refuse = (what: string): void => {
    faults.push({ code: 'DEFINITION_REFUSED', what, remedy: 'Mend the definition.', at: `machine "${name}"` });
  };
  const raw = parse(definition, refuse);
  if (!isObject(raw)) {
    if (faults.length === 0) refuse('The definition is not a JSON object.');
    throw refuseAll(500, 'DEFINITION_REFUSED', faults);
  }
  for (const key of duplicateKeys(definition)) refuse(`The key ${key} stands twice in the same object.`);

  const substituted = substitute(raw, substitutions, refuse) as { readonly [name: string]: Json };
  const fields = new Fields(substituted, `machine "${name}"`, faults);
  if (fields.oneOf('QueryLanguage', ['JSONata']) === undefined && !fields.has('QueryLanguage')) {
    fields.fault('QueryLanguage', 'is missing, which means JSONPath; this interpreter speaks JSONata only');
  }
  fields.oneOf('Version', ['1.0']);
  const timeoutSeconds = fields.number('TimeoutSeconds', { min: 1, max: secondsMax, whole: true });
  const names: Names = { sources: { clock, ids }, states: new Map(), references: [] };
  const states = readStates(fields, names, topScope());
  fields.finish();
  checkVariables(names);
  if (faults.length > 0) throw refuseAll(500, 'DEFINITION_REFUSED', faults);
  return { name, ...states, ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) };
}

function parse(definition: string, refuse: (what: string) => void): Json | undefined {
  try {
    return JSON.parse(definition) as Json;
  } catch (error) {
    refuse(`The definition is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
    return undefined;
  }
}

/** `${Name}` in any string, as `definitionSubstitutions` does it at deployment. */
function substitute(value: Json, names: Readonly<Record<string, string>>, refuse: (what: string) => void): Json {
  if (typeof value === 'string') {
    return value.replaceAll(/\$\{([^}]*)\}/g, (whole, name: string) => {
      const replacement = Object.hasOwn(names, name) ? names[name] : undefined;
      if (replacement === undefined)
        refuse(`There is no substitution for ${whole}; there are: ${Object.keys(names).join(', ') || 'none'}.`);
      return replacement ?? whole;
    });
  }
  if (Array.isArray(value)) return value.map((item: Json) => substitute(item, names, refuse));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, substitute(inner, names, refuse)]));
}
