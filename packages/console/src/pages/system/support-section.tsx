import type { OperationOutput } from "@llm-platform/client";
import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { CheckField } from "../../components/field.tsx";
import { ErrorState } from "../../components/notice.tsx";
import { saveFile } from "../../components/save-file.ts";
import { useToasts } from "../../components/toast.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useChange } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { systemMessages } from "./messages.ts";
import styles from "./system.module.css";
import { toTar } from "./to-tar.ts";

type Bundle = OperationOutput<"system.support_bundle">;

/** A browser takes long to draw more than that. */
const mostShown = 100_000;

/** A bundle for who is asked for help: put together, looked at file by file, and only then downloaded. */
export function SupportSection() {
  const say = useText(systemMessages);
  const [isNaming, setIsNaming] = useState(false);
  const gather = useChange("system.support_bundle");
  return (
    <>
      <Card title={say("bundle")}>
        <p>{say("bundle_text")}</p>
        <CheckField
          label={say("include_hosts")}
          hint={say("include_hosts_hint")}
          isChecked={isNaming}
          onChange={(next) => {
            setIsNaming(next);
            // What was put together otherwise is not what would be sent.
            gather.reset();
          }}
        />
        <div>
          <Button
            look={gather.data === undefined ? "primary" : "plain"}
            icon="wrench"
            isBusy={gather.isPending}
            onClick={() => gather.mutate({ include_hosts: isNaming })}
          >
            {say("put_together")}
          </Button>
        </div>
        {gather.error === null ? null : <ErrorState error={gather.error} />}
      </Card>
      {gather.data === undefined ? null : <Preview key={gather.data.created_at} bundle={gather.data} />}
    </>
  );
}

function Preview({ bundle }: { readonly bundle: Bundle }) {
  const say = useText(systemMessages);
  const formats = useFormats();
  const toasts = useToasts();
  const [opened, setOpened] = useState<string>();
  return (
    <Card
      title={say("files")}
      actions={
        <Button
          look="primary"
          icon="out"
          onClick={() => {
            saveFile(`${bundle.name}.tar`, "application/x-tar", [toTar(bundle)]);
            toasts.done(say("bundle_saved"));
          }}
        >
          {say("download")}
        </Button>
      }
    >
      <ul className={styles["list"]}>
        {bundle.files.map(({ name, about, bytes, text }) => {
          const isOpen = opened === name;
          return (
            <li key={name} className={styles["list"]}>
              <div className={styles["line"]}>
                <span>
                  <code>{name}</code> · {formats.bytes(bytes)}
                  <br />
                  <span className={styles["hint"]}>{about}</span>
                </span>
                <Button
                  look="quiet"
                  aria-expanded={isOpen}
                  onClick={() => setOpened(isOpen ? undefined : name)}
                >
                  {say(isOpen ? "close_file" : "look_at", { name })}
                </Button>
              </div>
              {isOpen ? (
                <pre className={styles["text"]} tabIndex={0} aria-label={say("preview", { name })}>
                  {text.slice(0, mostShown)}
                </pre>
              ) : null}
              {isOpen && text.length > mostShown ? <p className={styles["hint"]}>{say("cut")}</p> : null}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
