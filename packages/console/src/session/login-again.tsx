import type { PageState } from "@llm-platform/client";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { useText } from "../text/use-text.ts";
import { LoginForm } from "./login-form.tsx";
import { sessionMessages } from "./messages.ts";
import { useSession } from "./use-session.ts";

/** Stands before the page when the login is over; what was typed behind it stays. */
export function LoginAgain({ wayIn, name }: { readonly wayIn: PageState; readonly name: string }) {
  const say = useText(sessionMessages);
  const session = useSession();
  return (
    <Dialog title={say("expired_title")}>
      <p>{say("expired_text", { name })}</p>
      {/* At a provider the browser leaves the page, and with it what was typed. */}
      <LoginForm wayIn={{ ...wayIn, providers: [] }} name={name} />
      <Button look="quiet" onClick={() => void session.logOut()}>
        {say("log_out")}
      </Button>
    </Dialog>
  );
}
