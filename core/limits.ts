/** Every bound of the town, unit last. Where a number comes from arithmetic, the arithmetic stands beside it. */

const seconds = 1000;
const minutes = 60 * seconds;
const hours = 60 * minutes;
const KiB = 1024;
const MiB = 1024 * KiB;

export const limits = {
  // --- the record
  /** DynamoDB: 100 items and 4 MB a transaction, 400 KB an item, 1 MB a query page. */
  changesPerCommitMax: 100,
  commitBytesMax: 4 * MiB,
  itemBytesMax: 400 * KiB,
  queryPageBytesMax: MiB,
  /** DynamoDB: 2,048 and 1,024 bytes of key, 32 levels of nesting (the item itself is one). */
  partitionKeyBytesMax: 2048,
  sortKeyBytesMax: 1024,
  bodyDepthMax: 31,
  /** The laptop's ledger: commits that share one write to disk, and expired items swept after so many commits. */
  commitsPerWriteMax: 64,
  sweepEveryCommits: 256,
  sweepItemsMax: 100,
  /** A conflicted command loads and decides again this often before its caller retries it. */
  commitTriesMax: 12,
  commitBackoffMs: 20,
  /** Shards of the attention index: 4 × 1,000 writes a second. The Witness queries each once a minute. */
  attentionShards: 4,
  feedKeptMs: 14 * 24 * hours,
  idempotencyKeptMs: 24 * hours,

  // --- rigs
  /** A change of configuration takes an event a setting, the rig, a wake of the scheduler and those of its queues: 40 + 2 + 50 < 100. */
  settingsPerRequestMax: 40,
  wakesPerCommitMax: 50,

  // --- git
  /** A rotated secret is used after this at the latest; one tick of the Refinery asks for it several times. */
  gitCredentialHeldMs: 1 * minutes,
  /** Enough to see which changes touch the same files: a change that touches more is one for all to wait for. */
  changedPathsMax: 200,
  /** Of either side, for the resolver's prompt: about 12,000 tokens each. */
  conflictDiffBytesMax: 48 * KiB,
  /** One fact is enough to refuse a resolution; the rest is for whoever reads why. */
  resolutionFactsMax: 50,

  // --- webhooks
  /** GitHub lets one send a delivery again for three days. */
  webhookKeptMs: 3 * 24 * hours,
  /** How far a signed timestamp may be from the town's clock. */
  webhookSkewMs: 5 * minutes,
  /** A secret is read again after this, or a flood of forgeries would be a bill for reading it. */
  webhookSecretHeldMs: 1 * minutes,
  webhookSecretCharsMin: 16,

  // --- effects
  /** The stream is the fast path; what it has not performed by then the Witness performs. */
  effectDueMs: 2 * minutes,
  effectTriesMax: 10,
  effectBackoffMs: 30 * seconds,

  // --- intents and plans
  intentBytesMax: 256 * KiB,
  requestBytesMax: 1 * MiB,
  beadsPerConvoyMax: 500,
  planDepthMax: 50,
  needsPerBeadMax: 50,
  titleCharsMax: 200,
  labelsPerBeadMax: 20,
  /** A refused plan keeps so many of its faults (under 1 KB each, in an item of 400 KB) and counts the rest. */
  faultsKeptMax: 100,
  /** A new bead takes 2 items of its transaction, which also guards the convoy: 45 × 2 + 1 < 100. */
  newBeadsPerCommitMax: 45,
  /** A spec larger than this goes to the blob store, with its hash in the item. */
  specBytesInlineMax: 4 * KiB,

  // --- scheduler
  /** An admission takes 6 items of its transaction, and shares 3: 12 × 6 + 3 < 100. */
  admissionsPerCommitMax: 12,
  /** A bead made ready, or cancelled with all that hangs on it, takes at most 8 items: 10 × 8 + 10 < 100. */
  beadsPerConvoyCommitMax: 10,
  /** Of those that wait at a gate for one bead, so many are told in a commit: with the bead 8 items. */
  gatesToldPerBeadMax: 7,
  /** Seconds of head start that one step of priority is worth in the ready line. */
  priorityStepMs: 30 * minutes,
  polecatsPerRigDefault: 8,
  polecatsPerTownDefault: 32,
  /** What a mistake may cost before anyone looks. */
  dayBudgetUsdDefault: 20,
  /**
   * A launch that found no room is tried again after this, and at longer and longer intervals: 1,000 that wait ask 3 times
   * a second, of the 20 that ECS takes. With its spread of a quarter the longest stays under `coldStartMs`.
   */
  launchAgainSeconds: 30,
  launchAgainMaxSeconds: 300,
  /** A launch that has found no room for so long is told to a human; it is still tried. */
  launchSlowMs: 30 * minutes,
  /** After a gate that found no room twice polecats ask for none so long: the Witness tries the gate again each minute. */
  gateFirstMs: 90 * seconds,
  breakerFailuresMax: 20,
  breakerWindowMs: 30 * minutes,

  // --- polecats
  heartbeatEveryMs: 30 * seconds,
  /** Processes and threads of an agent under its own user: a large build with eight workers of Node has some 300. */
  agentProcessesMax: 2048,
  /** One file of an agent's: of the task's disk of 20 GiB some is left for the harness to push from. */
  agentFileBytesMax: 8 * 1024 * MiB,
  heartbeatLateMs: 3 * minutes,
  nudgeAnswerMs: 5 * minutes,
  nudgesMax: 2,
  coldStartMs: 10 * minutes,
  idleNudgeMs: 15 * minutes,
  idleRestartMs: 2 * hours,
  /** Beside its agent's time an attempt takes this much at most: clone 20 min, push 20 min, log and report 15 min. */
  attemptOverheadMs: 1 * hours,
  respawnsMax: 3,
  /** Deaths that are nobody's fault (the town restarted, the host was retired). Bounded all the same. */
  infraDeathsMax: 20,
  attemptTimeoutDefaultMs: 60 * minutes,
  logBytesMax: 4 * MiB,
  logChunkBytesMax: 64 * KiB,
  logTailBytes: 2 * KiB,
  evidenceBytesMax: 256 * KiB,

  // --- planning with a model
  /** A model call is given up after this; its function has five minutes, and makes one call a run. */
  modelTimeoutMs: 4 * minutes,
  /** Calls for one plan before a human gets the faults; a human's comment gives as many again. */
  planRoundsMax: 3,
  /** Calls for one plan that were begun and never answered, as far as the record tells, before a human hears of it: each may be billed. */
  planUnansweredMax: 5,
  /** Of what a model's server said. */
  modelTroubleCharsMax: 400,
  /** Longer than any run of a function: whoever made the call is gone. */
  modelCallLapsesMs: 16 * minutes,
  /** What a plan of 60 beads takes, at 250 tokens each. */
  planTokensMax: 16_000,
  /** Beads of a plan by the model: one that needs more is several intents, and nobody reads more before approving. */
  plannedByModelMax: 60,
  filesPerBeadMax: 20,
  filePathCharsMax: 240,
  acceptancePerBeadMax: 10,
  instructionsCharsMax: 8_000,
  /** Of the repository's tree, so many names are read: 50,000 of 100 bytes are under the 8 MB that git may answer. */
  treePathsMax: 50_000,
  /**
   * What the Mayor reads before it plans, in characters: four are about a token. All parts together are 120,000
   * characters, about 30,000 tokens; each is cut at its end, and says so.
   */
  readIntentCharsMax: 40_000,
  readTreeCharsMax: 20_000,
  readRulesCharsMax: 12_000,
  readReadmeCharsMax: 8_000,
  readFileCharsMax: 8_000,
  readFilesCharsMax: 30_000,
  readHistoryCharsMax: 3_000,
  readConvoysCharsMax: 7_000,
  readFilesMax: 12,
  readCommitsMax: 20,
  /** Convoys looked through for open ones of the rig, and open ones that are shown. */
  readConvoysSought: 50,
  readConvoysMax: 8,

  // --- triage
  /** Of a bead, and of what it was split into: after so many a human gets it. */
  triagesMax: 2,
  /** Answers of the model in one case before a human gets it. */
  triageRoundsMax: 3,
  /** Calls without an answer in one case, with a rest of a minute after the first and of 16 after the fifth: half an hour. */
  triageMissesMax: 6,
  /** Calls that were begun, and whose end nobody has told. */
  triageUnansweredMax: 5,
  triageRestMs: 1 * minutes,
  triageTokensMax: 8_000,
  /** New beads of one split: with the bead, its convoy and the events some 30 items of the transaction. */
  splitPartsMax: 4,
  /** A split shares what is left of the bead's budget; a smaller share would be gone after a few calls. */
  splitShareUsdMin: 0.25,
  questionCharsMax: 1_000,
  triageWhyCharsMax: 300,
  /**
   * What the Mayor reads of a case, in characters: the bead, five attempts with the end of what each left, two decisions,
   * four answers, and the convoy. All of it together is under 90,000, about 22,000 tokens.
   */
  triageBeadCharsMax: 12_000,
  triageEvidenceCharsMax: 6_000,
  triageDecisionCharsMax: 5_000,
  triageConvoyCharsMax: 4_000,

  // --- molecules
  /** A bead that waits is looked at this often, to see that its execution still runs. */
  moleculeCheckMs: 30 * minutes,
  /** A rest that has not ended by then lost its timer. */
  restOverdueMs: 1 * minutes,
  attemptNotesKept: 5,
  answersKept: 3,
  /** A handoff costs no rung: after so many in a row a human is asked. */
  handoffsMax: 10,
  /** Of a block in a prompt that somebody else wrote: with five notes, a handoff and a question some 4,000 tokens. */
  promptDataCharsMax: 2_000,
  /** Beads of the convoy that landed meanwhile, the newest, named to an attempt that starts from older work. */
  promptLandedShown: 10,
  /** A polecat may put its bead back without a failure, which costs no rung: from this attempt on a human is asked. */
  attemptsUnaskedMax: 50,
  /** 25,000 events a Step Functions history, about 12 a turn; replaced long before. */
  moleculeTurnsMax: 1000,
  /** A backstop only: the Witness acts long before. */
  moleculeWaitMaxSeconds: 30 * 24 * 3600,

  // --- formulas
  formulaBytesMax: 64 * KiB,
  formulaTextCharsMax: 16_000,
  formulaVarsMax: 50,
  formulaStepsMax: 50,
  formulaLoopMax: 20,
  /** A molecule is one item: its steps with their progress stay far under 400 KB. */
  moleculeStepsMax: 100,
  moleculeBytesMax: 128 * KiB,
  /** Thirty days, as long as an execution waits. */
  gateMinutesMax: 43_200,
  /** How long a bead waits for another bead or a check before a human is asked. */
  /** A pull request that a bead waits for is looked at so often, where the code host can be asked: webhooks get lost. */
  pullRequestLookMs: 10 * minutes,
  /** Of those that wait for one, so many are told in a commit, under its number and its branch: 2 × 20 + 5 < 100. The others find it at their next look. */
  gatesToldPerPullRequestMax: 20,
  codeHostTimeoutMs: 20 * seconds,
  gateWaitDefaultMs: 7 * 24 * hours,

  // --- refinery
  gateTimeoutDefaultMs: 10 * minutes,
  gateStartMs: 10 * minutes,
  gateInfraRetriesMax: 3,
  /** Times that a change went back in line because nothing with it could be built; then it waits for a human. */
  unbuildableRetriesMax: 2,
  landingPushTimeoutMs: 60 * seconds,
  landingTriesMax: 5,
  /**
   * A change that leaves the queue takes 7 items of its transaction (request moved, its bead marked as landed, pull request
   * to close, effect, two of its event); META, landing, candidate and seven escalations that close take 17: 11 × 7 + 17 < 100.
   */
  membersToldPerCommitMax: 11,
  /** Past this a longer chain tells no more: at one bad change in a hundred the best is 69. */
  chainChangesMax: 64,
  /** A candidate names each of its changes in some 250 bytes of its item: 512 × 250 is 128 KB. */
  landedAtOnceMax: 512,
  /** Beads that the commit which opens a landing guards; with META and the landing: 90 + 2 < 100. */
  beadsGuardedMax: 90,
  /** Requests that one step of the Refinery writes; one that is filed takes 3 items: 30 × 3 + 1 < 100. */
  requestsPerStepMax: 30,
  /** Of what a change touches its record keeps so much, at most: 30 of them stay under 4 MB a transaction. */
  touchedPathsBytesMax: 32 * KiB,
  /** Pull requests read, or opened, at once. */
  reviewsAskedPerStep: 10,
  foreignPushesMax: 5,
  overtakenMax: 64,
  /** A queue looked at this long after its last event, even if nothing woke it. */
  refineryTimerMs: 1 * minutes,
  conflictTriesMax: 2,
  /** Of a resolver's prompt: two diffs and six intents stay under 20,000 tokens, and its spec under 400 KB however JSON spells it. */
  conflictDiffCharsMax: 24_000,
  conflictIntentCharsMax: 4_000,
  conflictPathsShown: 50,
  /** Landed changes that are named to whoever did not fit them, and ended requests that are looked through for them. */
  landedSinceNamed: 5,
  landedSinceSought: 100,
  /** What a bead hears of why it did not land; its record keeps five of these. */
  returnDetailCharsMax: 1_200,
  /** Rest after an infrastructure failure, doubled for each one in a row up to the longest. */
  refineryRestMs: 15 * seconds,
  refineryRestMaxMs: 10 * minutes,
  /** Troubles in a row (remote unreachable, infrastructure) before a human is told. */
  refineryTroublesMax: 5,
  /** Required checks that have not come to an end by then are told to a human; the wait goes on. */
  ciSlowMs: 2 * hours,
  /** Refs of ended candidates are deleted in one push: when nothing else is to do, or when so many have gathered. */
  cleanUpAtCandidates: 16,
  cleanUpCandidatesMax: 40,
  /** A merge request that has ended stays readable this long. */
  endedRequestKeptMs: 90 * 24 * hours,
  /** Inputs of the order are clamped: 30 days of age outweigh every priority. */
  queueAgeHoursMax: 30 * 24,

  // --- witness
  patrolEveryMs: 1 * minutes,
  /** On a laptop a look at what is due costs four short reads, and a rest of 15 s is to last no minute. */
  localPatrolEveryMs: 5 * seconds,
  /** A page of what is due; a patrol takes as many as it has time for, and its function has 55 s. */
  patrolItemsMax: 200,
  patrolTimeMs: 40 * seconds,
  /** Items of a shard looked at side by side: of the 40 s most is waiting for answers. */
  patrolLooksAtOnce: 4,
  queueStuckRepairMs: 10 * minutes,
  queueStuckEscalateMs: 30 * minutes,
  convoyStuckRepairMs: 10 * minutes,
  convoyStuckEscalateMs: 30 * minutes,
  witnessSilentMs: 5 * minutes,

  // --- escalations
  escalationAckMs: 4 * hours,
  escalationRaisesMax: 2,

  // --- lambdas
  functionTimeoutSeconds: 300,
  /** Visibility must outlast the function: AWS asks for more than its timeout. */
  queueVisibilitySeconds: 360,
  queueReceivesMax: 5,
  /** A tick stops starting new work when this little of its time is left. */
  tickReserveMs: 30 * seconds,
  messageBytesMax: 256 * KiB,
  delayMaxSeconds: 900,
  /** SQS FIFO queues drop a repeated deduplication id for this long. */
  dedupKeptMs: 5 * minutes,
  /** On a laptop a failed message comes back after this, not after its visibility timeout. */
  localRedeliverMs: 1 * seconds,
} as const;
