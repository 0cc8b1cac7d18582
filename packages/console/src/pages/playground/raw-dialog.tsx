import { Dialog } from "../../components/dialog.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { useText } from "../../text/use-text.ts";
import type { Answer } from "./conversation.ts";
import { playgroundMessages } from "./messages.ts";
import styles from "./playground.module.css";

/** What was sent, and what came back, as it went over the wire. */
export function RawDialog({ answer, onClose }: { readonly answer: Answer; onClose(): void }) {
  const say = useText(playgroundMessages);
  const sent = JSON.stringify(answer.raw.request, null, 2);
  const received = answer.raw.events.map((event) => `data: ${event}`).join("\n\n");
  return (
    <Dialog title={say("raw_title")} look="drawer" onClose={onClose}>
      <RawPart title={say("raw_request")} text={sent} />
      <RawPart title={say("raw_response")} text={received === "" ? say("raw_nothing") : received} />
    </Dialog>
  );
}

function RawPart({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <section className={styles["rawPart"]} aria-label={title}>
      <div className={styles["rawHead"]}>
        <h3>{title}</h3>
        <CopyButton text={text} />
      </div>
      <pre tabIndex={0}>{text}</pre>
    </section>
  );
}
