/** One family of the Prometheus text format. */
export type MetricFamily = {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly { readonly name: string; readonly labels: string; readonly value: number }[];
};

/** Reads the Prometheus text format; throws on a line that is not of it, and on a sample outside its family. */
export function parseMetrics(text: string): ReadonlyMap<string, MetricFamily> {
  const families = new Map<
    string,
    { type: string; help: string; samples: MetricFamily["samples"][number][] }
  >();
  let current = "";
  for (const line of text.split("\n")) {
    if (line === "" || line === "# EOF") continue;
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind !== undefined) {
      const family = families.get(name) ?? { type: "untyped", help: "", samples: [] };
      families.set(name, kind === "HELP" ? { ...family, help: rest } : { ...family, type: rest });
      current = name;
      continue;
    }
    const sample = /^([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)$/.exec(line);
    const [, sampleName = "", labels = "", value = ""] = sample ?? [];
    const isOfFamily = sampleName.replace(/_(bucket|sum|count)$/, "") === current || sampleName === current;
    if (
      sample === null ||
      !isOfFamily ||
      (Number.isNaN(Number(value)) && value !== "+Inf" && value !== "NaN")
    ) {
      throw new Error(`not a sample of ${current}: ${line}`);
    }
    families.get(current)?.samples.push({ name: sampleName, labels, value: Number(value) });
  }
  return families;
}
