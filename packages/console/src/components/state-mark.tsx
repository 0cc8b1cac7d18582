import { Icon, type IconName } from "./icon.tsx";
import { joinNames } from "./join-names.ts";
import styles from "./state-mark.module.css";

/** How something is, from well to not. */
export type Tone = "good" | "warn" | "bad" | "calm" | "none";

const icons: Readonly<Record<Tone, IconName>> = {
  good: "check",
  warn: "warning",
  bad: "cross",
  calm: "clock",
  none: "minus",
};

/** A state by colour, drawing and word at once. */
export function StateMark({
  tone,
  icon = icons[tone],
  children,
}: {
  readonly tone: Tone;
  readonly icon?: IconName;
  readonly children: string;
}) {
  return (
    <span className={joinNames(styles["mark"], styles[tone])} data-tone={tone}>
      <Icon name={icon} size={13} />
      {children}
    </span>
  );
}
