import type { PlatformEvent } from "@llm-platform/kit";
import { z } from "zod";
import type { RemoteEvent } from "./control/events.ts";
import type { Manager } from "./manager/manager.ts";
import type { Bus } from "./sharing/bus.ts";
import type { Identity } from "./store/identity.ts";

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

/**
 * What happens to integrations of other replicas, for those who listen now. It is not kept here: each replica has the
 * log of its own events.
 */
export function listenToEvents(bus: Bus): (listener: (event: RemoteEvent) => void) => () => void {
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
