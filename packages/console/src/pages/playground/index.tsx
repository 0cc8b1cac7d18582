import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/notice.tsx";
import { Grid, PageFrame } from "../../components/page.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { findProblems, noSettings, type Settings } from "./chat-request.ts";
import { CopyProgram } from "./copy-program.tsx";
import { LaneCard } from "./lane-card.tsx";
import { playgroundMessages } from "./messages.ts";
import { type ChatModel, ModelPickers, nameOf } from "./model-pickers.tsx";
import { QuestionForm } from "./question-form.tsx";
import { SettingsFields } from "./settings-fields.tsx";
import { useCostsOfCalls } from "./use-costs-of-calls.ts";
import { useLanes } from "./use-lanes.ts";

/** Talks with one to four models at once, and shows their answers beside each other as they come. */
export function Page() {
  const say = useText(playgroundMessages);
  const { data, error, refetch } = useOperation("models.list", {});
  const chats = (data?.models ?? []).filter(({ operations }) => operations.includes("chat"));
  return (
    <PageFrame title={say("title")} lead={say("lead")}>
      {error === null || data !== undefined ? null : (
        <ErrorState error={error} onRetry={() => void refetch()} />
      )}
      {data === undefined && error === null ? <Skeleton lines={8} /> : null}
      {data !== undefined && chats.length === 0 ? (
        <EmptyState icon="chat" title={say("none_title")} text={say("none_text")} />
      ) : null}
      {chats.length === 0 ? null : <Conversations models={chats} />}
    </PageFrame>
  );
}

function Conversations({ models }: { readonly models: readonly ChatModel[] }) {
  const say = useText(playgroundMessages);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [settings, setSettings] = useState<Settings>(noSettings);
  const lanes = useLanes();
  const costs = useCostsOfCalls();
  const names = [...new Set(chosen.filter((model) => model !== ""))];
  const shown = names.map((name) => lanes.of(name)).filter(({ turns }) => turns.length > 0);
  const seesImages = (name: string) =>
    models.some((model) => nameOf(model) === name && model.capabilities.includes("vision"));
  const [first] = names;
  const hindrance =
    first === undefined
      ? say("choose_model")
      : findProblems(settings).size > 0
        ? say("mend_json")
        : undefined;
  return (
    <>
      <Card title={say("setup")}>
        <ModelPickers models={models} chosen={chosen} onChange={setChosen} />
        <SettingsFields settings={settings} onChange={setSettings} />
      </Card>
      {shown.length === 0 ? null : (
        <Grid look="wide">
          {shown.map((lane) => (
            <LaneCard
              key={lane.model}
              lane={lane}
              costs={costs}
              onToolResults={(results) => lanes.answerTools(lane.model, results, settings)}
            />
          ))}
        </Grid>
      )}
      <Card title={say("question")}>
        <QuestionForm
          hindrance={hindrance}
          isBusy={lanes.isBusy}
          takesImages={first !== undefined && names.every(seesImages)}
          onAsk={(question) => lanes.ask(names, question, settings)}
          onCancel={lanes.cancel}
        >
          {(draft) => (
            <>
              {shown.length === 0 || lanes.isBusy ? null : (
                <Button look="quiet" icon="refresh" onClick={lanes.clear}>
                  {say("start_anew")}
                </Button>
              )}
              {first === undefined ? null : (
                <CopyProgram model={first} turns={lanes.of(first).turns} draft={draft} settings={settings} />
              )}
            </>
          )}
        </QuestionForm>
      </Card>
    </>
  );
}
