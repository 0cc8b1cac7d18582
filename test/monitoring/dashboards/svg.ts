/** Grafana's dark theme. */
export const colors = {
  page: "#111217",
  panel: "#181b1f",
  border: "#2c3235",
  text: "#ccccdc",
  faint: "#9fa7b3",
  grid: "rgba(204,204,220,0.08)",
} as const;

/** Of Grafana's classic palette, in its order. */
const palette = [
  "#73bf69",
  "#f2cc0c",
  "#8ab8ff",
  "#ff780a",
  "#f2495c",
  "#5794f2",
  "#b877d9",
  "#705da0",
  "#37872d",
  "#fade2a",
];

const named: Readonly<Record<string, string>> = {
  green: "#73bf69",
  yellow: "#fade2a",
  orange: "#ff9830",
  red: "#f2495c",
  blue: "#5794f2",
  purple: "#b877d9",
  text: "#ccccdc",
};

/** A colour by Grafana's name for it. */
export function colorOf(name: string): string {
  return named[name] ?? name;
}

export function paletteColor(index: number): string {
  return palette[index % palette.length] ?? colors.text;
}

/** Text for HTML and SVG. */
export function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
