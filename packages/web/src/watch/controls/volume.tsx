import { MediaActionTypes, useMediaDispatch, useMediaSelector } from "media-chrome/react/media-store";
import { useTexts } from "../../i18n/language.tsx";
import { watchTexts } from "../texts.ts";
import { ControlButton } from "./control-button.tsx";
import styles from "./controls.module.css";

const ICONS = { off: "muted", low: "volumeLow", medium: "volumeLow", high: "volumeHigh" } as const;

/** Mutes; and, where there is a mouse, sets how loud it is. */
export function Volume() {
  const texts = useTexts(watchTexts);
  const dispatch = useMediaDispatch();
  const volume = useMediaSelector(({ mediaVolume }) => mediaVolume) ?? 1;
  const isMuted = useMediaSelector(({ mediaMuted }) => mediaMuted) ?? false;
  const level = useMediaSelector(({ mediaVolumeLevel }) => mediaVolumeLevel) ?? "high";
  const type = isMuted ? MediaActionTypes.MEDIA_UNMUTE_REQUEST : MediaActionTypes.MEDIA_MUTE_REQUEST;
  const shown = isMuted ? 0 : volume;
  return (
    <div className={styles["volume"]}>
      <ControlButton
        icon={ICONS[level]}
        label={isMuted ? texts.unmute : texts.mute}
        data-testid="mute"
        onClick={() => dispatch({ type })}
      />
      <input
        type="range"
        className={styles["volumeBar"]}
        min={0}
        max={1}
        step={0.05}
        value={shown}
        aria-label={texts.volume}
        aria-valuetext={`${Math.round(shown * 100)} %`}
        style={{ "--filled": `${shown * 100}%` }}
        onChange={({ currentTarget }) =>
          dispatch({ type: MediaActionTypes.MEDIA_VOLUME_REQUEST, detail: currentTarget.valueAsNumber })
        }
      />
    </div>
  );
}
