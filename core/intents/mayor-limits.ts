/** The bounds of planning with a model, unit last, as in `core/limits.ts`. */

export const mayorLimits = {
  /** A model call is given up after this; its function has five minutes, and makes one call a run. */
  modelTimeoutMs: 4 * 60 * 1000,
  /** Calls for one plan before a human gets the faults; a human's comment gives as many again. */
  planRoundsMax: 3,
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
} as const;
