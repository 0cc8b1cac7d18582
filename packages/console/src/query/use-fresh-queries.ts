import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useFeed, useLiveConnection } from "../live/use-live.ts";

/** Changes that come together are one reason to ask anew. */
const gatherMs = 400;

/** Has everything asked for anew that an event speaks of, what may have to be repaired, and all of it after a connection was lost. */
export function useFreshQueries(): void {
  const queries = useQueryClient();
  const live = useLiveConnection();
  const waiting = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => live.onReconnected(() => void queries.invalidateQueries()), [live, queries]);
  useEffect(() => () => clearTimeout(timer.current), []);
  useFeed("events", {}, ({ type }) => {
    // An event is about one of what operations have many of, or about all of them: `model.loaded` and `models.changed`, `models.list`.
    const [noun = ""] = type.split(".");
    waiting.current.add(noun.endsWith("s") ? noun : `${noun}s`);
    // Not put off by later events: they may never end.
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      const nouns = waiting.current;
      waiting.current = new Set();
      void queries.invalidateQueries({
        predicate: ({ queryKey: [name] }) =>
          typeof name === "string" &&
          (nouns.has(name.split(".")[0] ?? "") || name.startsWith("events.") || name === "system.repairs"),
      });
    }, gatherMs);
  });
}
