import type { ButtonHTMLAttributes } from "react";
import styles from "./button.module.css";
import { Icon, type IconName } from "./icon.tsx";
import { joinNames } from "./join-names.ts";

export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "type"> {
  /** `primary` is what one came for: one of a kind on a page. */
  readonly look?: "plain" | "primary" | "danger" | "quiet";
  readonly icon?: IconName;
  /** While it is at work it takes no second click. */
  readonly isBusy?: boolean;
  readonly isSubmit?: boolean;
}

export function Button({
  look = "plain",
  icon,
  isBusy = false,
  isSubmit = false,
  className,
  children,
  disabled = false,
  ...rest
}: ButtonProps) {
  const shown = isBusy ? "spinner" : icon;
  return (
    <button
      {...rest}
      type={isSubmit ? "submit" : "button"}
      disabled={disabled || isBusy}
      aria-busy={isBusy || undefined}
      className={joinNames(
        styles["button"],
        look === "plain" ? undefined : styles[look],
        children === undefined ? styles["iconOnly"] : undefined,
        isBusy ? styles["busy"] : undefined,
        className,
      )}
    >
      {shown === undefined ? null : <Icon name={shown} size={16} />}
      {children}
    </button>
  );
}

/** A button that is a drawing alone; `label` says what it does. */
export function IconButton({
  label,
  ...rest
}: Omit<ButtonProps, "children"> & { readonly label: string; readonly icon: IconName }) {
  return <Button look="quiet" {...rest} aria-label={label} title={label} />;
}
