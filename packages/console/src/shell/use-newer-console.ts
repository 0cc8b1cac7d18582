import { useEffect, useState } from "react";
import { useLiveConnection } from "../live/use-live.ts";
import { useSession } from "../session/use-session.ts";

/** Whether the server has another console than the one that runs here; looked at when a lost connection is back. */
export function useNewerConsole(): boolean {
  const live = useLiveConnection();
  const session = useSession();
  const [isNewer, setIsNewer] = useState(false);
  useEffect(
    () =>
      live.onReconnected(() => {
        session.client.consolePage().then(
          (page) => setIsNewer(!hasEveryScript(page)),
          // A server that does not answer is told by the pill.
          () => undefined,
        );
      }),
    [live, session],
  );
  return isNewer;
}

/** Names of scripts change with what is in them. */
function hasEveryScript(page: string): boolean {
  return [...document.querySelectorAll<HTMLScriptElement>("script[src]")].every(({ src }) =>
    page.includes(new URL(src).pathname),
  );
}
