import type { OperationOutput } from "@llm-platform/client";
import { useOperation } from "../query/use-operation.ts";
import { useCaller } from "../session/use-session.ts";
import { CheckField } from "./field.tsx";
import styles from "./permission-fields.module.css";

export type Permission = OperationOutput<"access.whoami">["permissions"][number];

/** Permissions to choose from: those of the reader, as nobody gives more than that, and what is chosen already. */
export function PermissionFields({
  legend,
  chosen,
  onChange,
}: {
  readonly legend: string;
  readonly chosen: readonly Permission[];
  onChange(chosen: readonly Permission[]): void;
}) {
  const caller = useCaller();
  const { data } = useOperation("roles.list", {});
  const meanings = new Map<string, string>(data?.permissions.map(({ name, summary }) => [name, summary]));
  const offered = [...new Set<Permission>([...caller.permissions, ...chosen])];
  return (
    <fieldset className={styles["permissions"]}>
      <legend>{legend}</legend>
      {offered.map((permission) => (
        <CheckField
          key={permission}
          label={permission}
          hint={meanings.get(permission)}
          isChecked={chosen.includes(permission)}
          onChange={(isChecked) => {
            const others = chosen.filter((each) => each !== permission);
            onChange(isChecked ? [...others, permission] : others);
          }}
        />
      ))}
    </fieldset>
  );
}
