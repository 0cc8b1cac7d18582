import { randomUUID } from "node:crypto";
import type { KeyValues, PlatformEvent } from "@llm-platform/kit";
import { z } from "zod";
import type { EventReader, RemoteEvent } from "./control/events.ts";
import type { Manager } from "./manager/manager.ts";
import type { Bus } from "./sharing/bus.ts";
import type { Identity } from "./store/identity.ts";
import type { Store } from "./store/store.ts";

/** Tells the other replicas what is changed here, and takes over what they change. */
export function shareChanges(parts: {
  readonly manager: Manager;
  readonly identity: Identity;
  readonly bus: Bus;
}): void {
  shareIdentity(parts.identity, parts.bus);
  shareEvents(parts.manager, parts.bus);
}

/** Tells the other replicas when a user, a key or a session was changed here, and forgets what they changed. */
export function shareIdentity(identity: Identity, bus: Bus): void {
  identity.onChange(({ by }) => {
    if (by === "here") bus.publish("identity", {});
  });
  bus.subscribe("identity", () => void identity.changedElsewhere("changed"));
  bus.onGap(() => void identity.changedElsewhere("missed"));
}

/** Tells the other replicas what happens to integrations here. */
function shareEvents(manager: Manager, bus: Bus): void {
  manager.onEvent(({ time, integration, type, data }: PlatformEvent) =>
    bus.publish("event", { time, integration, type, data }),
  );
}

interface EventReaderParts {
  readonly store: Pick<Store, "events" | "isShared" | "keyValues">;
  manager(): Manager;
  readonly bus: Bus;
}

const logNameLength = 8;

/**
 * The events of this replica, and those of others. Where they share a log, word of one is a reason to read on in it.
 * Where each has its own, those of others are heard by who listens, and are not kept here.
 */
export function createEventReader({ store, manager, bus }: EventReaderParts): EventReader {
  const others = listenToOthers(bus);
  let named: Promise<string> | undefined;
  return {
    isShared: store.isShared,
    async logName() {
      if (store.isShared) return undefined;
      named ??= nameLog(store.keyValues("_events"));
      // Asked for again when the store did not answer.
      named.catch(() => (named = undefined));
      return named;
    },
    bounds: () => store.events.bounds(),
    list: (filter) => store.events.list(filter),
    onEvent(listener) {
      const stopOwn = manager().onEvent(listener);
      const stopOthers = store.isShared ? others(listener) : () => undefined;
      return () => {
        stopOwn();
        stopOthers();
      };
    },
    onRemoteEvent: store.isShared ? () => () => undefined : others,
  };
}

/** The name of this log of events; made up when it is first asked for. */
async function nameLog(values: KeyValues): Promise<string> {
  const known = await values.get("name");
  if (typeof known === "string") return known;
  const name = randomUUID().slice(0, logNameLength);
  await values.set("name", name);
  return name;
}

function listenToOthers(bus: Bus): EventReader["onRemoteEvent"] {
  const listeners = new Set<(event: RemoteEvent) => void>();
  bus.subscribe("event", (message, replica) => {
    const event = eventSchema.safeParse(message).data;
    if (event !== undefined) for (const listener of listeners) listener({ id: 0, ...event, replica });
  });
  return (listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
}

const eventSchema = z.object({
  time: z.string(),
  integration: z.string(),
  type: z.string(),
  data: z.record(z.string(), z.json()),
});
