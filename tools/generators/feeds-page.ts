import { readFeeds } from "./inert-operations.ts";
import { code, formatPage, formatTable } from "./markdown.ts";

/** The page about feeds. */
export function feedsPage(): string {
  const rows = readFeeds().map(({ name, permission, summary }) => [code(name), code(permission), summary]);
  return formatPage([
    "# Feeds",
    "Everything that can be followed. Each feed stands once in a table in the code, and every protocol that can push is a skin over it, as with [operations](operations.md).",
    formatTable(["Feed", "Permission", "What it tells"], rows),
    [
      "- A feed checks permission and input at once, and goes on until its follower leaves.",
      "- Nothing is queued without a bound for a follower who reads slowly: `models`, `metrics` and `pulls` tell the last of each thing, `events` is read on from the log.",
      "- An item of `events` has an `id`; `after_id` goes on after it. Replicas that share PostgreSQL have one log, so that a follower goes on at any of them. Where each has a log of its own the id names it: at another replica `feed.gap` says that something may be missing, and events of other replicas, told as they happen, have no id.",
    ].join("\n"),
  ]);
}
