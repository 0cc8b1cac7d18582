/** Largest first: from which value on a unit is used, and what it is. */
type Scale = readonly (readonly [from: number, suffix: string])[];

const seconds: Scale = [
  [86_400, " day"],
  [3_600, " hour"],
  [60, " min"],
  [1, " s"],
  [1e-3, " ms"],
  [1e-6, " µs"],
];
const bytes: Scale = [
  [2 ** 40, " TiB"],
  [2 ** 30, " GiB"],
  [2 ** 20, " MiB"],
  [2 ** 10, " KiB"],
  [1, " B"],
];
const counts = (unit: string): Scale => [
  [1e9, ` Bil${unit}`],
  [1e6, ` Mil${unit}`],
  [1e3, ` K${unit}`],
  [1, unit],
];
const scales: Readonly<Record<string, Scale>> = {
  s: seconds,
  bytes,
  short: counts(""),
  reqps: counts(" req/s"),
  watt: [
    [1e3, " kW"],
    [1, " W"],
  ],
};
const fixed: Readonly<Record<string, string>> = { celsius: " °C", none: "" };

/**
 * A value as Grafana writes it in a unit of its own.
 * @param decimals as many as the value needs where it is absent
 */
export function formatValue(value: number, unit: string, decimals?: number): string {
  if (unit === "percentunit") return `${toFixed(value * 100, decimals)}%`;
  if (unit.startsWith("suffix:")) return `${toFixed(value, decimals)} ${unit.slice(7)}`;
  const scale = scales[unit];
  if (scale === undefined) return `${toFixed(value, decimals)}${fixed[unit] ?? ` ${unit}`}`;
  const size = Math.abs(value);
  const smallest = scale.at(-1) ?? [1, ""];
  const [from, suffix] =
    scale.find(([least]) => size >= least) ?? (unit === "s" && size === 0 ? [1, " s"] : smallest);
  return `${toFixed(value / from, decimals)}${suffix}`;
}

/** By the rule that Grafana takes its decimals from: three figures or so, none for whole numbers. */
function toFixed(value: number, decimals: number | undefined): string {
  if (decimals !== undefined || value === 0) return value.toFixed(decimals ?? 0);
  const most = -Math.floor(Math.log10(Math.abs(value))) + 1;
  const places = Number.isInteger(value) ? 0 : Math.abs(value) * 10 ** most > 2.25 ? most + 1 : most;
  return value.toFixed(Math.min(10, Math.max(0, places)));
}
