import { useState } from "react";
import { Grid, PageFrame } from "../../components/page.tsx";
import { useText } from "../../text/use-text.ts";
import { Arrivals } from "./arrivals.tsx";
import { CallIt } from "./call-it.tsx";
import { Checklist } from "./checklist.tsx";
import { FoundPlatforms } from "./found-platforms.tsx";
import { startMessages } from "./messages.ts";
import { TryModel } from "./try-model.tsx";

/** From an empty data folder to the first answer, the first program, and a server that may be relied on. */
export function Page() {
  const say = useText(startMessages);
  // Only to the page that made it, and only until it is left.
  const [key, setKey] = useState<string>();
  return (
    <PageFrame title={say("title")} lead={say("lead")}>
      <Grid look="wide">
        <TryModel />
        <FoundPlatforms />
        <CallIt secret={key} onKey={setKey} />
        <Arrivals />
      </Grid>
      <Checklist />
    </PageFrame>
  );
}
