/** What is chosen above a dashboard: a value of each variable, by its name; all that it has where it is absent. */
export type Choice = Readonly<Record<string, readonly string[]>>;

/** A step of Prometheus that is scraped every second: four scrapes lie in it for certain. */
const rateInterval = "5s";

/** An expression as Grafana sends it: several values of a variable become a pattern of them. */
export function fillIn(expression: string, chosen: Choice = {}): string {
  return expression
    .replaceAll("$__rate_interval", rateInterval)
    .replaceAll(/\$(provider|model|currency)\b/g, (_all, name: string) => patternOf(chosen[name]));
}

function patternOf(values: readonly string[] | undefined): string {
  if (values === undefined) return ".*";
  const escaped = values.map((value) => value.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\\$&`));
  return escaped.length === 1 ? (escaped[0] ?? "") : `(${escaped.join("|")})`;
}
