import type { Tone } from "../../components/state-mark.tsx";
import type { RequestRow } from "./request-filter.ts";

/** How well each end of a call is. */
export const statusTones: Readonly<Record<RequestRow["status"], Tone>> = {
  ok: "good",
  failed: "bad",
  refused: "warn",
  cancelled: "none",
  unfinished: "calm",
};
