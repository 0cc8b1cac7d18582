import { toStreamedBody } from "@llm-platform/client";
import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { SelectField } from "../../components/field.tsx";
import { keyPlaceholder, languages, type SnippetLanguage, writeSnippet } from "../../components/snippets.ts";
import { useCaller } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import { type Settings, toRequest } from "./chat-request.ts";
import { type Question, toAsked, type Turn } from "./conversation.ts";
import { playgroundMessages } from "./messages.ts";
import styles from "./playground.module.css";

interface CopyProgramProps {
  readonly model: string;
  readonly turns: readonly Turn[];
  readonly draft: Question;
  readonly settings: Settings;
}

/** Shows the next call as a program, or the last one while nothing is typed, ready to be copied and run. */
export function CopyProgram({ model, turns, draft, settings }: CopyProgramProps) {
  const say = useText(playgroundMessages);
  const { kind } = useCaller();
  const [isOpen, setIsOpen] = useState(false);
  const [language, setLanguage] = useState<SnippetLanguage>("curl");
  const asked = toAsked(turns, draft);
  if (asked.length === 0) return null;
  const program = writeSnippet(language, {
    origin: window.location.origin,
    body: { ...toStreamedBody(toRequest(model, asked, settings)) },
    // A server that knows nobody asks for no key, and the libraries for any.
    key: kind === "local" ? keyPlaceholder : undefined,
  });
  return (
    <>
      <Button look="quiet" icon="copy" onClick={() => setIsOpen(true)}>
        {say("as_program")}
      </Button>
      {isOpen ? (
        <Dialog title={say("program_title")} look="drawer" onClose={() => setIsOpen(false)}>
          <p>{say(kind === "local" ? "program_without_key" : "program_key")}</p>
          <SelectField<SnippetLanguage>
            label={say("language")}
            value={language}
            options={languages.map((value) => ({ value, label: say(`language_${value}`) }))}
            onChange={setLanguage}
          />
          <CopyButton text={program} label={say("copy_program")} />
          <pre className={styles["program"]} tabIndex={0}>
            {program}
          </pre>
        </Dialog>
      ) : null}
    </>
  );
}
