import { useCallback } from "react";
import { useFormats } from "../../components/use-formats.ts";
import { useText } from "../../text/use-text.ts";
import { requestMessages } from "./messages.ts";
import type { RequestRow } from "./request-filter.ts";

/** Writes what a call cost, in each of its currencies. */
export function useCosts(): (request: RequestRow) => string {
  const say = useText(requestMessages);
  const formats = useFormats();
  return useCallback(
    ({ costs, unpriced_attempts }) =>
      costs.length === 0
        ? unpriced_attempts > 0
          ? say("no_price")
          : formats.count(null)
        : costs.map(({ currency, cost_micros }) => formats.money(cost_micros, currency)).join(" + "),
    [say, formats],
  );
}
