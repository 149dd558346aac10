/** Runs every test in this one process: a process for each file would cost more than all the tests together. */
import { readdirSync } from 'node:fs';

const directory = new URL('../test/', import.meta.url);
const files = readdirSync(directory).filter((name) => name.endsWith('.test.js'));
// No tests is not a pass.
if (files.length === 0) throw new Error('There is no test in test/.');
for (const file of files) await import(new URL(file, directory));
