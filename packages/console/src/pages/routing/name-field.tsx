import { Field } from "../../components/field.tsx";

/** The name of a place, with those that are known to choose from. */
export function NameField({
  label,
  value,
  names,
  problem,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  /** Id of the list of names to choose from. */
  readonly names: string;
  readonly problem: string | undefined;
  onChange(value: string): void;
}) {
  return (
    <Field label={label} problem={problem}>
      {(attributes) => (
        <input
          {...attributes}
          type="text"
          list={names}
          required
          autoComplete="off"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
