import { Dialog } from "@base-ui/react/dialog";
import { useTexts } from "../i18n/language.tsx";
import { ControlButton } from "./controls/control-button.tsx";
import styles from "./overlays.module.css";
import { usePlayer } from "./player-context.ts";
import { type KeyGroup, watchTexts } from "./texts.ts";

const KEYS: readonly (readonly [KeyGroup, readonly string[]])[] = [
  ["play", ["Space", "K"]],
  ["seekNear", ["←", "→"]],
  ["seekFar", ["J", "L"]],
  ["digits", ["0", "…", "9"]],
  ["ends", ["Home", "End"]],
  ["frames", [",", "."]],
  ["volume", ["↑", "↓"]],
  ["mute", ["M"]],
  ["subtitles", ["C"]],
  ["speed", ["<", ">"]],
  ["fullscreen", ["F"]],
  ["pictureInPicture", ["P"]],
  ["next", ["Shift", "N"]],
  ["help", ["?"]],
];

/** The keys that the player knows. */
export function HelpDialog({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const texts = useTexts(watchTexts);
  const { stage } = usePlayer();
  return (
    <Dialog.Root open={isOpen} onOpenChange={(isOpened) => isOpened || onClose()} modal={false}>
      <Dialog.Portal container={stage}>
        <Dialog.Popup className={styles["help"]} data-testid="help">
          <header>
            <Dialog.Title>{texts.help}</Dialog.Title>
            <Dialog.Close render={<ControlButton icon="close" label={texts.close} />} />
          </header>
          <dl>
            {KEYS.map(([group, keys]) => (
              <div key={group}>
                <dt>{texts.keys[group]}</dt>
                <dd>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
