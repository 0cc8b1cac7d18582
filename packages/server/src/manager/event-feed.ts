import type { PlatformEvent } from "@llm-platform/kit";
import type { EventDraft, ManagerParts } from "./ports.ts";
import type { StateChange } from "./state-cell.ts";

/** Writes what happens to the durable log of events and tells those who listen. A listener that throws harms nobody. */
export interface EventFeed {
  /** Never throws: what cannot be made durable is logged. Listeners are told in the order of the calls. */
  publish(event: EventDraft): void;
  /** Publishes a change of a state, logs it, and tells its listeners. */
  publishChange(change: StateChange): void;
  onChange(listener: (change: StateChange) => void): () => void;
  /** What is published, before it is durable, and also when that fails. */
  onDraft(listener: (event: EventDraft) => void): () => void;
  onEvent(listener: (event: PlatformEvent) => void): () => void;
  /** Resolves when everything that was published so far is durable, or lost. */
  whenWritten(): Promise<void>;
}

const worrying = ["degraded", "retrying", "auth_required", "error"];

export function createEventFeed({
  events,
  secrets,
  log,
}: Pick<ManagerParts, "events" | "secrets" | "log">): EventFeed {
  const changeListeners = new Set<(change: StateChange) => void>();
  const draftListeners = new Set<(event: EventDraft) => void>();
  const eventListeners = new Set<(event: PlatformEvent) => void>();
  let written: Promise<void> = Promise.resolve();
  const lastWorries = new Map<string, string>();

  function tell<Value>(listeners: ReadonlySet<(value: Value) => void>, value: Value): void {
    for (const listener of listeners) {
      try {
        listener(value);
      } catch (error) {
        log.error("integration.listener_failed", { error });
      }
    }
  }

  function publish({ integration, type, data }: EventDraft): void {
    const draft = { integration, type: secrets.hide(type), data: secrets.hideIn(data) };
    tell(draftListeners, draft);
    // One after another: the ids are in the order of what happened.
    written = written.then(() => append(draft));
  }

  async function append(draft: EventDraft): Promise<void> {
    try {
      tell(eventListeners, await events.append(draft));
    } catch (error) {
      log.error("integration.event_lost", {
        integration: draft.integration,
        type: draft.type,
        error,
      });
    }
  }

  /** The same worry, retry after retry, is worth one line; the rest is for those who debug. */
  function logChange({ name, state, previous, reason }: StateChange): void {
    const fields = { integration: name, from: previous, to: state, reason };
    const worry = `${state}: ${reason}`;
    const isKnown = lastWorries.get(name) === worry;
    if (worrying.includes(state)) lastWorries.set(name, worry);
    else if (state === "running") lastWorries.delete(name);
    if (isKnown || (state === "starting" && previous === "retrying"))
      log.debug("integration.state_changed", fields);
    else if (worrying.includes(state)) log.warn("integration.state_changed", fields);
    else log.info("integration.state_changed", fields);
  }

  return {
    publish,
    publishChange(change) {
      const { name, state: to, previous: from, reason } = change;
      logChange(change);
      publish({
        integration: name,
        type: "integration.state_changed",
        data: { from, to, reason },
      });
      tell(changeListeners, change);
    },
    onChange: (listener) => addTo(changeListeners, listener),
    onDraft: (listener) => addTo(draftListeners, listener),
    onEvent: (listener) => addTo(eventListeners, listener),
    whenWritten: () => written,
  };
}

function addTo<Item>(set: Set<Item>, item: Item): () => void {
  set.add(item);
  return () => void set.delete(item);
}
