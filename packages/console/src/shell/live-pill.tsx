import { IconButton } from "../components/button.tsx";
import { StateMark, type Tone } from "../components/state-mark.tsx";
import type { LiveMode } from "../live/live-connection.ts";
import { useLiveConnection, useLiveStatus } from "../live/use-live.ts";
import { useText } from "../text/use-text.ts";
import styles from "./live-pill.module.css";
import { shellMessages } from "./messages.ts";

const tones: Readonly<Record<LiveMode, Tone>> = {
  live: "good",
  connecting: "calm",
  reconnecting: "warn",
  paused: "none",
};

/** Whether what is shown is of now, and the switch that holds it still. */
export function LivePill() {
  const say = useText(shellMessages);
  const live = useLiveConnection();
  const { mode } = useLiveStatus();
  return (
    <span className={styles["pill"]} role="status">
      <StateMark tone={tones[mode]} icon={mode === "live" ? "bolt" : mode === "paused" ? "pause" : "clock"}>
        {say(mode)}
      </StateMark>
      {mode === "paused" ? (
        <IconButton icon="play" label={say("resume")} onClick={() => live.resume()} />
      ) : mode === "reconnecting" ? (
        <IconButton icon="refresh" label={say("retry_now")} onClick={() => live.retry()} />
      ) : (
        <IconButton icon="pause" label={say("pause")} onClick={() => live.pause()} />
      )}
    </span>
  );
}
