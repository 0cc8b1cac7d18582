import type { ChatToolCall } from "@llm-platform/client";
import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { AreaField } from "../../components/field.tsx";
import { useText } from "../../text/use-text.ts";
import type { ToolResult } from "./conversation.ts";
import { playgroundMessages } from "./messages.ts";
import styles from "./playground.module.css";

/** Functions that a model wants to have called, and with what. */
export function ToolCalls({ calls }: { readonly calls: readonly ChatToolCall[] }) {
  const say = useText(playgroundMessages);
  return calls.map(({ id, function: { name, arguments: given } }) => (
    <div key={id} className={styles["tool"]}>
      <p>
        {say("calls")} <code>{name}</code>
      </p>
      <pre tabIndex={0}>{indented(given)}</pre>
    </div>
  ));
}

/** Takes what the functions came to from the reader. */
export function ToolResultForm({
  calls,
  onSend,
}: {
  readonly calls: readonly ChatToolCall[];
  onSend(results: readonly ToolResult[]): void;
}) {
  const say = useText(playgroundMessages);
  const [texts, setTexts] = useState<ReadonlyMap<string, string>>(new Map());
  return (
    <form
      className={styles["question"]}
      onSubmit={(event) => {
        event.preventDefault();
        onSend(calls.map(({ id }) => ({ role: "tool", callId: id, text: texts.get(id) ?? "" })));
      }}
    >
      {calls.map(({ id, function: { name } }) => (
        <AreaField
          key={id}
          label={say("result_of", { name })}
          rows={2}
          value={texts.get(id) ?? ""}
          onChange={(text) => setTexts(new Map(texts).set(id, text))}
        />
      ))}
      <div className={styles["actions"]}>
        <Button icon="play" isSubmit>
          {say("send_results")}
        </Button>
      </div>
    </form>
  );
}

/** As the model wrote it where it is no JSON, which happens. */
function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
