import { useOperation } from "../../query/use-operation.ts";

/** What one integration did in the last day. */
export interface IntegrationFigures {
  readonly models: number;
  readonly calls: number;
  /** From 0 to 1; null without calls. */
  readonly errorRatio: number | null;
  readonly p95Ms: number | null;
}

const refreshMs = 30_000;

/** Figures of every integration by its name. */
export function useIntegrationFigures(): ReadonlyMap<string, IntegrationFigures> {
  const usage = useOperation(
    "usage.sum",
    { range: "24h", bucket: "none", group_by: "integration", percentiles: true },
    { refreshMs },
  );
  const models = useOperation("models.list", {});
  const figures = new Map<string, IntegrationFigures>();
  for (const { integration } of models.data?.models ?? []) {
    const { models: count } = figures.get(integration) ?? nothing;
    figures.set(integration, { ...nothing, models: count + 1 });
  }
  for (const row of usage.data?.usage ?? []) {
    const name = row.integration ?? "";
    const errors = Object.values(row.errors).reduce((sum, count) => sum + count, 0);
    figures.set(name, {
      models: figures.get(name)?.models ?? 0,
      calls: row.attempts,
      errorRatio: row.attempts === 0 ? null : errors / row.attempts,
      p95Ms: row.duration_ms?.p95 ?? null,
    });
  }
  return figures;
}

const nothing: IntegrationFigures = { models: 0, calls: 0, errorRatio: null, p95Ms: null };
