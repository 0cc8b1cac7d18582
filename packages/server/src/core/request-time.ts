const idPattern = /^req_([\da-f]{8})-([\da-f]{4})-7[\da-f]{3}-/;

/** When a request with this id arrived, since the epoch; undefined for an id that does not say, as older ones. */
export function requestTimeMs(requestId: string): number | undefined {
  const [, high, low] = idPattern.exec(requestId) ?? [];
  return high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16);
}

/** The times of the ids that begin with a text, from the first to before the last; undefined where it says too little. */
export function requestTimesOf(
  prefix: string,
): { readonly fromMs: number; readonly untilMs: number } | undefined {
  if (!prefix.startsWith("req_")) return undefined;
  const digits = prefix.slice("req_".length).replaceAll("-", "").slice(0, timeDigits);
  if (digits.length < fewestDigits || !/^[\da-f]+$/.test(digits)) return undefined;
  const unit = 16 ** (timeDigits - digits.length);
  const fromMs = Number.parseInt(digits, 16) * unit;
  return { fromMs, untilMs: fromMs + unit };
}

const timeDigits = 12;
/** Ids that have these alike were made within four and a half hours. */
const fewestDigits = 6;
