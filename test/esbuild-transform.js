/** Strips the types for jest, file by file; the modules stay ES modules. */
import { transformSync } from 'esbuild';

export default {
  process(source, file) {
    return transformSync(source, {
      sourcefile: file,
      loader: 'ts',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
    });
  },
};
