import { ClientError } from "@llm-platform/client";
import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { ErrorState, Notice, Skeleton } from "../../components/notice.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { requestMessages } from "./messages.ts";
import styles from "./requests.module.css";

/** What was asked and answered. Each reading is put on record, so it is read only when somebody asks. */
export function ContentCard({ id }: { readonly id: string }) {
  const say = useText(requestMessages);
  const [isAsked, setIsAsked] = useState(false);
  return (
    <Card title={say("content")}>
      {isAsked ? (
        <Content id={id} />
      ) : (
        <>
          <p>{say("content_text")}</p>
          <div>
            <Button icon="lock" onClick={() => setIsAsked(true)}>
              {say("content_show")}
            </Button>
          </div>
        </>
      )}
    </Card>
  );
}

function Content({ id }: { readonly id: string }) {
  const say = useText(requestMessages);
  const { data, error } = useOperation("usage.content", { request_id: id });
  if (error instanceof ClientError && error.kind === "not_found")
    return <Notice>{say("content_none")}</Notice>;
  if (error !== null) return <ErrorState error={error} />;
  if (data === undefined) return <Skeleton />;
  return (
    <>
      <Text label={say("asked")} part={data.request} />
      {data.reply === null ? <p>{say("no_reply")}</p> : <Text label={say("answered")} part={data.reply} />}
    </>
  );
}

interface Kept {
  readonly text: string;
  readonly bytes: number;
  readonly truncated: boolean;
}

function Text({ label, part }: { readonly label: string; readonly part: Kept }) {
  const say = useText(requestMessages);
  const formats = useFormats();
  return (
    <figure className={styles["content"]}>
      <figcaption>
        {label}, {formats.bytes(part.bytes)}
        {part.truncated ? ` ${say("truncated")}` : ""}
      </figcaption>
      <pre tabIndex={0} role="group" aria-label={label}>
        {part.text}
      </pre>
    </figure>
  );
}
