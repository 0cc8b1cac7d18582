import { operationRoutes, type OperationName } from "@llm-platform/client";
import { createContext, useContext, useSyncExternalStore } from "react";
import type { Caller, Session, SessionState } from "./session.ts";

export const SessionContext = createContext<Session | undefined>(undefined);

/** The page's login. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error("there is no session around this component");
  return session;
}

export function useSessionState(): SessionState {
  const session = useSession();
  return useSyncExternalStore(session.subscribe, () => session.state);
}

/** Who reads. Only for what is shown to those who are in. */
export function useCaller(): Caller {
  const state = useSessionState();
  if (state.status === "in" || state.status === "expired") return state.caller;
  throw new Error("nobody is in");
}

/** What a reader may do or not: run an operation, or call models, for which no operation stands. */
export type Deed = OperationName | "inference.call";

/** Whether the reader may do something. What one may not do is not shown: use `<Allowed>` for parts of a page. */
export function useMay(): (deed: Deed) => boolean {
  const { permissions } = useCaller();
  return (deed) => {
    const permission = deed === "inference.call" ? deed : operationRoutes[deed].permission;
    return permission === "public" || permissions.includes(permission);
  };
}
