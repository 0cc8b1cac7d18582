import { type ReactNode, useState } from "react";
import { Button } from "../../components/button.tsx";
import { AreaField } from "../../components/field.tsx";
import { useText } from "../../text/use-text.ts";
import type { Question } from "./conversation.ts";
import { ImageField } from "./image-field.tsx";
import { playgroundMessages } from "./messages.ts";
import styles from "./playground.module.css";

interface QuestionFormProps {
  /** Why nothing can be asked now; undefined when it can. */
  readonly hindrance: string | undefined;
  readonly isBusy: boolean;
  /** Whether every chosen model sees images. */
  readonly takesImages: boolean;
  /** Further things to do with the question as it stands. */
  children(draft: Question): ReactNode;
  onAsk(question: Question): void;
  onCancel(): void;
}

/** Takes the next question. Enter sends it, Shift and Enter begin a line. */
export function QuestionForm({
  hindrance,
  isBusy,
  takesImages,
  children,
  onAsk,
  onCancel,
}: QuestionFormProps) {
  const say = useText(playgroundMessages);
  const [text, setText] = useState("");
  const [images, setImages] = useState<readonly string[]>([]);
  const draft: Question = { role: "user", text, images: takesImages ? images : [] };
  const canAsk = hindrance === undefined && !isBusy && text.trim() !== "";
  function ask() {
    if (!canAsk) return;
    onAsk(draft);
    setText("");
    setImages([]);
  }
  return (
    <form
      className={styles["question"]}
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
      onKeyDown={(event) => {
        const isInText = event.target instanceof HTMLTextAreaElement;
        if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing || !isInText) return;
        event.preventDefault();
        ask();
      }}
    >
      <AreaField
        label={say("prompt")}
        hint={hindrance ?? say("hint_prompt")}
        value={text}
        onChange={setText}
      />
      {takesImages ? <ImageField images={images} onChange={setImages} /> : null}
      <div className={styles["actions"]}>
        {isBusy ? (
          <Button icon="cross" onClick={onCancel}>
            {say("cancel")}
          </Button>
        ) : (
          <Button look="primary" icon="play" isSubmit disabled={!canAsk}>
            {say("ask")}
          </Button>
        )}
        {children(draft)}
      </div>
    </form>
  );
}
