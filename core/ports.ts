/**
 * What the town needs from the world. Each port has two real implementations: `aws/` over the AWS SDK and
 * `local/` for a laptop and the simulator (`git/` serves both). Nothing else in the town does I/O.
 *
 * Every method may throw `Unavailable` (throttled, timed out, the answer lost): the call may or may not have
 * happened, and the caller repeats it. Expected outcomes are results, never exceptions.
 */

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** JSON that survives a round trip through every ledger: no `undefined`, no dates, numbers finite. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** An item as the ledger keeps it. `body` holds the record; the rest is what every item has. */
export interface Item<Body = Json> extends Key {
  /** Counts the writes of this item, from 1. The ledger's compare-and-swap. */
  readonly version: number;
  /** Id of the commit that wrote it: how a retry recognises its own write. */
  readonly commit: string;
  readonly body: Body;
  /** When the Witness must look at this item if nothing happens before. */
  readonly attentionAt?: Instant;
  /** When the ledger may forget the item (swept lazily: readers still check). */
  readonly expiresAt?: Instant;
}

/** What must be true of the stored item for the commit to happen. `version: 0` and `absent` are the same thing. */
export type Expectation =
  | { readonly absent: true }
  | { readonly version: number }
  /** The item exists, and these top-level fields of its body have these values. */
  | { readonly body: { readonly [field: string]: string | number | boolean } }
  /** No condition: only for items that one commit alone can ever write. */
  | { readonly any: true };

export type Change =
  | {
      readonly put: Key & { readonly body: Json; readonly attentionAt?: Instant; readonly expiresAt?: Instant };
      readonly expect: Expectation;
    }
  | { readonly delete: Key; readonly expect: Expectation }
  | { readonly check: Key; readonly expect: Expectation };

export interface Commit {
  /** Unique per decision; a repeated commit with the same id and changes succeeds once. */
  readonly id: string;
  /** 1 to 100 changes, at most 4 MB, each key once. A single put or delete costs half of a transaction. */
  readonly changes: readonly Change[];
}

export type CommitResult =
  | { readonly ok: true }
  /** Nothing was written; these keys were not as expected (or another transaction held them). */
  | { readonly ok: false; readonly conflicts: readonly Key[] };

export interface QueryOptions {
  /** Only sort keys that start with this. */
  readonly prefix?: string;
  /** Only sort keys after this one (before it, when reversed); for the next page. */
  readonly after?: string;
  readonly limit?: number;
  readonly reverse?: boolean;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** The sort key to pass as `after` for the next page; absent when this was the last. */
  readonly next?: string;
}

/** A cursor into the attention index. */
export interface DuePage {
  readonly keys: readonly (Key & { readonly attentionAt: Instant })[];
  readonly next?: string;
}

export interface Ledger {
  /** Strongly consistent. */
  get(key: Key): Promise<Item | undefined>;
  /** Strongly consistent, in byte order of the sort key, at most 1 MB a page. Not atomic across pages or items. */
  query(pk: string, options?: QueryOptions): Promise<Page<Item>>;
  /** All or nothing. Throws `LedgerRefused` for a commit that no ledger could take (too many changes, item too large…). */
  commit(commit: Commit): Promise<CommitResult>;
  /** Keys whose `attentionAt` is at or before `by`, oldest first. Eventually consistent: a hint, read the item again. */
  due(shard: number, by: Instant, options?: { limit?: number; after?: string }): Promise<DuePage>;
}

export interface Message {
  readonly queue: string;
  /** At most 256 KB. */
  readonly body: Json;
  /** FIFO queues only (and required there): messages of one group are handled one batch at a time, in order. */
  readonly group?: string;
  /** FIFO queues only: a repeat within five minutes is dropped, also after the first was handled. */
  readonly dedup?: string;
  /** Standard queues only, 0 to 900 s. */
  readonly delaySeconds?: number;
}

export interface Queues {
  send(message: Message): Promise<void>;
}

export type TokenResult = 'done' | 'gone';
export type ExecutionStatus = 'running' | 'succeeded' | 'failed' | 'timed_out' | 'aborted' | 'absent';

export interface Workflows {
  /** `name`: 1–80 of letters, digits, `-` and `_`, unique per machine for 90 days: a repeat starts nothing. */
  start(machine: string, name: string, input: Json): Promise<'started' | 'exists'>;
  succeed(token: string, output: Json): Promise<TokenResult>;
  fail(token: string, error: string, cause: string): Promise<TokenResult>;
  stop(machine: string, name: string, cause: string): Promise<void>;
  describe(machine: string, name: string): Promise<ExecutionStatus>;
}

export interface LaunchRequest {
  /** Which container and task definition: `polecat` runs an agent, `gate` runs a rig's gate commands. */
  readonly kind: 'polecat' | 'gate';
  /** 40 hex digits: a repeated launch with the same token is the same task. */
  readonly clientToken: string;
  /** Passed to the container. Names and ids only, never a secret in AWS. */
  readonly environment: { readonly [name: string]: string };
  readonly cpuUnits?: number;
  readonly memoryMiB?: number;
}

export type LaunchResult =
  | { readonly ok: true; readonly taskId: string }
  /** Not an attempt: no room now (quota, throttle, no capacity). Send again later. */
  | { readonly ok: false; readonly reason: 'capacity'; readonly detail: string }
  /** Will fail the same way every time (bad definition, access denied). */
  | { readonly ok: false; readonly reason: 'refused'; readonly detail: string };

export interface TaskState {
  readonly taskId: string;
  readonly state: 'starting' | 'running' | 'stopped' | 'absent';
  readonly exitCode?: number;
  readonly detail?: string;
  /** Its host was taken away, by a spot interruption or for maintenance: no fault of what ran on it. */
  readonly hostLost?: true;
}

export interface Fleet {
  launch(request: LaunchRequest): Promise<LaunchResult>;
  /** Idempotent; an unknown task is already stopped. */
  stop(taskId: string, reason: string): Promise<void>;
  /** The state of each task asked for (1 to 100), in the same order; forgotten tasks are `absent`. */
  list(taskIds: readonly string[]): Promise<readonly TaskState[]>;
}

export interface Blobs {
  /** Returns the SHA-256 of the bytes in hex: the only name a blob has. Putting the same bytes again is free. */
  put(bytes: Uint8Array, contentType: string): Promise<string>;
  get(hash: string): Promise<Uint8Array | undefined>;
}

export type Oid = string;

/** Where a rig's repository is, and how to speak to it. */
export interface Remote {
  readonly rig: string;
  /** https, ssh or file URL, or an absolute path on a laptop. */
  readonly url: string;
}

/** One change of a chain: what was submitted, and how its commit is to read. */
export interface ChainLink {
  readonly branch: string;
  readonly head: Oid;
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string; readonly at: Instant };
  /**
   * An integration branch: its commits land as they are, whatever the strategy: by fast-forward where that is possible,
   * else, or with `merge`, by a merge commit.
   */
  readonly asIs?: true | 'merge';
}

export type MergeStrategy = 'squash' | 'rebase' | 'merge';

export interface ChainRequest {
  readonly base: Oid;
  readonly links: readonly ChainLink[];
  readonly strategy: MergeStrategy;
  /** The chain's head is pushed here before this returns: under `refs/gastown/`, or `refs/heads/gastown/` where CI listens. */
  readonly candidateRef: string;
  /** A link that cannot join ends the work (`stop`, the default), or the chain is built without it. */
  readonly onFault?: 'stop' | 'leave_out';
}

/** Why a link could not be added to a chain. */
export type LinkFault =
  | { readonly fault: 'branch_gone' }
  | { readonly fault: 'head_moved'; readonly head: Oid }
  | { readonly fault: 'conflict'; readonly paths: readonly string[]; readonly with: 'base' | 'chain' }
  /** The branch changes nothing that the base, or the chain before it, does not already contain. */
  | { readonly fault: 'empty'; readonly with: 'base' | 'chain' }
  | { readonly fault: 'unrelated_history' };

/** A link of a request, by its place there, that is not in the chain. */
export interface LeftOut {
  readonly link: number;
  readonly why: LinkFault;
}

export type ChainResult =
  /** A commit for each link that joined, in order. `leftOut` is empty unless that was asked for. */
  | {
      readonly ok: true;
      readonly commits: readonly { readonly oid: Oid; readonly tree: Oid }[];
      readonly leftOut: readonly LeftOut[];
    }
  | ({ readonly ok: false } & LeftOut);

/**
 * What a branch changes since its merge base with the base: old and new names of what was renamed, in byte order. A
 * name that is no UTF-8 stands here as git quotes it, as everywhere in this port.
 */
export interface ChangedPaths {
  /** At most `limits.changedPathsMax`. */
  readonly paths: readonly string[];
  readonly more: boolean;
}

/** Why `head` does not merge into `base`, for whoever shall resolve it. */
export type ConflictReport =
  | {
      readonly found: 'conflict';
      readonly mergeBase: Oid;
      readonly paths: readonly string[];
      /** What either side did to these paths since the merge base: unified diffs of at most `limits.conflictDiffBytesMax`. */
      readonly baseDiff: string;
      readonly headDiff: string;
      /** A diff was cut at its end. */
      readonly cut: boolean;
    }
  /** They merge (by now). */
  | { readonly found: 'none' }
  | { readonly found: 'unrelated_history' }
  /** The remote has lost one of the two. */
  | { readonly found: 'lost' };

/** A line of a file, from 1, cut at 200 characters. */
export interface Spot {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/**
 * What is to be seen in a commit that claims to resolve the conflict of `base` and `head`, compared with what git makes
 * of the two by itself. Facts only: the verdict is the caller's. Each list holds at most `limits.resolutionFactsMax`.
 */
export interface ResolutionFacts {
  readonly containsBase: boolean;
  readonly containsHead: boolean;
  /** What git could not merge by itself; empty: there was no conflict. */
  readonly conflicted: readonly string[];
  /** Files that are not as git merged them, though there was no conflict in them. */
  readonly strayPaths: readonly string[];
  /** Changes inside conflicted files, but outside of the conflict's regions. */
  readonly strayHunks: readonly Spot[];
  /** Tests that neither side had deleted: a whole file, or the declaration of one in it. */
  readonly deletedTests: readonly { readonly path: string; readonly test?: string }[];
  /** Marks that skip a test, or single one out, on lines that neither side has. */
  readonly skippedTests: readonly Spot[];
  /** Conflict markers that neither side has. */
  readonly markers: readonly Spot[];
  /** A list was cut, or a file too large to look into. Then what is not listed is not known to be absent. */
  readonly more: boolean;
}

/** What stands in a tree: a file, a symbolic link, or another repository. */
export interface TreeEntry {
  readonly path: string;
  readonly is: 'file' | 'link' | 'module';
}

/** A file's text as the caller may show it; `too_large`: over 1 MiB, or over 4 MiB with those before it. */
export type FileRead =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'binary' | 'too_large' | 'missing' };

export interface CommitLine {
  readonly oid: Oid;
  readonly at: Instant;
  /** First line of its message. */
  readonly subject: string;
}

export type PushResult =
  | { readonly pushed: 'yes' }
  /** The lease did not hold: the ref was not at `from`. */
  | { readonly pushed: 'stale' }
  /** The remote refused by its own rules; repeating it will not help. */
  | { readonly pushed: 'rejected'; readonly text: string }
  /** No answer before the deadline: it may have happened. */
  | { readonly pushed: 'unknown'; readonly text: string };

export interface Probe {
  readonly defaultBranch: string;
  readonly head: Oid;
  /** The branch that a local, non-bare repository has checked out, if git would therefore refuse a push to it. */
  readonly checkedOut?: string;
}

export interface Repo {
  /** The ref as the remote has it now; absent if it has none. Throws `RepoUnreachable`. */
  readRef(remote: Remote, ref: string): Promise<Oid | undefined>;
  /** Several refs in one look; those that the remote does not have are missing from the answer. */
  readRefs(remote: Remote, refs: readonly string[]): Promise<ReadonlyMap<string, Oid>>;
  /**
   * Builds the chain on `base` without a work tree and pushes it to `candidateRef`. Same request, same OIDs, and the
   * links before a given one decide over its commit: a prefix of the request gives a prefix of the commits. Without
   * links the base itself is pushed there; when all of them were left out nothing is. Throws `RepoRefused` if the
   * remote's rules refuse the ref.
   */
  buildChain(remote: Remote, request: ChainRequest): Promise<ChainResult>;
  /** Compare-and-swap of a ref on the remote, fast-forward from `from` to `to`. Anything else is refused here. */
  pushWithLease(remote: Remote, push: { ref: string; from: Oid; to: Oid; timeoutMs: number }): Promise<PushResult>;
  /**
   * Creates `refs/heads/integration/<convoy>` at a commit of the remote, by a push with the lease that there is no such
   * branch: `stale` if there is, elsewhere; `yes` if there is, at that very commit. Other refs are refused.
   */
  createBranch(remote: Remote, branch: { ref: string; at: Oid; timeoutMs: number }): Promise<PushResult>;
  /** Is `ancestor` reachable from `descendant`? Both are fetched when missing; `undefined` if the remote has lost one. */
  isAncestor(remote: Remote, ancestor: Oid, descendant: Oid): Promise<boolean | undefined>;
  /** The newest commit reachable from `from` whose message has all of these lines `<name>: <value>`. */
  findCommit(remote: Remote, from: Oid, trailers: Readonly<Record<string, string>>): Promise<Oid | undefined>;
  /**
   * Which of `others` are in `head` and not in `base`: changes that would be smuggled in with it, and so come first.
   * `head` itself is none of them. `undefined` if the remote has lost `base` or `head`.
   */
  containedIn(
    remote: Remote,
    asked: { base: Oid; head: Oid; others: readonly Oid[] },
  ): Promise<readonly Oid[] | undefined>;
  /** What each of these heads changes, in the same order; `undefined` for one that is lost, or unrelated to `base`. */
  changedPaths(
    remote: Remote,
    asked: { base: Oid; heads: readonly Oid[] },
  ): Promise<readonly (ChangedPaths | undefined)[]>;
  conflictOf(remote: Remote, asked: { base: Oid; head: Oid }): Promise<ConflictReport>;
  /** `undefined` if the remote has lost one of the three. */
  inspectResolution(
    remote: Remote,
    asked: { base: Oid; head: Oid; resolved: Oid },
  ): Promise<ResolutionFacts | undefined>;
  /** What is in the tree of a commit, in byte order of the paths, at most `mayorLimits.treePathsMax`; `undefined` if it is lost. */
  readTree(
    remote: Remote,
    commit: Oid,
  ): Promise<{ readonly entries: readonly TreeEntry[]; readonly more: boolean } | undefined>;
  /**
   * The files of a commit, in the order of these paths. Bytes that are no UTF-8 read as U+FFFD; of a symbolic link it is
   * where it points, and nothing behind it; of a directory or another repository `binary`. `undefined` if it is lost.
   */
  readFiles(remote: Remote, asked: { commit: Oid; paths: readonly string[] }): Promise<readonly FileRead[] | undefined>;
  /** The newest commits of a line, its first parents, newest first; `undefined` if the remote has lost `from`. */
  recentCommits(remote: Remote, asked: { from: Oid; max: number }): Promise<readonly CommitLine[] | undefined>;
  /**
   * Deletes refs under `refs/gastown/`, `refs/heads/gastown/` and `refs/heads/polecat/`, and `refs/heads/integration/<convoy>`;
   * missing ones are fine; others are refused.
   */
  deleteRefs(remote: Remote, refs: readonly string[]): Promise<void>;
  /** The default branch of the remote, for `gt rig add`. */
  probe(remote: Remote): Promise<Probe>;
}

export type CheckState = 'pending' | 'success' | 'failure' | 'error' | 'neutral' | 'skipped' | 'cancelled';

export interface Check {
  readonly name: string;
  readonly state: CheckState;
  readonly url?: string;
  readonly reportedAt: Instant;
}

export interface PullRequest {
  readonly number: number;
  readonly url: string;
  readonly state: 'open' | 'closed' | 'merged';
  readonly head: Oid;
  /** It has every review that the branch it is for requires, on this very head. */
  readonly approved: boolean;
}

export interface PullRequests {
  /** The open one of this branch onto that one; made if there is none. */
  open(remote: Remote, asked: { branch: string; onto: string; title: string; body: string }): Promise<PullRequest>;
  /** `undefined`: there is none of this number. */
  read(remote: Remote, number: number): Promise<PullRequest | undefined>;
  /** With a comment. One that is not open stays as it is. */
  close(remote: Remote, number: number, comment: string): Promise<void>;
}

/** What a gate waits for. */
export interface PullRequestState {
  readonly number: number;
  readonly state: PullRequest['state'];
}

export interface CodeHost {
  /** The newest report of each check of a commit. */
  checks(remote: Remote, commit: Oid): Promise<readonly Check[]>;
  /** Names the branch's own protection requires, or `undefined` if the host cannot say. */
  requiredChecks(remote: Remote, branch: string): Promise<readonly string[] | undefined>;
  /** A short-lived credential for one repository, or `undefined` where the remote needs none. */
  gitCredential(remote: Remote): Promise<{ readonly username: string; readonly password: string } | undefined>;
  /**
   * The one of this number, or else the newest that has this head branch in the repository itself; `undefined`: there is none
   * yet, or the remote is no repository of this host. Refuses where nobody may read it. Throws `Unavailable`. Absent: nobody can be asked; they are told of.
   */
  pullRequest?(remote: Remote, named: string): Promise<PullRequestState | undefined>;
  /** Absent: no pull requests here, so that no rig may ask for them. */
  readonly pullRequests?: PullRequests;
}

export interface ModelRequest {
  readonly system: string;
  readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly content: Json }[];
  readonly tools: readonly { readonly name: string; readonly description: string; readonly schema: Json }[];
  readonly maxTokens: number;
}

export interface ModelReply {
  readonly content: Json;
  readonly stop: 'end' | 'tool' | 'length' | 'refusal';
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number;
}

export interface Model {
  /** No answer to it costs more, in USD. */
  mostUsd(request: ModelRequest): number;
  complete(request: ModelRequest): Promise<ModelReply>;
}

export type Severity = 'critical' | 'high' | 'medium' | 'low';

export interface Notification {
  readonly severity: Severity;
  /** At most 100 ASCII characters (the limit of an SNS subject). */
  readonly subject: string;
  readonly body: string;
  /** Same key, same notification: implementations may drop a repeat. */
  readonly key: string;
}

export interface Notifier {
  publish(notification: Notification): Promise<void>;
}

export interface Clock {
  now(): Instant;
  /** Resolves after `ms`, or as soon as `cancel` is aborted. */
  sleep(ms: number, cancel?: AbortSignal): Promise<void>;
}

export interface Ids {
  /** 26 characters, sorts by time, unique. */
  ulid(): string;
  /** A secret of 256 bits, in hex. */
  secret(): string;
  /** Uniform in [0, 1). */
  random(): number;
}

/** One line of JSON a call, with bead, convoy, attempt where they are known. Never a task token, never a secret. */
export type Log = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields?: { readonly [name: string]: Json },
) => void;

/** Everything the town may be given. A handler names the few it needs: `Pick<Ports, 'ledger' | 'clock' | 'ids'>`. */
export interface Ports {
  readonly ledger: Ledger;
  readonly queues: Queues;
  readonly workflows: Workflows;
  readonly fleet: Fleet;
  readonly blobs: Blobs;
  readonly repo: Repo;
  readonly codeHost: CodeHost;
  readonly model: Model;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}
