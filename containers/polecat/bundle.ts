import { bundleScript } from '../../local/bundle-script.ts';

/** The harness as one file, for the image and for the laptop's fleet. */
export const bundleHarness = (outfile: string): Promise<string> =>
  bundleScript(new URL('main.ts', import.meta.url), outfile);
