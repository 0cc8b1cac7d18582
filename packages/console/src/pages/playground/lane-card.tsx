import { Card } from "../../components/card.tsx";
import { useText } from "../../text/use-text.ts";
import { AnswerView } from "./answer-view.tsx";
import { type Lane, openToolCalls, type ToolResult, type Turn } from "./conversation.ts";
import { playgroundMessages } from "./messages.ts";
import styles from "./playground.module.css";
import { ToolResultForm } from "./tool-calls.tsx";
import type { CostsOfCalls } from "./use-costs-of-calls.ts";

interface LaneCardProps {
  readonly lane: Lane;
  readonly costs: CostsOfCalls;
  onToolResults(results: readonly ToolResult[]): void;
}

/** The conversation with one model. */
export function LaneCard({ lane, costs, onToolResults }: LaneCardProps) {
  const calls = openToolCalls(lane);
  return (
    <Card title={lane.model}>
      <ol className={styles["turns"]}>
        {lane.turns.map((turn, at) => (
          // They only grow at their end.
          <li key={at}>
            <TurnView turn={turn} costs={costs} />
          </li>
        ))}
      </ol>
      {calls.length === 0 ? null : (
        <ToolResultForm key={lane.turns.length} calls={calls} onSend={onToolResults} />
      )}
    </Card>
  );
}

function TurnView({ turn, costs }: { readonly turn: Turn; readonly costs: CostsOfCalls }) {
  const say = useText(playgroundMessages);
  switch (turn.role) {
    case "user":
      return (
        <div className={styles["said"]}>
          <p className={styles["plain"]}>{turn.text}</p>
          {turn.images.map((url, at) => (
            <img key={url} src={url} alt={say("image", { place: at + 1 })} />
          ))}
        </div>
      );
    case "tool":
      return (
        <div className={styles["said"]}>
          <p>{say("result")}</p>
          <pre tabIndex={0}>{turn.text}</pre>
        </div>
      );
    case "assistant":
      return <AnswerView answer={turn} costs={costs} />;
  }
}
