import type { AlertRule, ValueForm } from "../rules/rule.ts";
import type { Finding } from "./evaluate.ts";

/** A text of a rule with its places filled in. */
export function fillIn(
  text: string,
  { valueForm = "number" }: AlertRule,
  { labels, value }: Finding,
): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, place: string) =>
    place === "value" ? formatValue(value, valueForm) : (labels[place] ?? ""),
  );
}

function formatValue(value: number, form: ValueForm): string {
  switch (form) {
    case "ratio":
      return `${Number((value * 100).toPrecision(4))}%`;
    case "seconds":
      return formatSeconds(value);
    case "number":
      return String(Number(value.toPrecision(4)));
    default:
      return form satisfies never;
  }
}

const units = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
] as const;

/** Two units at most, as `5m 20s`; parts of a second in milliseconds. */
function formatSeconds(value: number): string {
  if (Math.abs(value) < 1) return `${Math.round(value * 1_000)}ms`;
  if (value < 0) return `-${formatSeconds(-value)}`;
  let rest = Math.round(value);
  const parts = units.flatMap(([unit, seconds]) => {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    return count === 0 ? [] : [`${count}${unit}`];
  });
  return parts.slice(0, 2).join(" ");
}
