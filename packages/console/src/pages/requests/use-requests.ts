import { useMemo, useState } from "react";
import { useFeed } from "../../live/use-live.ts";
import { type PagedRows, usePages } from "../../query/use-operation.ts";
import { isWanted, type RequestRow, toQuestion, type Wanted } from "./request-filter.ts";

/** When so many ended while one looks, the pages are read anew instead of kept beside them. */
const maxFresh = 1_000;

/** The calls of the log that are wanted, and before them those that ended since; what ends in a pause waits. */
export function useRequests(
  wanted: Wanted,
  isPaused: boolean,
): {
  readonly pages: PagedRows<RequestRow>;
  readonly rows: readonly RequestRow[];
  /** How many ended in the pause. */
  readonly waiting: number;
} {
  const { search, status, integration, span, sort } = wanted;
  // The beginning of a span of time stands still while it is looked at: pages belong to one question.
  const question = useMemo(
    () => toQuestion({ search, status, integration, span, sort }, Date.now()),
    [search, status, integration, span, sort],
  );
  const pages = usePages("requests.list", question, ({ requests }) => requests);
  const [fresh, setFresh] = useState<readonly RequestRow[]>([]);
  const [held, setHeld] = useState<readonly RequestRow[]>([]);
  useFeed("requests", {}, ({ data: item }) => {
    if (!("id" in item) || fresh.some(({ id }) => id === item.id)) return;
    if (isPaused) setHeld((before) => [item, ...before].slice(0, maxFresh));
    else if (fresh.length < maxFresh) setFresh((before) => [item, ...before]);
    else {
      setFresh([item]);
      pages.retry();
    }
  });
  if (!isPaused && held.length > 0) {
    setFresh([...held, ...fresh]);
    setHeld([]);
  }
  const rows = useMemo(() => {
    if (sort !== "time") return pages.rows;
    const wantedNow = { search, status, integration, span, sort };
    const listed = new Set(pages.rows.map(({ id }) => id));
    return [...fresh.filter((each) => !listed.has(each.id) && isWanted(each, wantedNow)), ...pages.rows];
  }, [fresh, pages.rows, search, status, integration, span, sort]);
  return { pages, rows, waiting: held.filter((each) => isWanted(each, wanted)).length };
}
