import { Menu } from "@base-ui/react/menu";
import { Icon, type IconName } from "../icons.tsx";
import { usePlayer } from "../player-context.ts";
import { ControlButton } from "./control-button.tsx";
import styles from "./controls.module.css";

interface Option {
  readonly value: string;
  readonly label: string;
  /** Something short behind it. */
  readonly note?: string | undefined;
}

interface OptionMenuProps {
  readonly icon: IconName;
  readonly label: string;
  readonly testId: string;
  readonly options: readonly Option[];
  readonly chosen: string | undefined;
  readonly onChoose: (value: string) => void;
}

/** A button that opens a list of which one is chosen. */
export function OptionMenu({ icon, label, testId, options, chosen, onChoose }: OptionMenuProps) {
  const { stage, holdControls } = usePlayer();
  return (
    <Menu.Root modal={false} onOpenChange={holdControls}>
      <Menu.Trigger render={<ControlButton icon={icon} label={label} data-testid={testId} />} />
      <Menu.Portal container={stage}>
        <Menu.Positioner side="top" sideOffset={10} collisionPadding={8} className={styles["positioner"]}>
          <Menu.Popup className={styles["popup"]} aria-label={label}>
            <Menu.RadioGroup value={chosen ?? ""} onValueChange={(value) => onChoose(String(value))}>
              {options.map(({ value, label: text, note }) => (
                <Menu.RadioItem key={value} value={value} closeOnClick className={styles["option"]}>
                  <span className={styles["check"]}>
                    <Menu.RadioItemIndicator>
                      <Icon name="check" />
                    </Menu.RadioItemIndicator>
                  </span>
                  <span dir="auto" className={styles["optionText"]}>
                    {text}
                  </span>
                  {note !== undefined && <span className={styles["note"]}>{note}</span>}
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
