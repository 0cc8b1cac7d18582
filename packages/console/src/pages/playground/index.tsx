import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { AreaField, SelectField } from "../../components/field.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { Grid, PageFrame } from "../../components/page.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { useCaller } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import { AnswerCard } from "./answer-card.tsx";
import { playgroundMessages } from "./messages.ts";
import { toCurl } from "./to-curl.ts";
import { toMessages, useAnswers } from "./use-answers.ts";

const places = [0, 1, 2, 3] as const;

/** Asks one to four models the same, and shows their answers beside each other as they come. */
export function Page() {
  const say = useText(playgroundMessages);
  // No operation stands for calling a model, so the permission itself is looked at.
  const mayCall = useCaller().permissions.includes("inference.call");
  const { data } = useOperation("models.list", {});
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [system, setSystem] = useState("");
  const [prompt, setPrompt] = useState("");
  const { answers, ask, cancel } = useAnswers();
  const chats = (data?.models ?? []).filter(({ operations }) => operations.includes("chat"));
  const models = [...new Set(chosen.filter((model) => model !== ""))];
  const isBusy = answers.some(({ state }) => state === "running");
  const question = { system, prompt };
  if (!mayCall) return <EmptyState icon="lock" title={say("locked_title")} text={say("locked_text")} />;
  if (data !== undefined && chats.length === 0)
    return <EmptyState icon="chat" title={say("none_title")} text={say("none_text")} />;
  return (
    <PageFrame title={say("title")} lead={say("lead")}>
      <Card title={say("question")}>
        <Grid look="narrow">
          {places.map((place) => (
            <SelectField
              key={place}
              label={say("model", { place: place + 1 })}
              value={chosen[place] ?? ""}
              options={[
                { value: "", label: say("no_model") },
                ...chats
                  .map((model) => `${model.integration}/${model.id}`)
                  .map((id) => ({ value: id, label: id })),
              ]}
              onChange={(model) => setChosen(places.map((at) => (at === place ? model : (chosen[at] ?? ""))))}
            />
          ))}
        </Grid>
        <AreaField label={say("system")} rows={2} value={system} onChange={setSystem} />
        <AreaField label={say("prompt")} value={prompt} onChange={setPrompt} />
        <div>
          {isBusy ? (
            <Button icon="cross" onClick={cancel}>
              {say("cancel")}
            </Button>
          ) : (
            <Button
              look="primary"
              icon="play"
              disabled={models.length === 0 || prompt.trim() === ""}
              onClick={() => ask(models, question)}
            >
              {say("ask")}
            </Button>
          )}
          {models[0] === undefined ? null : (
            <CopyButton
              label={say("copy_curl")}
              text={toCurl(window.location.origin, models[0], toMessages(question))}
            />
          )}
        </div>
      </Card>
      <Grid look="wide">
        {answers.map((answer) => (
          <AnswerCard key={answer.model} answer={answer} />
        ))}
      </Grid>
    </PageFrame>
  );
}
