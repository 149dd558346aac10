/** The Witness performs what the stream has not: it reaches what the effects function reaches. */
export { effectsEnv as witnessEnv } from '../platform/effects.env.ts';
