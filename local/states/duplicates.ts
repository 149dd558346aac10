/** Keys that stand twice in one object of a JSON text: `JSON.parse` would keep the last one and say nothing. */
export function duplicateKeys(json: string): string[] {
  const duplicates: string[] = [];
  const open: (Set<string> | 'list')[] = [];
  let keyComes = false;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    const top = open.at(-1);
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push('list');
    else if (token === '}' || token === ']') open.pop();
    else if (token.startsWith('"') && keyComes && top instanceof Set) {
      const key = JSON.parse(token) as string;
      if (top.has(key)) duplicates.push(token);
      top.add(key);
    }
    keyComes = token === '{' || (token === ',' && open.at(-1) instanceof Set);
  }
  return duplicates;
}
