import { ClientError } from "@llm-platform/client";
import type { ReactNode } from "react";
import { useText } from "../text/use-text.ts";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icon.tsx";
import { joinNames } from "./join-names.ts";
import { componentMessages } from "./messages.ts";
import styles from "./notice.module.css";

const icons = { calm: "info", good: "check", warn: "warning", bad: "warning" } as const;

/** A sentence that must be seen. */
export function Notice({
  tone = "calm",
  children,
  action,
}: {
  readonly tone?: keyof typeof icons;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div
      className={joinNames(styles["notice"], styles[tone])}
      role={tone === "bad" ? "alert" : "status"}
      data-tone={tone}
    >
      <Icon name={icons[tone]} />
      <p>{children}</p>
      {action}
    </div>
  );
}

/** What stands where there is nothing yet: what it would be, and the one thing to do next. */
export function EmptyState({
  icon,
  title,
  text,
  action,
  isPage = false,
}: {
  readonly icon: IconName;
  readonly title: string;
  readonly text: string;
  readonly action?: ReactNode;
  /** Whether it stands in the place of a page: its title is the page's then. */
  readonly isPage?: boolean;
}) {
  const Title = isPage ? "h1" : "h2";
  return (
    <div className={styles["blank"]}>
      <Icon name={icon} size={32} />
      <Title>{title}</Title>
      <p>{text}</p>
      {action}
    </div>
  );
}

/** What went wrong, in the server's own words, and a way to try again. */
export function ErrorState({ error, onRetry }: { readonly error: Error; readonly onRetry?: () => void }) {
  const say = useText(componentMessages);
  const id = error instanceof ClientError ? error.requestId : undefined;
  return (
    <Notice
      tone="bad"
      action={
        onRetry === undefined ? undefined : (
          <Button icon="refresh" onClick={onRetry}>
            {say("try_again")}
          </Button>
        )
      }
    >
      {error.message} {id === undefined ? null : <code>{id}</code>}
    </Notice>
  );
}

/** Holds the place of what is being fetched. */
export function Skeleton({ lines = 3 }: { readonly lines?: number }) {
  const say = useText(componentMessages);
  return (
    <div className={styles["skeleton"]} role="status" aria-label={say("loading")}>
      {Array.from({ length: lines }, (_line, at) => (
        <span key={at} />
      ))}
    </div>
  );
}
