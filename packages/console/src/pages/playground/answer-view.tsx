import { useState } from "react";
import { Link } from "wouter";
import { Button } from "../../components/button.tsx";
import { Figure } from "../../components/card.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { ErrorState, Notice } from "../../components/notice.tsx";
import { FigureList } from "../../components/page.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useText } from "../../text/use-text.ts";
import { type Answer, tokensPerSecond } from "./conversation.ts";
import { Markdown } from "./markdown/markdown.tsx";
import { playgroundMessages } from "./messages.ts";
import styles from "./playground.module.css";
import { RawDialog } from "./raw-dialog.tsx";
import { ToolCalls } from "./tool-calls.tsx";
import type { CostsOfCalls } from "./use-costs-of-calls.ts";

const tones = { running: "calm", done: "good", cancelled: "none", cut: "bad" } as const;

/** One answer: what it says, how it ended, how fast it came and what it cost. */
export function AnswerView({ answer, costs }: { readonly answer: Answer; readonly costs: CostsOfCalls }) {
  const say = useText(playgroundMessages);
  const [isRaw, setIsRaw] = useState(false);
  const { state, text, reasoning, toolCalls, error, requestId } = answer;
  return (
    <div className={styles["answer"]} aria-busy={state === "running"}>
      {reasoning === "" ? null : (
        <details className={styles["fold"]}>
          <summary>{say("reasoning")}</summary>
          <p className={styles["plain"]}>{reasoning}</p>
        </details>
      )}
      {text === "" ? null : <Markdown text={text} />}
      <ToolCalls calls={toolCalls} />
      {state === "cut" && (text !== "" || toolCalls.length > 0) ? (
        <Notice tone="warn">{say("cut")}</Notice>
      ) : null}
      {error === undefined ? null : <ErrorState error={error} />}
      <Figures answer={answer} costs={costs} />
      <div className={styles["actions"]}>
        <StateMark tone={tones[state]}>{say(`state_${state}`)}</StateMark>
        {text === "" ? null : <CopyButton text={text} label={say("copy_answer")} />}
        <Button look="quiet" icon="list" onClick={() => setIsRaw(true)}>
          {say("raw")}
        </Button>
        {requestId === undefined || state === "running" ? null : (
          <Link href={`/requests/${encodeURIComponent(requestId)}`}>{say("to_request")}</Link>
        )}
      </div>
      {isRaw ? <RawDialog answer={answer} onClose={() => setIsRaw(false)} /> : null}
    </div>
  );
}

function Figures({ answer, costs }: { readonly answer: Answer; readonly costs: CostsOfCalls }) {
  const say = useText(playgroundMessages);
  const formats = useFormats();
  const { firstMs, totalMs, inputTokens, outputTokens, requestId } = answer;
  const call = requestId === undefined ? undefined : costs.get(requestId);
  const cost =
    call === undefined || call.costs.length > 0
      ? call?.costs.map(({ currency, cost_micros }) => formats.money(cost_micros, currency)).join(" + ")
      : call.unpriced_attempts > 0
        ? say("no_price")
        : undefined;
  return (
    <div className={styles["figures"]}>
      <FigureList>
        <Figure label={say("first")}>{formats.duration(firstMs)}</Figure>
        <Figure label={say("total")}>{formats.duration(totalMs)}</Figure>
        <Figure label={say("speed")}>{formats.count(tokensPerSecond(answer))}</Figure>
        <Figure label={say("tokens")}>
          {formats.count(inputTokens)} / {formats.count(outputTokens)}
        </Figure>
        <Figure label={say("cost")}>{cost ?? formats.count(undefined)}</Figure>
      </FigureList>
    </div>
  );
}
