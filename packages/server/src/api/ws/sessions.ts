import { PlatformError } from "@llm-platform/kit";
import type { Session } from "./session.ts";

/** How long a session goes on without a connection. */
export const resumeSeconds = 60;

/** Every session, by its id, and how many connections each principal has. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #timers = new Map<Session, NodeJS.Timeout>();
  readonly #perPrincipal = new Map<string, number>();

  [Symbol.iterator](): IterableIterator<Session> {
    return this.#sessions.values();
  }

  get size(): number {
    return this.#sessions.size;
  }

  add(session: Session): void {
    this.#sessions.set(session.id, session);
  }

  /** A place for one more connection; undefined when the principal has `most` already. Gives the place back when called. */
  takePlace(principalId: string, most: number): (() => void) | undefined {
    const open = this.#perPrincipal.get(principalId) ?? 0;
    if (open >= most) return undefined;
    this.#perPrincipal.set(principalId, open + 1);
    return () => {
      const left = (this.#perPrincipal.get(principalId) ?? 1) - 1;
      if (left <= 0) this.#perPrincipal.delete(principalId);
      else this.#perPrincipal.set(principalId, left);
    };
  }

  /** The connection is lost, and may come again. */
  keep(session: Session): void {
    const timer = setTimeout(() => this.end(session, gone()), resumeSeconds * 1_000);
    this.#timers.set(session, timer.unref());
  }

  /**
   * The session that a new connection goes on with.
   * @param fresh the one that it has so far
   * @throws PlatformError `not_found` where it is not here, `conflict` when the new one has begun something
   */
  takeUp(id: string, fresh: Session): Session {
    const session = this.#sessions.get(id);
    if (
      session === undefined ||
      session.principal.id !== fresh.principal.id ||
      session.channel !== fresh.channel
    ) {
      throw new PlatformError(
        "not_found",
        "This session is over, or is one of another replica. Calls are not moved between replicas: start them again. Feeds go on by `after_id`.",
        { field: "data.session" },
      );
    }
    if (session === fresh || fresh.isBusy) {
      throw new PlatformError(
        "conflict",
        "A session is taken up by a connection that has begun nothing yet. Send session.resume first.",
      );
    }
    clearTimeout(this.#timers.get(session));
    this.#timers.delete(session);
    return session;
  }

  /** Over for good: what goes on in it is given up. */
  end(session: Session, reason: PlatformError): void {
    clearTimeout(this.#timers.get(session));
    this.#timers.delete(session);
    this.#sessions.delete(session.id);
    session.end(reason);
  }
}

export function gone(): PlatformError {
  return new PlatformError("client_cancelled", "The client has gone.");
}
