/** ECS's news of a stopped task, as the Witness takes it. */
import { z } from 'zod';
import { harnessEnv, subjectSchema } from '../../core/polecats/protocol.ts';
import type { WitnessEvent } from './witness.ts';

const variable = z.object({ name: z.string(), value: z.string() });
const taskSchema = z.object({
  overrides: z.object({ containerOverrides: z.array(z.object({ environment: z.array(variable).default([]) })) }),
});
const subjectText = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('not JSON');
      return z.NEVER;
    }
  })
  .pipe(subjectSchema);

/** The subject is in the overrides of the launch. A task that names none was not ours to launch: an ordinary patrol. */
export function stoppedTask(detail: unknown): WitnessEvent {
  const variables = taskSchema
    .safeParse(detail)
    .data?.overrides.containerOverrides.flatMap(({ environment }) => environment);
  const subject = subjectText.safeParse(variables?.find(({ name }) => name === harnessEnv.subject)?.value);
  return subject.success ? { kind: 'task_stopped', subject: subject.data } : { kind: 'patrol' };
}
