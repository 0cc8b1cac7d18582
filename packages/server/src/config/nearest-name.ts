/** The name that was probably meant, or undefined when none is near. */
export function nearestName(wrong: string, names: readonly string[]): string | undefined {
  const most = Math.max(2, Math.floor(wrong.length / 3));
  let best: string | undefined;
  let bestDistance = most + 1;
  for (const name of names) {
    const distance = editDistance(wrong, name);
    if (distance >= bestDistance) continue;
    best = name;
    bestDistance = distance;
  }
  return best;
}

/** Letters to add, drop or change to get from one word to the other (Levenshtein). */
export function editDistance(left: string, right: string): number {
  let above = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const change = (above[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(change, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above[right.length] ?? 0;
}

/** What to say about a key that is no setting. */
export function unknownKeyMessage(key: string, known: readonly string[]): string {
  const nearest = nearestName(key, known);
  return nearest === undefined
    ? `unknown key \`${key}\``
    : `unknown key \`${key}\`; did you mean \`${nearest}\`?`;
}
