import type { ComponentProps } from "react";
import { Icon, type IconName } from "../icons.tsx";
import styles from "./controls.module.css";

interface ControlButtonProps extends Omit<ComponentProps<"button">, "children" | "type"> {
  readonly icon: IconName;
  /** What it does, for those who cannot see it, and for those who wonder. */
  readonly label: string;
}

/** A button that is a picture. */
export function ControlButton({ icon, label, className, ...rest }: ControlButtonProps) {
  return (
    <button type="button" aria-label={label} title={label} className={classes(styles["button"], className)} {...rest}>
      <Icon name={icon} />
    </button>
  );
}

export function classes(...names: readonly (string | undefined | false)[]): string {
  return names.filter(Boolean).join(" ");
}
