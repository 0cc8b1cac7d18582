import { hash } from "node:crypto";
import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import type { KeyHolder } from "../core/identity.ts";
import type { Principal } from "../core/principal.ts";
import { defineOperation, type Operation } from "./operation.ts";

/** Where tickets lie until they are used: in one place for all replicas, as far as they share one. */
export interface TicketBox {
  /** Rejects with PlatformError `unavailable`. */
  put(sha256: string, holder: string, expiresAtMs: number): Promise<void>;
  /** What was put there, once and before it has expired. Rejects with PlatformError `unavailable`. */
  take(sha256: string, nowMs: number): Promise<string | undefined>;
}

/** Whose ticket it is: by what it was got, for that may end before what the ticket opened does. */
export interface TicketHolder {
  readonly by: "configured_key" | "key" | "session" | "user";
  /** Of the principal. */
  readonly id: string;
  readonly sessionId?: string | undefined;
  /** When it was got, since the epoch. */
  readonly issuedAtMs: number;
}

export interface TicketParts {
  readonly box: TicketBox;
  /** A key of the configuration, by its principal's id. */
  findConfigured(id: string): Principal | undefined;
  /** Others as they are now; undefined for one that works no longer. Rejects with PlatformError `unavailable`. */
  findHolder(holder: TicketHolder): Promise<KeyHolder | undefined>;
  /** Wall time. */
  readonly nowMs: () => number;
  /** A text that cannot be guessed. */
  newText(): string;
}

/** Tickets: a page gets one with its token, and opens a connection with it where it cannot send the token. */
export interface Tickets {
  /** Rejects with PlatformError `conflict` for a caller without a key or token, and `unavailable`. */
  issue(principal: Principal): Promise<string>;
  /** Rejects with PlatformError `unauthenticated` for a ticket that was used, has expired or never was. */
  redeem(ticket: string): Promise<TicketHolder>;
  /** Who that is now. Rejects with PlatformError `unauthenticated` once what the ticket was got by works no longer. */
  identify(holder: TicketHolder): Promise<Principal>;
}

const ticketSeconds = 30;
const ticketForm = /^llmt_[\w-]{43}$/;
/** A token of an identity provider says itself when it ends, and is not kept: what its ticket opens ends by then. */
const longestUserMs = 3_600_000;

const holderSchema = z.object({
  by: z.enum(["configured_key", "key", "session", "user"]),
  id: z.string(),
  sessionId: z.string().optional(),
  issuedAtMs: z.number(),
});

export function createTickets({ box, findConfigured, findHolder, nowMs, newText }: TicketParts): Tickets {
  return {
    async issue(principal) {
      const ticket = `llmt_${newText()}`;
      const holder: TicketHolder = { ...toHolder(principal, findConfigured), issuedAtMs: nowMs() };
      await box.put(hash("sha256", ticket), JSON.stringify(holder), nowMs() + ticketSeconds * 1_000);
      return ticket;
    },
    async redeem(ticket) {
      const text = ticketForm.test(ticket) ? await box.take(hash("sha256", ticket), nowMs()) : undefined;
      const holder = text === undefined ? undefined : holderSchema.safeParse(JSON.parse(text)).data;
      if (holder === undefined) throw endedTicket();
      return holder;
    },
    async identify(holder) {
      if (holder.by === "configured_key") {
        const principal = findConfigured(holder.id);
        if (principal === undefined) throw endedTicket();
        return principal;
      }
      const found = await findHolder(holder);
      const isOver = holder.by === "user" && nowMs() > holder.issuedAtMs + longestUserMs;
      if (found === undefined || isOver || found.expiresAtMs <= nowMs()) throw endedTicket();
      return found.principal;
    },
  };
}

function toHolder(
  { id, kind, sessionId }: Principal,
  findConfigured: TicketParts["findConfigured"],
): Pick<TicketHolder, "by" | "id" | "sessionId"> {
  if (kind === "token") return { by: sessionId === undefined ? "user" : "session", id, sessionId };
  if (kind === "api_key") return { by: findConfigured(id) === undefined ? "key" : "configured_key", id };
  throw new PlatformError(
    "conflict",
    "A caller without a key or a token needs no ticket: connect without one.",
  );
}

function endedTicket(): PlatformError {
  return new PlatformError(
    "unauthenticated",
    "The ticket is not known, was used or has expired. Get another from POST /api/v1/auth/tickets.",
  );
}

export function ticketOperations(tickets: Tickets): readonly Operation[] {
  return [
    defineOperation({
      name: "auth.ticket",
      summary: "Gives a ticket that opens one WebSocket connection as the caller, within 30 seconds.",
      permission: "self.write",
      rest: { method: "POST", path: "/api/v1/auth/tickets" },
      audit: { target: () => ({ type: "ticket", id: null, name: null }) },
      input: z.strictObject({}),
      output: z.object({
        ticket: z.string().describe("To be sent as `?ticket=…`, once.").meta({ format: "secret" }),
        expires_in: z.number().describe("Seconds until it expires."),
      }),
      run: async (_input, { principal }) => ({
        ticket: await tickets.issue(principal),
        expires_in: ticketSeconds,
      }),
    }),
  ];
}
