import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import { useText } from "../text/use-text.ts";
import { IconButton } from "./button.tsx";
import { Icon } from "./icon.tsx";
import { joinNames } from "./join-names.ts";
import { componentMessages } from "./messages.ts";
import styles from "./toast.module.css";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: "good" | "bad";
}

/** Says in a corner what became of something. */
export interface Toasts {
  done(text: string): void;
  /** Stays until it is dismissed. */
  failed(error: Error): void;
}

const ToastContext = createContext<Toasts>({ done: () => undefined, failed: () => undefined });

const shownMs = 6_000;

export function useToasts(): Toasts {
  return useContext(ToastContext);
}

export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const say = useText(componentMessages);
  const [shown, setShown] = useState<readonly Toast[]>([]);
  const dismiss = useCallback(
    (id: number) => setShown((before) => before.filter((toast) => toast.id !== id)),
    [],
  );
  const toasts = useMemo<Toasts>(() => {
    const add = (text: string, tone: Toast["tone"]) => {
      const id = performance.now();
      setShown((before) => [...before.slice(-3), { id, text, tone }]);
      if (tone === "good") setTimeout(() => dismiss(id), shownMs);
    };
    return { done: (text) => add(text, "good"), failed: ({ message }) => add(message, "bad") };
  }, [dismiss]);
  return (
    <ToastContext value={toasts}>
      {children}
      <section className={styles["toasts"]} aria-live="polite" aria-label={say("notifications")}>
        {shown.map(({ id, text, tone }) => (
          <div key={id} className={joinNames(styles["toast"], tone === "bad" ? styles["bad"] : undefined)}>
            <Icon name={tone === "bad" ? "warning" : "check"} />
            <p>{text}</p>
            <IconButton icon="cross" label={say("dismiss")} onClick={() => dismiss(id)} />
          </div>
        ))}
      </section>
    </ToastContext>
  );
}
