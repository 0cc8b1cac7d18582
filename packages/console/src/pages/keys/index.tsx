import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { SelectField } from "../../components/field.tsx";
import { FindBar } from "../../components/find-bar.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { PageFrame } from "../../components/page.tsx";
import { ShownSecret } from "../../components/shown-secret.tsx";
import { usePages } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import type { Key, NewSecret } from "./key-draft.ts";
import { KeyDrawer } from "./key-drawer.tsx";
import { stateOf } from "./key-state.tsx";
import { KeyTable } from "./key-table.tsx";
import { keyMessages } from "./messages.ts";
import { NewKey } from "./new-key.tsx";
import { useOwners } from "../../components/use-owners.ts";

/** Keys: who has which, made, changed and ended. The text of a key is in this page's memory only, and shown once. */
export function Page() {
  const say = useText(keyMessages);
  const pages = usePages("keys.list", {}, ({ keys }) => keys);
  const { nameOf } = useOwners();
  const [shown, setShown] = useState<"standing" | "all">("standing");
  const [text, setText] = useState("");
  const [isMaking, setIsMaking] = useState(false);
  const [opened, setOpened] = useState<string>();
  const [secret, setSecret] = useState<NewSecret>();
  const ownerOf = ({ owner }: Key) => (owner === null ? say("nobody") : nameOf(owner));
  const rows = pages.rows.filter(
    (key) =>
      (shown === "all" || stateOf(key) === "standing") && fits([key.name, key.prefix, ownerOf(key)], text),
  );
  const open = pages.rows.find(({ id }) => id === opened);
  const show = (next: NewSecret) => {
    setIsMaking(false);
    setOpened(undefined);
    setSecret(next);
  };
  const makeButton = (
    <Allowed to="keys.create">
      <Button look="primary" icon="plus" onClick={() => setIsMaking(true)}>
        {say("new")}
      </Button>
    </Allowed>
  );
  const nothing = pages.rows.length === 0 ? "empty" : "none_fits";
  return (
    <PageFrame title={say("title")} lead={say("lead")} actions={makeButton}>
      <FindBar label={say("find")} hint={say("find_hint")} text={text} onFind={setText}>
        <SelectField
          label={say("show")}
          value={shown}
          options={[
            { value: "standing", label: say("show_standing") },
            { value: "all", label: say("show_all") },
          ]}
          onChange={setShown}
        />
      </FindBar>
      <Card>
        <KeyTable
          pages={pages}
          rows={rows}
          ownerOf={ownerOf}
          onOpen={({ id }) => setOpened(id)}
          empty={<EmptyState icon="key" title={say(`${nothing}_title`)} text={say(`${nothing}_text`)} />}
        />
      </Card>
      {isMaking ? <NewKey onMade={show} onClose={() => setIsMaking(false)} /> : null}
      {open === undefined ? null : (
        <KeyDrawer of={open} owner={ownerOf(open)} onNewText={show} onClose={() => setOpened(undefined)} />
      )}
      {secret === undefined ? null : (
        <ShownSecret
          title={say("secret_title", { name: secret.name })}
          warning={say("secret_text")}
          secrets={[{ label: say("secret"), copy: say("copy"), text: secret.key }]}
          onClose={() => setSecret(undefined)}
        />
      )}
    </PageFrame>
  );
}

function fits(words: readonly string[], text: string): boolean {
  return words.join(" ").toLowerCase().includes(text.trim().toLowerCase());
}
