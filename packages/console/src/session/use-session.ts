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

/** Whether the reader may run an operation. What one may not do is not shown: use `<Allowed>` for parts of a page. */
export function useMay(): (operation: OperationName) => boolean {
  const { permissions } = useCaller();
  return (operation) => {
    const { permission } = operationRoutes[operation];
    return permission === "public" || permissions.includes(permission);
  };
}
