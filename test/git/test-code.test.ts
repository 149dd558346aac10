import { describe, expect, test } from '@jest/globals';
import { outsideOfConflicts } from '../../git/regions.ts';
import { isTestFile, skips, testsIn } from '../../git/test-code.ts';

describe('the marks of a test', () => {
  test.each([
    ['a.test.ts', "it.skip('x', () => {})"],
    ['a.test.ts', "  xdescribe('x', () => {})"],
    ['a.test.ts', "it.todo('x')"],
    ['a.test.ts', "test.each([1])('x', …); describe.only('y')"],
    ['a.test.ts', "fit('x', () => {})"],
    ['a.test.mjs', "test('x', { skip: true }, () => {})"],
    ['a.test.mjs', "test('x', (t) => t.skip('later'))"],
    ['tests/a.py', '@pytest.mark.skip(reason="later")'],
    ['tests/a.py', '    @unittest.skipIf(True, "x")'],
    ['tests/a.py', '@pytest.mark.xfail'],
    ['a_test.go', '\tt.Skip("later")'],
    ['a_test.go', '\tt.SkipNow()'],
    ['src/a.rs', '    #[ignore]'],
    ['src/a.rs', '#[ignore = "slow"]'],
    ['ATest.java', '  @Disabled("later")'],
    ['ATest.java', '@Ignore'],
    ['ATest.java', 'Assume.assumeTrue(false);'],
    ['ATest.kt', 'Assumptions.assumeFalse(true)'],
    ['ATests.cs', '[Fact(Skip = "later")]'],
    ['a_spec.rb', "  xit 'x' do"],
    ['ATest.php', '$this->markTestSkipped();'],
    ['ATests.swift', 'throw XCTSkip("later")'],
    ['a_test.cc', 'TEST(Suite, DISABLED_Name) {'],
    ['a_test.exs', '@tag :skip'],
    ['a.bats', '  skip "later"'],
  ])('%s: %j skips', (path, line) => {
    expect(skips(path, line)).toBe(true);
  });

  test.each([
    ['a.test.ts', "it('skips the header', () => {})"],
    ['a.test.ts', 'const rest = list.skip(2);'],
    ['a.test.ts', 'expect(profit(1)).toBe(2)'],
    ['a.test.ts', 'cursor.limit(1).only();'],
    ['tests/a.py', 'def test_skip_header():'],
    ['a_test.go', 'reader.Skip(4)'],
    ['src/a.rs', 'let ignore = true;'],
    ['ATest.java', 'assertTrue(ignored);'],
    ['a.md', 'it.skip('],
  ])('%s: %j skips nothing', (path, line) => {
    expect(skips(path, line)).toBe(false);
  });

  test.each([
    ['src/a.test.ts', true],
    ['src/__tests__/a.js', true],
    ['tests/unit/a.py', true],
    ['pkg/a_test.go', true],
    ['app/src/test/java/A.java', true],
    ['spec/a_spec.rb', true],
    ['src/latest.ts', false],
    ['src/contest.py', false],
    ['docs/test.md', false],
  ])('%s holds tests: %j', (path, holds) => {
    expect(isTestFile(path)).toBe(holds);
  });

  test.each([
    [
      'a.test.ts',
      'test(\'one\', () => {});\n  it.each([1])("two", () => {});\ntest.skip(`three`, f);',
      ['one', 'two', 'three'],
    ],
    ['a.py', 'def test_one():\n  pass\n\n  async def test_two(self):\n', ['test_one', 'test_two']],
    ['a_test.go', 'func TestOne(t *testing.T) {\nfunc helper() {', ['TestOne']],
    ['a.rs', '#[test]\n#[should_panic]\nfn one() {}\n#[tokio::test]\nasync fn two() {}\nfn no() {}', ['one', 'two']],
    ['ATest.java', '@Test\npublic void one() {}\n@Test(timeout = 1)\nvoid two() {}', ['one', 'two']],
    ['a.txt', "test('one')", []],
  ])('%s: the tests that it declares', (path, text, names) => {
    expect([...testsIn(path, text)]).toEqual(names);
  });
});

describe('what is settled in a file with conflicts', () => {
  const labels = { ours: 'aaa', theirs: 'bbb' };
  const region = (ours: string, theirs: string) => `<<<<<<< aaa\n${ours}=======\n${theirs}>>>>>>> bbb\n`;
  const marked = `top\n}\n${region('x\n', 'y\n')}}\nmiddle\n${region('', 'z\n')}}\nend\n`;
  test.each([
    ['one side each', 'top\n}\nx\n}\nmiddle\n}\nend\n'],
    ['both sides', 'top\n}\nx\ny\n}\nmiddle\nz\n}\nend\n'],
    ['nothing of either, next to lines that look alike', 'top\n}\n}\nmiddle\n}\nend\n'],
    ['a text of its own, with lines that look settled', 'top\n}\n}\nmiddle?\n}\nend\n}\nmiddle\nnew\n}\nend\n'],
  ])('%s is inside', (_, resolved) => {
    expect(outsideOfConflicts(marked, resolved, labels)).toEqual([]);
  });

  test.each([
    ['the first line', 'TOP\n}\nx\n}\nmiddle\n}\nend\n', [{ line: 1, text: 'TOP' }]],
    ['the last line', 'top\n}\nx\n}\nmiddle\n}\nEND\n', [{ line: 7, text: 'END' }]],
    ['a line between two regions', 'top\n}\nx\n}\nMIDDLE\n}\nend\n', [{ line: 3, text: 'x' }]],
    ['a line that is gone', 'top\nx\n}\nmiddle\n}\nend\n', [{ line: 2, text: 'x' }]],
    ['the whole file', '', [{ line: 1, text: '' }]],
  ])('a change of %s is outside', (_, resolved, places) => {
    expect(outsideOfConflicts(marked, resolved, labels).slice(0, 1)).toEqual(places);
  });

  test('a conflict at the end of a file may end it without a newline', () => {
    expect(outsideOfConflicts(`top\n${region('x\n', 'y\n')}`, 'top\nx', labels)).toEqual([]);
  });

  test('a file without markers is in conflict as a whole', () => {
    expect(outsideOfConflicts('a\n', 'b\n', labels)).toEqual([]);
  });
});
