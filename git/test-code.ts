/** What a test looks like in the languages that people write, and how it is switched off. Text alone: nothing is run. */

interface Language {
  readonly files: RegExp;
  /** Files that hold tests, by the custom of the language. */
  readonly tests: RegExp;
  /** What declares one test; its first group, or all of it, names the test. */
  readonly declares: RegExp;
  /** What skips a test, or singles one out so that all others are skipped. */
  readonly skips: RegExp;
}

const languages: readonly Language[] = [
  // jest, vitest, mocha, jasmine, node:test, Playwright, Deno.
  {
    files: /\.[cm]?[jt]sx?$/,
    tests: /(^|\/)__tests__\/|[._-](test|spec|e2e|cy)\.[^/.]+$/,
    declares: /\b(?:it|test|specify)(?:\.\w+)*(?:\([^()]*\)|`[^`]*`)?\(\s*(?:'([^'\n]+)'|"([^"\n]+)"|`([^`]+)`)/g,
    skips:
      /\b(?:describe|context|suite|it|test|specify|bench|t|this)(?:\.\w+)*\.(?:skip|skipIf|runIf|todo|fixme|fails|failing|only|ignore)\b|\b(?:xit|xtest|xdescribe|xcontext|xspecify|fit|fdescribe|fcontext)\s*\(|\b(?:skip|todo|only|ignore):\s*(?:true\b|['"`])|\bpending\(/,
  },
  // pytest, unittest, nose.
  {
    files: /\.py$/,
    tests: /(^|\/)(test_[^/]*|[^/]*_test|conftest)\.py$|(^|\/)tests?\/.*\.py$/,
    declares: /^[ \t]*(?:async )?def (test\w*)/gm,
    skips:
      /@(?:pytest\.)?mark\.(?:skip|skipif|xfail)\b|\bpytest\.(?:skip|xfail|importorskip)\(|@(?:unittest\.)?(?:skip|skipIf|skipUnless|expectedFailure)\b|\.skipTest\(|\bSkipTest\b|\b__test__ = False|\bcollect_ignore/,
  },
  {
    files: /\.go$/,
    tests: /_test\.go$/,
    declares: /^func ((?:Test|Benchmark|Fuzz|Example)\w*)\(/gm,
    skips: /\b[tbf]\.Skip(?:f|Now)?\(|\btesting\.Short\(\)|^\/\/go:build .*\bignore\b/,
  },
  // Tests stand beside the code: a file of the library counts as one as soon as it declares a test.
  {
    files: /\.rs$/,
    tests: /(^|\/)tests\/.*\.rs$|(^|\/)tests?\.rs$/,
    declares: /#\[(?:\w+::)*test\b[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:pub )?(?:async )?fn (\w+)/g,
    skips: /#\[(?:cfg_attr\([^\]]*\b)?ignore\b|#\[should_panic\b/,
  },
  // JUnit 4 and 5, TestNG, Kotest, ScalaTest, Spock.
  {
    files: /\.(java|kt|kts|scala|groovy)$/,
    tests: /(^|\/)src\/[^/]*[tT]est[^/]*\/|(Test|Tests|IT|Spec)\.[a-z]+$/,
    declares: /@(?:Parameterized|Repeated)?Test\b[^{;]*?\b(?:void|fun|def)\s+(`[^`]+`|\w+)\s*\(/g,
    skips:
      /@(?:Disabled|Ignore)\b|@(?:Enabled|Disabled)(?:If|On|For)\w*|\bassum(?:e|ing)(?:That|True|False|NotNull|NoException)?\(|\bAssum(?:e|ptions)\.|enabled\s*=\s*false|\bSkipException\b|\bignore\(/,
  },
  // xUnit, NUnit, MSTest.
  {
    files: /\.(cs|fs|vb)$/,
    tests: /Tests?\.[a-z]+$|(^|\/)[^/]*Tests?\//,
    declares: /\[(?:Fact|Theory|Test|TestCase|TestMethod)\b[^{;]*?\b(\w+)\s*\(/g,
    skips: /\bSkip\s*=|\[Ignore\b|\[Explicit\b|\bAssert\.(?:Ignore|Inconclusive)\(|\bSkip\.If/,
  },
  // RSpec, minitest.
  {
    files: /\.rb$/,
    tests: /(_spec|_test)\.rb$|(^|\/)(spec|test)\/.*\.rb$/,
    declares: /^[ \t]*(?:it|specify|test) ['"]([^'"\n]+)['"]|^[ \t]*def (test_\w+)/gm,
    skips:
      /^\s*(?:skip|pending)\b|^\s*x(?:it|describe|context|specify)\b|^\s*f(?:it|describe|context)\b|\b(?:skip|pending|focus): /,
  },
  {
    files: /\.php$/,
    tests: /Test\.php$|(^|\/)tests\//,
    declares: /function (test\w+)\s*\(/g,
    skips: /markTest(?:Skipped|Incomplete)\(|@doesNotPerformAssertions|@requires\b|->(?:skip|todo|only)\(/,
  },
  {
    files: /\.swift$/,
    tests: /Tests?\.swift$|(^|\/)Tests\//,
    declares: /\bfunc (test\w+)\s*\(|@Test\b[^{]*?\bfunc (\w+)\s*\(/g,
    skips: /\bXCTSkip|\.disabled\(|\bXCTExpectFailure/,
  },
  // GoogleTest, Catch2, doctest.
  {
    files: /\.(c|cc|cpp|cxx|h|hpp|m|mm)$/,
    tests: /(^|\/)tests?\/|[._-]tests?\.[a-z]+$/,
    declares: /\b(?:TEST|TEST_F|TEST_P|TYPED_TEST|TEST_CASE|SCENARIO)\(([^)]+)\)/g,
    skips: /\bGTEST_SKIP\b|\bDISABLED_\w+|\bSKIP\(|\[!?(?:hide|mayfail|shouldfail)\]|\[\.\]/,
  },
  // ExUnit.
  {
    files: /\.exs?$/,
    tests: /_test\.exs$/,
    declares: /^[ \t]*(?:test|property) "([^"\n]+)"/gm,
    skips: /@(?:module|describe)?tag :?skip|@tag skip:/,
  },
  // bats, shunit2.
  {
    files: /\.(bats|sh)$/,
    tests: /\.bats$|[._-]test\.sh$|(^|\/)test_[^/]*\.sh$/,
    declares: /^@test ["']([^"'\n]+)["']|^(?:function )?(test\w+)\s*\(\)/gm,
    skips: /^\s*(?:skip|startSkipping)\b/,
  },
];

const languageOf = (path: string): Language | undefined => languages.find(({ files }) => files.test(path));

export const isTestFile = (path: string): boolean => languageOf(path)?.tests.test(path) ?? false;

/** The names of the tests that a file declares. */
export function testsIn(path: string, text: string): ReadonlySet<string> {
  const language = languageOf(path);
  const found = language ? [...text.matchAll(language.declares)] : [];
  return new Set(found.map(([all, ...names]) => names.find((name) => name !== undefined) ?? all));
}

/** Does this line of a file switch tests off? Only asked of files that hold tests. */
export const skips = (path: string, line: string): boolean => languageOf(path)?.skips.test(line) ?? false;
