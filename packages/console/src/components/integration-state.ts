import type { OperationOutput } from "@llm-platform/client";
import { defineMessages } from "../text/messages.ts";
import type { IconName } from "./icon.tsx";
import type { Tone } from "./state-mark.tsx";

export type IntegrationStatus = OperationOutput<"integrations.list">["integrations"][number];
export type IntegrationState = IntegrationStatus["state"];

/** How each state of an integration is shown, everywhere the same. */
export const stateLooks: Readonly<
  Record<IntegrationState, { readonly tone: Tone; readonly icon: IconName }>
> = {
  running: { tone: "good", icon: "check" },
  starting: { tone: "calm", icon: "clock" },
  degraded: { tone: "warn", icon: "warning" },
  retrying: { tone: "warn", icon: "refresh" },
  auth_required: { tone: "bad", icon: "lock" },
  error: { tone: "bad", icon: "cross" },
  stopping: { tone: "none", icon: "power" },
  stopped: { tone: "none", icon: "power" },
  disabled: { tone: "none", icon: "minus" },
};

/** The words of the states are the API's own, in English. */
export const stateMessages = defineMessages(
  {
    running: "running",
    starting: "starting",
    degraded: "degraded",
    retrying: "retrying",
    auth_required: "auth required",
    error: "error",
    stopping: "stopping",
    stopped: "stopped",
    disabled: "disabled",
  },
  {
    running: "läuft",
    starting: "startet",
    degraded: "beeinträchtigt",
    retrying: "versucht es erneut",
    auth_required: "braucht Zugangsdaten",
    error: "Fehler",
    stopping: "hält an",
    stopped: "angehalten",
    disabled: "ausgeschaltet",
  },
);
