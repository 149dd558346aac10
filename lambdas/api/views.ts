/**
 * What the API shows of the records, by name: whatever a schema here does not list is never sent. So a task token or
 * the hash of a bearer token cannot leak by being added to a record.
 */
import { z } from '@hono/zod-openapi';
import { beadStatuses, beadTypeSchema, closedReasons, triageVerdicts } from '../../core/convoys/bead.ts';
import { type Convoy, convoyStatuses } from '../../core/convoys/convoy.ts';
import { mayorUsdOf } from '../../core/convoys/spending.ts';
import { gateTypes } from '../../core/formulas/formula.ts';
import { stepStates } from '../../core/formulas/progress.ts';
import { polecatStates } from '../../core/polecats/polecat.ts';
import { candidateStates, mergeRequestStates } from '../../core/refinery/records.ts';
import { instant } from './deps.ts';

export const severitySchema = z.enum(['critical', 'high', 'medium', 'low']);

export const anyJson = z.unknown().openapi({ description: 'Any JSON value' });

const gateSchema = z
  .object({
    type: z.enum(gateTypes),
    step: z.string().optional(),
    bead: z.string().optional(),
    check: z.string().optional(),
    head: z.string().optional(),
    pr: z.string().optional(),
    note: z.string(),
    since: instant,
    openedAt: instant.optional(),
    because: z.string().optional(),
    blocked: z.string().optional(),
  })
  .openapi('Gate');

const triageSchema = z.object({
  count: z.int().openapi({ description: 'Cases, also of the beads that it was split off from' }),
  open: z.object({ since: instant, because: z.string(), rounds: z.int(), misses: z.int() }).optional(),
  decisions: z.array(
    z.object({
      verdict: z.enum(triageVerdicts),
      why: z.string(),
      attempt: z.int(),
      at: instant,
      record: z.string().openapi({ description: 'Blob with the decision in full, and the bead’s text before it' }),
    }),
  ),
});

export const beadSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    title: z.string(),
    rig: z.string(),
    convoy: z.string(),
    type: beadTypeSchema,
    priority: z.int(),
    labels: z.array(z.string()),
    needs: z.array(z.string()),
    runtime: z.string(),
    formula: z.string(),
    budgetUsd: z.number(),
    costUsd: z.number(),
    externalRef: z.string().optional(),
    status: z.enum(beadStatuses),
    resolves: z
      .object({ bead: z.string(), attempt: z.int(), mergeRequest: z.string(), head: z.string(), base: z.string() })
      .optional()
      .openapi({ description: 'A conflict bead: whose change it makes fit, and the commits of both sides' }),
    partOf: z.string().optional().openapi({ description: 'The bead that triage split it off from' }),
    landsConvoy: z.literal(true).optional().openapi({ description: 'It brings integration/<convoy> onto its target' }),
    closedReason: z.enum(closedReasons).optional(),
    commit: z.string().optional(),
    blockedBy: z.array(z.string()),
    blockedForGood: z.boolean(),
    target: z.string(),
    attempt: z.int(),
    polecat: z.string().optional(),
    branch: z.string().optional(),
    head: z.string().optional(),
    waitsFor: z.enum(['line', 'work', 'rest', 'gate', 'merge']).optional(),
    restUntil: instant.optional(),
    gate: gateSchema.optional(),
    notes: z.array(
      z.object({
        attempt: z.int(),
        polecat: z.string(),
        cause: z.string(),
        detail: z.string(),
        head: z.string().optional(),
        evidence: z.string().optional(),
      }),
    ),
    answer: z.string().optional(),
    triage: triageSchema.optional().openapi({ description: 'What the Mayor made of it at the end of its ladder' }),
    failures: z.int(),
    respawns: z.int(),
    createdAt: instant,
    readyAt: instant.optional(),
    hookedAt: instant.optional(),
    startedAt: instant.optional(),
    submittedAt: instant.optional(),
    closedAt: instant.optional(),
    spent: z.object({ agentMs: z.number(), gateMs: z.number(), backoffMs: z.number() }),
  })
  .openapi('Bead');

const eventFields = {
  id: z.string().openapi({ description: 'Its place: pass the last one as `since`' }),
  at: instant,
  kind: z.string().openapi({ example: 'bead.hooked' }),
  text: z.string(),
  who: z.string(),
  convoy: z.string().optional(),
  bead: z.string().optional(),
  rig: z.string().optional(),
  attempt: z.int().optional(),
};
export const eventSchema = z.object(eventFields).openapi('Event');

const running = {
  runningUsd: z
    .number()
    .openapi({ description: 'What attempts at work have told so far; `costUsd` has those that ended' }),
};

export const beadDetailSchema = beadSchema
  .extend({
    ...running,
    spec: z.object({ instructions: z.string(), acceptance: z.array(z.string()), script: z.string().optional() }),
    history: z.array(eventSchema),
  })
  .openapi('BeadDetail');

export const moleculeViewSchema = z
  .object({
    bead: z.string(),
    title: z.string(),
    status: z.enum(beadStatuses),
    formula: z.string(),
    gate: gateSchema.optional(),
    steps: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        needs: z.array(z.string()),
        state: z.enum(['pending', 'skipped', ...stepStates]),
        check: z.string().optional(),
        gate: z.enum(gateTypes).optional(),
        polecat: z.string().optional(),
        attempt: z.int().optional(),
        tries: z.int().optional(),
        startedAt: instant.optional(),
        endedAt: instant.optional(),
        head: z.string().optional(),
        detail: z.string().optional(),
      }),
    ),
  })
  .openapi('Molecule');

const faultSchema = z.object({ code: z.string(), what: z.string(), remedy: z.string(), at: z.string().optional() });

const modelUseSchema = z.object({ calls: z.int(), inputTokens: z.int(), outputTokens: z.int() });

export const convoySchema = z
  .object({
    id: z.string(),
    title: z.string(),
    rig: z.string(),
    status: z.enum(convoyStatuses),
    intent: z.string().openapi({ description: 'Blob with the intent’s text' }),
    plan: z.enum(['auto', 'review']),
    land: z.literal('convoy').optional().openapi({ description: 'It lands as one; absent: each bead by itself' }),
    submittedBy: z.string(),
    planning: z
      .object({ rounds: z.int(), inputTokens: z.int(), outputTokens: z.int(), comment: z.string().optional() })
      .optional()
      .openapi({ description: 'A model planned it: calls, and what they took' }),
    triage: modelUseSchema
      .optional()
      .openapi({ description: 'A model read why beads of it failed: calls, and what they took' }),
    mayorUsd: z
      .number()
      .optional()
      .openapi({ description: 'What those calls cost, in USD; while one is made, the most that it may cost' }),
    progress: z.object({
      total: z.int(),
      landed: z.int(),
      failed: z.int(),
      cancelled: z.int(),
      blocked: z.int(),
    }),
    modelTrouble: z
      .string()
      .optional()
      .openapi({ description: 'While a model is asked for its plan: why the last call brought nothing' }),
    stalledBecause: z.string().optional(),
    faults: z.array(faultSchema).optional(),
    createdAt: instant,
    launchedAt: instant.optional(),
    closedAt: instant.optional(),
    progressAt: instant,
  })
  .openapi('Convoy');

const landingReportSchema = z
  .object({
    commits: z.array(z.object({ commit: z.string(), bead: z.string(), title: z.string() })),
    costUsd: z.number().openapi({ description: 'Of models, the Mayor’s calls included' }),
    mayorUsd: z.number().optional(),
    landedBeadUsd: z.number().optional().openapi({ description: 'All of it, shared out among the beads that landed' }),
    attempts: z.int(),
    planning: z.object({ rounds: z.int(), inputTokens: z.int(), outputTokens: z.int() }).optional(),
    triage: modelUseSchema.optional(),
    lookAt: z.array(z.string()).openapi({ description: 'What came about in an unusual way, or did not land' }),
  })
  .openapi('LandingReport');

export const convoyDetailSchema = convoySchema
  .extend({
    beads: z.array(beadSchema.extend(running)),
    costUsd: z.number().openapi({ description: 'Models, over all attempts that have ended and the Mayor’s calls' }),
    ...running,
    report: landingReportSchema.optional().openapi({ description: 'Once it has landed' }),
  })
  .openapi('ConvoyDetail');

export const graphSchema = z
  .object({
    nodes: z.array(beadSchema.pick({ id: true, name: true, title: true, status: true, priority: true })),
    edges: z.array(z.object({ from: z.string(), to: z.string() })),
    levels: z.array(z.array(z.string())),
  })
  .openapi('Graph');

export const rigSchema = z
  .object({
    name: z.string(),
    prefix: z.string(),
    url: z.string(),
    defaultBranch: z.string(),
    target: z.string().openapi({ description: 'The branch that changes land on' }),
    settings: z.record(z.string(), anyJson).openapi({ description: 'Only what was set' }),
    addedAt: instant,
  })
  .openapi('Rig');

export const rigDetailSchema = rigSchema
  .extend({
    config: z.array(z.object({ key: z.string(), value: anyJson, set: z.boolean(), about: z.string() })),
    targets: z.array(z.string()),
  })
  .openapi('RigDetail');

const mergeRequestSchema = z
  .object({
    seq: z.string(),
    bead: z.string(),
    attempt: z.int(),
    convoy: z.string(),
    title: z.string(),
    polecat: z.string(),
    priority: z.int(),
    branch: z.string(),
    head: z.string(),
    state: z.enum(mergeRequestStates),
    because: z.string(),
    evidence: z.string().optional(),
    candidate: z.string().optional(),
    retries: z.int(),
    submittedAt: instant,
    endedAt: instant.optional(),
    commit: z.string().optional(),
  })
  .openapi('MergeRequest');

const candidateSchema = z
  .object({
    id: z.string(),
    state: z.enum(candidateStates),
    about: z.string().openapi({ description: 'What it tests, and on what, in words' }),
    because: z.string(),
    chain: z.string().optional(),
    ofMain: z.literal(true).optional().openapi({ description: 'Tests the target itself' }),
    base: z.string(),
    commit: z.string().optional(),
    members: z.array(z.object({ seq: z.string(), bead: z.string() })),
    evidence: z.string().optional(),
    gateMs: z.number(),
    infraFailures: z.int().openapi({ description: 'Runs in a row that gave no verdict' }),
    notBefore: instant.optional(),
    createdAt: instant,
    startedAt: instant.optional(),
    passedAt: instant.optional(),
  })
  .openapi('Candidate');

const place = {
  position: z.int().openapi({ description: 'From 1: what is under test first, then the line' }),
  overtaken: z.int().openapi({ description: 'Later changes that landed before it: exact up to 64' }),
  landsAt: instant.optional().openapi({ description: 'About when it may land, if it is good' }),
};

const blame = z
  .number()
  .optional()
  .openapi({ description: 'The chance that it is the first bad one of its chain, once a run with it has failed' });

const learnedSchema = z.object({
  chance: z.number(),
  observed: z.int().openapi({ description: 'Outcomes that speak for it; old ones count less' }),
});

export const queueSchema = z
  .object({
    rig: z.string(),
    target: z.string(),
    paused: z.object({ by: z.string(), because: z.string(), at: instant }).optional(),
    blocked: z.string().optional().openapi({ description: 'Why nothing is tested although changes wait' }),
    trouble: z.object({ text: z.string(), times: z.int(), at: instant }).optional(),
    restUntil: instant.optional(),
    foreignPushes: z.int().openapi({ description: 'Pushes by others since the last landing' }),
    main: z.string().optional().openapi({ description: 'The target as it was last read' }),
    landing: z.int().optional().openapi({ description: 'Epoch of the landing under way' }),
    slots: z.object({ total: z.int(), used: z.int() }),
    batchMax: z.int(),
    runMs: z.number().optional().openapi({ description: 'How long a run takes' }),
    learned: z.object({
      bad: learnedSchema.openapi({ description: 'That a change is bad, at its first try' }),
      badAgain: learnedSchema.openapi({ description: 'That a change is bad which was sent back before' }),
      flake: learnedSchema.openapi({ description: 'That a good tree fails' }),
    }),
    runsPerLanded: z.number().optional(),
    runsPerLandedBound: z.number().openapi({ description: 'No policy needs fewer, if the chances are as learned' }),
    landedCount: z.int(),
    runsCount: z.int(),
    progressAt: instant.optional(),
    candidates: z.array(candidateSchema).openapi({ description: 'The runs under way' }),
    chains: z
      .array(
        z.object({
          id: z.string(),
          about: z.string(),
          beads: z.array(z.string()),
          failures: z.array(z.object({ at: z.int(), times: z.int() })).openapi({
            description: 'How often a run of its first so many changes failed',
          }),
          blame: z.array(z.object({ bead: z.string(), chance: z.number() })),
        }),
      )
      .openapi({ description: 'Changes that are tested together, each chain apart from the others' }),
    joined: z.array(z.string()).openapi({ description: 'Beads that passed apart: they land with the next pass' }),
    open: z
      .array(mergeRequestSchema.extend({ ...place, held: z.boolean().optional(), blame }))
      .openapi({ description: 'In the order of the queue' }),
    ended: z.array(mergeRequestSchema).openapi({ description: 'Newest first' }),
  })
  .openapi('Queue');

export const changeSchema = mergeRequestSchema
  .extend({
    rig: z.string(),
    target: z.string(),
    held: z.boolean().optional(),
    place: z
      .object({ ...place, of: z.int() })
      .optional()
      .openapi({ description: 'Absent once it has ended' }),
    account: z.string().openapi({ description: 'One paragraph' }),
    testedWith: z.array(z.string()),
    failures: z
      .array(
        z.object({
          candidate: z.string(),
          with: z.array(z.string()),
          because: z.string(),
          evidence: z.string().optional(),
        }),
      )
      .openapi({ description: 'Runs that failed with it in them, as long as they count; newest first' }),
    blame,
    todo: z.array(z.string()).openapi({ description: 'Commands that a human may want now' }),
  })
  .openapi('Change');

export const polecatSchema = z
  .object({
    name: z.string(),
    rig: z.string(),
    bead: z.string(),
    attempt: z.int(),
    branch: z.string(),
    state: z.enum(polecatStates),
    step: z.string(),
    hookedAt: instant,
    beatAt: instant.optional(),
    activeAt: instant.optional(),
    costUsd: z.number(),
    nudges: z.int(),
  })
  .openapi('Polecat');

export const escalationSchema = z
  .object({
    id: z.string(),
    cause: z.string(),
    severity: severitySchema,
    status: z.enum(['open', 'acknowledged', 'closed']),
    title: z.string(),
    body: z.string(),
    rig: z.string().optional(),
    convoy: z.string().optional(),
    bead: z.string().optional(),
    openedAt: instant,
    acknowledgedBy: z.string().optional(),
    answer: z.string().optional(),
    closedAt: instant.optional(),
    closedBy: z.string().optional(),
    times: z.int(),
  })
  .openapi('Escalation');

export const reasonSchema = z
  .object({
    about: z.string(),
    status: z.string(),
    because: z.string(),
    since: instant.optional(),
    evidence: z.string().optional().openapi({ description: 'A blob: GET /v1/blobs/<hash>' }),
    todo: z.string().optional().openapi({ description: 'What a human can do' }),
  })
  .openapi('Reason');

export const traceSchema = z
  .object({
    query: z.string().optional().openapi({ description: 'For CloudWatch Logs Insights; absent on a laptop' }),
    command: z.string().openapi({ description: 'Starts the query, or reads the log file' }),
  })
  .openapi('Trace');

/** The record, cut down to what the schema lists. A record that does not fit is a bug, and says so. */
export const shown = <S extends z.ZodObject>(schema: S, record: object): z.output<S> => schema.parse(record);

/** A call that is being made counts the most that it may cost. */
export function withMayorUsd(convoy: Convoy): Convoy {
  const mayorUsd = mayorUsdOf(convoy);
  return mayorUsd === 0 ? convoy : { ...convoy, mayorUsd };
}

export const shownConvoy = (convoy: Convoy) => shown(convoySchema, withMayorUsd(convoy));
