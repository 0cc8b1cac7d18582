import { randomBytes } from "node:crypto";
import { toConfiguredPrincipal } from "./api/authenticate.ts";
import type { PlatformConfig } from "./config/schema.ts";
import { createTickets, type TicketBox, type Tickets } from "./control/tickets.ts";
import type { Foundation } from "./foundation.ts";
import type { Login } from "./login.ts";
import { toInferenceSettings } from "./settings-of.ts";

const ticketBytes = 32;

/** Tickets, in what replicas share: their database, else Redis, and where there is neither in the data folder. */
export function openTickets(
  { store, sharing }: Pick<Foundation, "store" | "sharing">,
  { login, config }: { readonly login: Login; readonly config: PlatformConfig },
): Tickets {
  const configured = new Map(
    toInferenceSettings(config)
      .keys.map(toConfiguredPrincipal)
      .map((principal) => [principal.id, principal]),
  );
  const { tickets: shared } = sharing;
  return createTickets({
    box: store.isShared || shared === undefined ? store.tickets : withFallback(shared, store.tickets),
    findConfigured: (id) => configured.get(id),
    findHolder: (holder) => login.findHolder(holder),
    nowMs: Date.now,
    newText: () => randomBytes(ticketBytes).toString("base64url"),
  });
}

/** While Redis is away a ticket is good at the replica that gave it. */
function withFallback(shared: TicketBox, own: TicketBox): TicketBox {
  return {
    async put(sha256, holder, expiresAtMs) {
      try {
        await shared.put(sha256, holder, expiresAtMs);
      } catch {
        // Redis tells of its absence itself.
        await own.put(sha256, holder, expiresAtMs);
      }
    },
    async take(sha256, nowMs) {
      const kept = await own.take(sha256, nowMs);
      return kept ?? shared.take(sha256, nowMs);
    },
  };
}
