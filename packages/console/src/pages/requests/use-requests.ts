import { useMemo, useState } from "react";
import { useGatheredFeed } from "../../live/use-live.ts";
import { type PagedRows, usePages } from "../../query/use-operation.ts";
import { isWanted, type RequestRow, toQuestion, type Wanted } from "./request-filter.ts";

/** When so many ended while one looks, the pages are read anew, and those that they list are kept no more. */
const maxFresh = 1_000;

const requestsOf = ({ requests }: { readonly requests: readonly RequestRow[] }) => requests;

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
  const pages = usePages("requests.list", question, requestsOf);
  const [fresh, setFresh] = useState<readonly RequestRow[]>([]);
  const [held, setHeld] = useState<readonly RequestRow[]>([]);
  const isAnyFresh = fresh.length > 0;
  const listed = useMemo(
    () => new Set(isAnyFresh ? pages.rows.map(({ id }) => id) : []),
    [isAnyFresh, pages.rows],
  );
  useGatheredFeed("requests", {}, (items) => {
    const ended = items.flatMap(({ data }) => ("id" in data ? [data] : [])).reverse();
    if (isPaused) setHeld((before) => withoutTwins([...ended, ...before]).slice(0, maxFresh));
    else {
      const all = withoutTwins([...ended, ...fresh.filter(({ id }) => !listed.has(id))]);
      setFresh(all.slice(0, maxFresh));
      if (all.length >= maxFresh) pages.retry();
    }
  });
  if (!isPaused && held.length > 0) {
    setFresh(withoutTwins([...held, ...fresh]));
    setHeld([]);
  }
  const rows = useMemo(() => {
    if (sort !== "time") return pages.rows;
    const wantedNow = { search, status, integration, span, sort };
    return [...fresh.filter((each) => !listed.has(each.id) && isWanted(each, wantedNow)), ...pages.rows];
  }, [fresh, listed, pages.rows, search, status, integration, span, sort]);
  return { pages, rows, waiting: held.filter((each) => isWanted(each, wanted)).length };
}

/** After a connection was lost, a feed may tell a second time. */
function withoutTwins(requests: readonly RequestRow[]): readonly RequestRow[] {
  return [...new Map(requests.map((request) => [request.id, request])).values()];
}
