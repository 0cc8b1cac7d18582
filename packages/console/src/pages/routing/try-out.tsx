import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { ErrorState, Skeleton } from "../../components/notice.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { routingMessages } from "./messages.ts";
import { PlaceList } from "./place-list.tsx";
import { type RouteDraft, toFields } from "./route-draft.ts";
import styles from "./routing.module.css";

/** Shows where calls would go with what is written, before it is saved. */
export function TryOut({ draft, model }: { readonly draft: RouteDraft; readonly model: string }) {
  const say = useText(routingMessages);
  const [tried, setTried] = useState<RouteDraft>();
  return (
    <>
      <div>
        <Button icon="search" disabled={model.trim() === ""} onClick={() => setTried(draft)}>
          {say("try_out")}
        </Button>
      </div>
      {tried === draft ? <Outcome draft={tried} model={model.trim()} /> : null}
    </>
  );
}

function Outcome({ draft, model }: { readonly draft: RouteDraft; readonly model: string }) {
  const say = useText(routingMessages);
  const { data, error, isPlaceholderData } = useOperation("routes.preview", { model, ...toFields(draft) });
  if (error !== null) return <ErrorState error={error} />;
  if (data === undefined || isPlaceholderData) return <Skeleton />;
  return (
    <section className={styles["outcome"]} aria-label={say("try_out")}>
      <PlaceList label={say("would_lead", { name: model })} places={data.candidates} figures={undefined} />
    </section>
  );
}
