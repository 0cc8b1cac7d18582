import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { SelectField } from "../../components/field.tsx";
import { Notice } from "../../components/notice.tsx";
import { keyPlaceholder, languages, type SnippetLanguage, writeSnippet } from "../../components/snippets.ts";
import { useToasts } from "../../components/toast.tsx";
import { useChange, useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useCaller } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import { chooseModel } from "./first-model.ts";
import { startMessages } from "./messages.ts";
import styles from "./start.module.css";

interface CallItProps {
  /** The text of the key that was made here. */
  readonly secret: string | undefined;
  onKey(secret: string): void;
}

/** A program that calls a model, ready to be copied. */
export function CallIt({ secret, onKey }: CallItProps) {
  const say = useText(startMessages);
  const { kind } = useCaller();
  const [language, setLanguage] = useState<SnippetLanguage>("curl");
  const { data } = useOperation("models.list", {});
  // Whoever sits at a server that knows nobody needs no key: the first one would lock this page out.
  const isOpen = kind === "local";
  const snippet = writeSnippet(language, {
    origin: window.location.origin,
    body: {
      model: chooseModel(data?.models ?? []) ?? "MODEL",
      messages: [{ role: "user", content: "Hello" }],
    },
    key: secret ?? keyPlaceholder,
  });
  return (
    <Card title={say("call")} actions={<CopyButton text={snippet} label={say("copy_snippet")} />}>
      <SelectField<SnippetLanguage>
        label={say("language")}
        value={language}
        options={languages.map((value) => ({ value, label: say(`language_${value}`) }))}
        onChange={setLanguage}
      />
      <pre className={styles["code"]} tabIndex={0} role="region" aria-label={say("snippet")}>
        {snippet}
      </pre>
      {isOpen ? <p className={styles["soft"]}>{say("no_key_needed")}</p> : null}
      {secret === undefined && !isOpen ? (
        <Allowed to="keys.create">
          <KeyButton onKey={onKey} />
        </Allowed>
      ) : null}
      {secret === undefined ? null : <Notice tone="good">{say("key_made")}</Notice>}
    </Card>
  );
}

function KeyButton({ onKey }: { onKey(secret: string): void }) {
  const say = useText(startMessages);
  const toasts = useToasts();
  const create = useChange("keys.create");
  return (
    <Button
      icon="key"
      isBusy={create.isPending}
      onClick={() =>
        create.mutate(
          { name: "first steps", role: "developer" },
          { onSuccess: ({ key }) => onKey(key), onError: toasts.failed },
        )
      }
    >
      {say("make_key")}
    </Button>
  );
}
