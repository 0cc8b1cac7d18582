/** Texts of the numbers below ten with two places, made when they are needed: to make one takes longer than to find it. */
const shortOverheads: (string | undefined)[] = Array.from({ length: 1_000 }, () => undefined);

/** Milliseconds with two places at most. */
export function formatOverhead(overheadMs: number): string {
  const hundredths = Math.round(overheadMs * 100);
  const known = shortOverheads[hundredths];
  if (known !== undefined) return known;
  const text = String(hundredths / 100);
  if (hundredths < shortOverheads.length) shortOverheads[hundredths] = text;
  return text;
}
