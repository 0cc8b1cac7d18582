import { Button } from "../../components/button.tsx";
import { ErrorState, Notice } from "../../components/notice.tsx";
import { useChange } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { auditMessages } from "./messages.ts";

/** Whether every record is as it was written. It is looked at when somebody asks: the chain may be long. */
export function Verdict() {
  const say = useText(auditMessages);
  const verify = useChange("audit.verify");
  const { data, error, isPending } = verify;
  const action = (
    <Button icon="lock" isBusy={isPending} onClick={() => verify.mutate({})}>
      {say("verify")}
    </Button>
  );
  if (error !== null) return <ErrorState error={error} onRetry={() => verify.mutate({})} />;
  if (data === undefined) return <Notice action={action}>{say("not_verified")}</Notice>;
  const bad = data.first_bad ?? data.usage.first_bad;
  if (bad === null)
    return (
      <Notice tone="good" action={action}>
        {say("sound", { count: data.records, usage: data.usage.records })}
      </Notice>
    );
  return (
    <Notice tone="bad" action={action}>
      {say("unsound", { sequence: bad.sequence, detail: bad.detail })}
    </Notice>
  );
}
