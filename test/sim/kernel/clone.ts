/** A copy that shares nothing: what crosses a port is a message, not a reference. Functions do not cross. */
export function clone<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copy);
  if (value instanceof Map) return new Map([...value].map(([key, inner]) => [key, copy(inner)]));
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  const own: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) own[key] = copy(inner);
  return own;
}
