import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { Router } from "wouter";
import { Button } from "./components/button.tsx";
import { Skeleton } from "./components/notice.tsx";
import { ToastProvider } from "./components/toast.tsx";
import { createLiveConnection } from "./live/live-connection.ts";
import { LiveContext } from "./live/use-live.ts";
import { LoginAgain } from "./session/login-again.tsx";
import { EntryPanel, LoginPage } from "./session/login-page.tsx";
import type { Session } from "./session/session.ts";
import { SessionContext, useSession, useSessionState } from "./session/use-session.ts";
import { PageOutlet } from "./shell/page-outlet.tsx";
import { shellMessages } from "./shell/messages.ts";
import { Shell } from "./shell/shell.tsx";
import { PreferencesProvider } from "./text/preferences-provider.tsx";
import { useText } from "./text/use-text.ts";

/** Where the console's own addresses begin. */
const base = "/console";
const staleMs = 10_000;

/** The whole console. @param session not started yet */
export function App({ session }: { readonly session: Session }) {
  useEffect(() => void session.start(), [session]);
  return (
    <PreferencesProvider>
      <SessionContext value={session}>
        <ToastProvider>
          <Router base={base}>
            <Gate />
          </Router>
        </ToastProvider>
      </SessionContext>
    </PreferencesProvider>
  );
}

function Gate() {
  const say = useText(shellMessages);
  const session = useSession();
  const state = useSessionState();
  switch (state.status) {
    case "starting":
      return (
        <EntryPanel title={say("starting")}>
          <Skeleton />
        </EntryPanel>
      );
    case "unreachable":
      return (
        <EntryPanel title={say("unreachable_title")} text={say("unreachable_text")}>
          <Button look="primary" icon="refresh" onClick={() => void session.start()}>
            {say("try_again")}
          </Button>
        </EntryPanel>
      );
    case "out":
      return <LoginPage wayIn={state.wayIn} />;
    case "in":
    case "expired":
      // Another reader gets nothing of what was fetched for the one before.
      return <Inside key={state.caller.id} />;
  }
}

function Inside() {
  const session = useSession();
  const state = useSessionState();
  const [queries] = useState(
    () => new QueryClient({ defaultOptions: { queries: { staleTime: staleMs, retry: false } } }),
  );
  const live = useMemo(() => createLiveConnection(window.location.origin, session), [session]);
  const isIn = state.status === "in";
  useEffect(() => {
    if (!isIn) return undefined;
    live.start();
    return () => live.stop();
  }, [live, isIn]);
  return (
    <QueryClientProvider client={queries}>
      <LiveContext value={live}>
        <Shell>
          <PageOutlet />
        </Shell>
        {state.status === "expired" ? <LoginAgain wayIn={state.wayIn} name={state.caller.name} /> : null}
      </LiveContext>
    </QueryClientProvider>
  );
}
