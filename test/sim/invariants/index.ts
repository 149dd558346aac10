/** Every claim that holds after every step, each in a file of its own. */
import type { MakeInvariant } from '../kernel/invariant.ts';
import { aChangeLandsOnce } from './a-change-lands-once.ts';
import { aPassBinds } from './a-pass-binds.ts';
import { aResolutionIsInspected } from './a-resolution-is-inspected.ts';
import { convoysCountRight } from './convoys-count-right.ts';
import { effectsArePerformed } from './effects-are-performed.ts';
import { effectsTellWhatIsOnRecord } from './effects-tell-what-is-on-record.ts';
import { everyRequestIsInOnePlace } from './every-request-is-in-one-place.ts';
import { failClosed } from './fail-closed.ts';
import { gatesOpenForTheirReason } from './gates-open-for-their-reason.ts';
import { infrastructureBlamesNobody } from './infrastructure-blames-nobody.ts';
import { mainStaysGreen } from './main-stays-green.ts';
import { mergedMeansOnMain } from './merged-means-on-main.ts';
import { needsComeFirst } from './needs-come-first.ts';
import { noBeadIsLost } from './no-bead-is-lost.ts';
import { noMoneyIsUnbooked } from './no-money-is-unbooked.ts';
import { noPushIsOverwritten } from './no-push-is-overwritten.ts';
import { nothingStarves } from './nothing-starves.ts';
import { oneAttemptAtATime } from './one-attempt-at-a-time.ts';
import { oneEscalationACause } from './one-escalation-a-cause.ts';
import { onlyLegalTransitions } from './only-legal-transitions.ts';
import { onlyOnLandedMain } from './only-on-landed-main.ts';
import { onlyTestedCommitsLand } from './only-tested-commits-land.ts';
import { recordsAreComparedAndSwapped } from './records-are-compared-and-swapped.ts';
import { slotsAndMoneyAreCounted } from './slots-and-money-are-counted.ts';
import { stoppedMeansStopped } from './stopped-means-stopped.ts';
import { submittedHeadIsMergedHead } from './submitted-head-is-merged-head.ts';
import { theLadderIsClimbed } from './the-ladder-is-climbed.ts';
import { triageIsBounded } from './triage-is-bounded.ts';
import { whatIsDueIsLookedAt } from './what-is-due-is-looked-at.ts';
import { whatLandsIsAllThatLands } from './what-lands-is-all-that-lands.ts';

export const invariants: readonly MakeInvariant[] = [
  onlyTestedCommitsLand,
  whatLandsIsAllThatLands,
  noPushIsOverwritten,
  aPassBinds,
  submittedHeadIsMergedHead,
  failClosed,
  mainStaysGreen,
  infrastructureBlamesNobody,
  everyRequestIsInOnePlace,
  aChangeLandsOnce,
  mergedMeansOnMain,
  nothingStarves,
  onlyOnLandedMain,
  aResolutionIsInspected,
  noBeadIsLost,
  oneAttemptAtATime,
  needsComeFirst,
  gatesOpenForTheirReason,
  convoysCountRight,
  slotsAndMoneyAreCounted,
  noMoneyIsUnbooked,
  stoppedMeansStopped,
  oneEscalationACause,
  effectsArePerformed,
  effectsTellWhatIsOnRecord,
  onlyLegalTransitions,
  recordsAreComparedAndSwapped,
  theLadderIsClimbed,
  whatIsDueIsLookedAt,
  triageIsBounded,
];
