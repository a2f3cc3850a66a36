import { Popover } from "@base-ui/react/popover";
import { useId, useState } from "react";
import { useLanguage, useTexts } from "../../i18n/language.tsx";
import { usePlayer } from "../player-context.ts";
import { OFF, RAISED_PERCENT, SIZES_PERCENT } from "../subtitles/use-subtitles.ts";
import { watchTexts } from "../texts.ts";
import { ControlButton } from "./control-button.tsx";
import styles from "./controls.module.css";

/** Which subtitles are shown, and how; and a way to bring others. */
export function SubtitleMenu() {
  const texts = useTexts(watchTexts);
  const { stage, holdControls } = usePlayer();
  return (
    <Popover.Root onOpenChange={holdControls}>
      <Popover.Trigger
        render={<ControlButton icon="subtitles" label={texts.subtitles} data-testid="subtitle-menu" />}
      />
      <Popover.Portal container={stage}>
        <Popover.Positioner side="top" sideOffset={10} collisionPadding={8} className={styles["positioner"]}>
          <Popover.Popup className={styles["popup"]} aria-label={texts.subtitles} data-testid="subtitle-panel">
            <SubtitleList />
            <SubtitleLooks />
            <UploadSubtitles />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

function SubtitleList() {
  const texts = useTexts(watchTexts);
  const name = useId();
  const { sources, shown, choose } = usePlayer().subtitles;
  const rows = [
    { id: OFF, label: texts.subtitlesOff },
    ...sources.map(({ id, label, isForced }, position) => {
      const known = label || texts.track(position + 1);
      return { id, label: isForced ? `${known} (${texts.forced})` : known };
    }),
  ];
  return (
    <fieldset className={styles["rows"]}>
      <legend className={styles["hidden"]}>{texts.subtitles}</legend>
      {rows.map(({ id, label }) => (
        <label key={id} className={styles["option"]}>
          <input type="radio" name={name} checked={(shown?.id ?? OFF) === id} onChange={() => choose(id)} />
          <span dir="auto" className={styles["optionText"]}>
            {label}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

const DELAY_MAX_SECONDS = 30;
const DELAY_STEP_SECONDS = 0.1;

/** Size and place are those of text: what a film draws has its own. */
function SubtitleLooks() {
  const texts = useTexts(watchTexts);
  const { language } = useLanguage();
  const { shown, look, delaySeconds, setLook, setDelaySeconds } = usePlayer().subtitles;
  if (shown === undefined) return null;
  const delay = `${delaySeconds.toLocaleString(language, { minimumFractionDigits: 1, signDisplay: "exceptZero" })} s`;
  return (
    <div className={styles["looks"]}>
      {shown.drawn === undefined && (
        <>
          <Adjust
            label={texts.size}
            value={look.sizePercent}
            text={`${look.sizePercent} %`}
            range={{ ...SIZES_PERCENT, step: 10 }}
            onChange={(sizePercent) => setLook({ ...look, sizePercent })}
          />
          <Adjust
            label={texts.position}
            value={look.raisedPercent}
            text={`${look.raisedPercent} %`}
            range={{ ...RAISED_PERCENT, step: 5 }}
            onChange={(raisedPercent) => setLook({ ...look, raisedPercent })}
          />
        </>
      )}
      <Adjust
        label={texts.delay}
        value={delaySeconds}
        text={delay}
        range={{ min: -DELAY_MAX_SECONDS, max: DELAY_MAX_SECONDS, step: DELAY_STEP_SECONDS }}
        onChange={setDelaySeconds}
      />
    </div>
  );
}

interface AdjustProps {
  readonly label: string;
  readonly value: number;
  readonly text: string;
  readonly range: { readonly min: number; readonly max: number; readonly step: number };
  readonly onChange: (value: number) => void;
}

function Adjust({ label, value, text, range, onChange }: AdjustProps) {
  const id = useId();
  return (
    <div className={styles["adjust"]}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="range"
        {...range}
        value={value}
        aria-valuetext={text}
        onChange={({ currentTarget }) => onChange(currentTarget.valueAsNumber)}
      />
      <output htmlFor={id}>{text}</output>
    </div>
  );
}

function UploadSubtitles() {
  const texts = useTexts(watchTexts);
  const { upload } = usePlayer().subtitles;
  const [failure, setFailure] = useState("");
  const take = (file: File | undefined): void => {
    if (file === undefined) return;
    setFailure("");
    upload(file).catch((error: unknown) => setFailure(error instanceof Error ? error.message : String(error)));
  };
  return (
    <div className={styles["upload"]}>
      <label className={styles["fileButton"]}>
        {texts.uploadSubtitles}
        <input
          type="file"
          className={styles["hidden"]}
          data-testid="subtitle-file"
          accept=".srt,.ass,.ssa,.vtt,.sup,.txt"
          onChange={({ currentTarget }) => {
            take(currentTarget.files?.[0]);
            currentTarget.value = "";
          }}
        />
      </label>
      <p role="alert" className={styles["failure"]} hidden={failure === ""}>
        {failure}
      </p>
    </div>
  );
}
