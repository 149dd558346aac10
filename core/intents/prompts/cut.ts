/** Text that is too long for its part of a prompt: cut at the end of a line where there is one, and marked. */

const endMark = '\n… cut here';
const beginMark = '… cut here\n';

export function cut(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const kept = text.slice(0, charsMax - endMark.length);
  const end = kept.lastIndexOf('\n');
  return (end > 0 ? kept.slice(0, end) : kept) + endMark;
}

/** Keeps the end: of what a program printed, the last lines say most. */
export function cutFront(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const kept = text.slice(text.length - (charsMax - beginMark.length));
  const begin = kept.indexOf('\n');
  return beginMark + (begin >= 0 && begin < kept.length - 1 ? kept.slice(begin + 1) : kept);
}
