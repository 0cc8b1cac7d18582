import { PlatformError } from "@llm-platform/kit";
import type { ListedModel } from "../model-names.ts";
import type { ModelListFormat } from "../models-endpoint.ts";
import { toAnthropicError } from "./dialect.ts";

/** How many models a page has unless the client says, and at most. */
const defaultLimit = 20;
const largestLimit = 1_000;

/** The list of models as Anthropic writes it: in pages, by ids before and after. */
export const anthropicModels: ModelListFormat = {
  formatList: formatPage,
  formatModel: toEntry,
  formatError: toAnthropicError,
};

function formatPage(models: readonly ListedModel[], query: URLSearchParams): object {
  const limit = readLimit(query);
  const before = query.get("before_id");
  const end = before === null ? models.length : placeOf(models, "before_id", before);
  const after = query.get("after_id");
  const start =
    after === null
      ? before === null
        ? 0
        : Math.max(0, end - limit)
      : placeOf(models, "after_id", after) + 1;
  const page = models.slice(start, Math.min(end, start + limit));
  const hasMore = before === null ? start + page.length < models.length : start > 0;
  return {
    data: page.map(toEntry),
    has_more: hasMore,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

function readLimit(query: URLSearchParams): number {
  const text = query.get("limit");
  if (text === null) return defaultLimit;
  const limit = Number(text);
  if (!/^\d{1,4}$/.test(text) || limit < 1 || limit > largestLimit)
    throw new PlatformError(
      "invalid_request",
      `\`limit\` must be a whole number from 1 to ${largestLimit}.`,
      {
        field: "limit",
      },
    );
  return limit;
}

function placeOf(models: readonly ListedModel[], field: string, id: string): number {
  const place = models.findIndex((model) => model.id === id);
  if (place >= 0) return place;
  throw new PlatformError("invalid_request", `\`${field}\` must be the id of a model in the list.`, {
    field,
  });
}

function toEntry({ id, createdAtSeconds }: ListedModel): object {
  return {
    type: "model",
    id,
    display_name: id,
    created_at: new Date((createdAtSeconds ?? 0) * 1_000).toISOString(),
  };
}
