import { useEffect, useRef, useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { SelectField, TextField } from "../../components/field.tsx";
import { EmptyState, ErrorState } from "../../components/notice.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { useSession } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import { chooseModel, namesOf } from "./first-model.ts";
import { startMessages } from "./messages.ts";
import styles from "./start.module.css";

/** A question to a model, and its answer as it comes. */
export function TryModel() {
  const say = useText(startMessages);
  const { data, error } = useOperation("models.list", {});
  const names = namesOf(data?.models ?? []);
  const [chosen, setChosen] = useState<string>();
  const [question, setQuestion] = useState(say("question_example"));
  const answer = useAnswer();
  const model = chosen ?? chooseModel(data?.models ?? []);
  return (
    <Card title={say("try")}>
      {error === null ? null : <ErrorState error={error} />}
      {data !== undefined && model === undefined ? (
        <EmptyState icon="cube" title={say("no_model_title")} text={say("no_model_text")} />
      ) : null}
      {model === undefined ? null : (
        <form
          className={styles["form"]}
          onSubmit={(event) => {
            event.preventDefault();
            answer.ask(model, question);
          }}
        >
          <SelectField
            label={say("model")}
            value={model}
            options={names.map((name) => ({ value: name, label: name }))}
            onChange={setChosen}
          />
          <TextField label={say("question")} value={question} onChange={setQuestion} isRequired />
          <Button look="primary" icon="chat" isSubmit isBusy={answer.isBusy}>
            {say(chosen === undefined ? "try_demo" : "ask", { name: model })}
          </Button>
        </form>
      )}
      {answer.text === "" ? null : (
        <blockquote className={styles["answer"]} aria-label={say("answer")} aria-busy={answer.isBusy}>
          {answer.text}
        </blockquote>
      )}
      {answer.error === undefined ? null : <ErrorState error={answer.error} />}
    </Card>
  );
}

interface Answer {
  readonly text: string;
  readonly isBusy: boolean;
  readonly error?: Error | undefined;
}

/** One answer at a time; leaving the page ends it. */
function useAnswer() {
  const { client } = useSession();
  const [answer, setAnswer] = useState<Answer>({ text: "", isBusy: false });
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);

  async function read(model: string, question: string, signal: AbortSignal) {
    let text = "";
    setAnswer({ text, isBusy: true });
    try {
      for await (const { content } of client.chat(model, [{ role: "user", content: question }], signal)) {
        text += content;
        setAnswer({ text, isBusy: true });
      }
      setAnswer({ text, isBusy: false });
    } catch (error) {
      if (signal.aborted) return;
      setAnswer({ text, isBusy: false, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  return {
    ...answer,
    ask(model: string, question: string) {
      abort.current?.abort();
      abort.current = new AbortController();
      void read(model, question, abort.current.signal);
    },
  };
}
