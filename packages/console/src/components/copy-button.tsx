import { useState } from "react";
import { useText } from "../text/use-text.ts";
import { Button } from "./button.tsx";
import { componentMessages } from "./messages.ts";

const saidMs = 2_000;

/** Copies a text, and says that it did. */
export function CopyButton({ text, label }: { readonly text: string; readonly label?: string }) {
  const say = useText(componentMessages);
  const [isCopied, setIsCopied] = useState(false);
  async function copy() {
    await navigator.clipboard.writeText(text);
    setIsCopied(true);
    setTimeout(() => setIsCopied(false), saidMs);
  }
  return (
    <Button look="quiet" icon={isCopied ? "check" : "copy"} onClick={() => void copy()}>
      <span aria-live="polite">{isCopied ? say("copied") : (label ?? say("copy"))}</span>
    </Button>
  );
}
