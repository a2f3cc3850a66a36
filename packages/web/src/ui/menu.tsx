import { Menu as BaseMenu } from "@base-ui/react/menu";
import type { ReactNode } from "react";
import controls from "./controls.module.css";
import { MoreIcon } from "./icons.tsx";
import styles from "./menu.module.css";

/** Three dots that open a list of what else can be done. `children` are `MenuAction`s and `MenuLink`s. */
export function Menu({
  label,
  testId,
  onOpenChange,
  children,
}: {
  readonly label: string;
  readonly testId: string;
  readonly onOpenChange?: (isOpen: boolean) => void;
  readonly children: ReactNode;
}) {
  return (
    <BaseMenu.Root modal={false} onOpenChange={(isOpen) => onOpenChange?.(isOpen)}>
      <BaseMenu.Trigger className={controls["icon"]} aria-label={label} data-testid={testId}>
        <MoreIcon />
      </BaseMenu.Trigger>
      <BaseMenu.Portal>
        <BaseMenu.Positioner className={styles["positioner"]} align="end" sideOffset={4} collisionPadding={8}>
          <BaseMenu.Popup className={styles["menu"]}>{children}</BaseMenu.Popup>
        </BaseMenu.Positioner>
      </BaseMenu.Portal>
    </BaseMenu.Root>
  );
}

interface ItemProps {
  readonly icon: ReactNode;
  readonly testId?: string;
  readonly children: ReactNode;
}

export function MenuAction({ icon, testId, children, onClick }: ItemProps & { readonly onClick: () => void }) {
  return (
    <BaseMenu.Item className={styles["item"]} data-testid={testId} onClick={onClick}>
      {icon}
      {children}
    </BaseMenu.Item>
  );
}

export function MenuLink({
  icon,
  testId,
  children,
  href,
  download,
}: ItemProps & { readonly href: string; readonly download?: string }) {
  return (
    <BaseMenu.LinkItem className={styles["item"]} data-testid={testId} href={href} download={download} closeOnClick>
      {icon}
      {children}
    </BaseMenu.LinkItem>
  );
}
