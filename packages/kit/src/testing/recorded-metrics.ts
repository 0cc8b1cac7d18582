import { PlatformError } from "../errors.ts";
import type { Instruments, LabelValues, MetricDeclaration } from "../metrics.ts";

/** What an integration did with its instruments. */
export interface RecordedMetrics {
  /** Value of a counter or gauge, or sum of a histogram; undefined when never touched. */
  value(name: string, labels?: LabelValues): number | undefined;
  /** Every observation of a histogram, in order. */
  observations(name: string, labels?: LabelValues): readonly number[];
  /** Uses that the declaration does not allow, also those whose error the integration swallowed. */
  readonly violations: readonly string[];
}

/** Instruments of `declarations` that can be read back. */
export function createRecordedMetrics(declarations: readonly MetricDeclaration[]): {
  readonly instruments: Instruments;
  readonly recorded: RecordedMetrics;
} {
  const declared = new Map(declarations.map((declaration) => [declaration.name, declaration]));
  const values = new Map<string, number>();
  const observed = new Map<string, number[]>();
  const violations: string[] = [];

  function seriesOf(use: Parameters<typeof violationOf>[1]): string {
    const violation = violationOf(declared.get(use.name), use);
    if (violation !== undefined) {
      violations.push(violation);
      throw new PlatformError("internal", violation);
    }
    return seriesKey(use.name, use.labels);
  }

  return {
    instruments: {
      add(name, amount, labels = {}) {
        const key = seriesOf({ type: "counter", name, amount, labels });
        values.set(key, (values.get(key) ?? 0) + amount);
      },
      set(name, value, labels = {}) {
        values.set(seriesOf({ type: "gauge", name, amount: value, labels }), value);
      },
      observe(name, value, labels = {}) {
        const key = seriesOf({ type: "histogram", name, amount: value, labels });
        values.set(key, (values.get(key) ?? 0) + value);
        observed.set(key, [...(observed.get(key) ?? []), value]);
      },
    },
    recorded: {
      value: (name, labels = {}) => values.get(seriesKey(name, labels)),
      observations: (name, labels = {}) => observed.get(seriesKey(name, labels)) ?? [],
      violations,
    },
  };
}

interface MetricUse {
  readonly type: MetricDeclaration["type"];
  readonly name: string;
  readonly amount: number;
  readonly labels: LabelValues;
}

function violationOf(declaration: MetricDeclaration | undefined, use: MetricUse): string | undefined {
  if (declaration === undefined)
    return `The metric ${use.name} is not declared; add it to the definition's metrics.`;
  if (declaration.type !== use.type) {
    return `The metric ${use.name} is declared as a ${declaration.type} and used as a ${use.type}.`;
  }
  if (!Number.isFinite(use.amount) || (use.type === "counter" && use.amount < 0)) {
    return `The metric ${use.name} got the amount ${use.amount}.`;
  }
  const wanted = [...(declaration.labels ?? [])].sort().join(", ");
  const given = Object.keys(use.labels).sort().join(", ");
  if (wanted !== given)
    return `The metric ${use.name} is declared with the labels [${wanted}] and got [${given}].`;
  return undefined;
}

function seriesKey(name: string, labels: LabelValues): string {
  return JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
