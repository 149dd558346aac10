import type { BeadSpec } from '../../core/convoys/bead.ts';
import { limits } from '../../core/limits.ts';
import type { Blobs } from '../../core/ports.ts';

/** A spec that is too long for its item goes to the blob store; putting it twice is the same blob. */
export async function keptSpec({ blobs }: { readonly blobs: Blobs }, spec: BeadSpec): Promise<BeadSpec> {
  const bytes = new TextEncoder().encode(JSON.stringify(spec));
  if (bytes.length <= limits.specBytesInlineMax) return spec;
  const blob = await blobs.put(bytes, 'application/json');
  return { instructions: '', acceptance: [], blob };
}
