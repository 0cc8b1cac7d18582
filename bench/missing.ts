import type { PeerName } from "./scenarios.ts";

/** Why a gateway that others are compared with is not among the figures, in one line each. */
export type Missing = Readonly<Partial<Record<PeerName, string>>>;

const maxReasonLength = 240;

/**
 * The first line of what was thrown, fit for a report that others read: addresses and folders of this machine are not
 * their business.
 */
export function toReason(thrown: unknown): string {
  const [line = ""] = (thrown instanceof Error ? thrown.message : String(thrown)).trim().split("\n");
  return line
    .replaceAll(/\b[a-z]+:\/\/\S+/g, "(address)")
    .replaceAll(/(?<![\w.])\/[\w.@-]+(?:\/[\w.@-]+)+\/?/g, "(path)")
    .replace(/:$/, "")
    .slice(0, maxReasonLength);
}
