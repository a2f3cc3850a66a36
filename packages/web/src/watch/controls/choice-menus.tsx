import { MediaActionTypes, useMediaDispatch, useMediaSelector } from "media-chrome/react/media-store";
import { formatTime } from "../../format.ts";
import { useLanguage, useTexts } from "../../i18n/language.tsx";
import { chapterAt, type FilmChapter } from "../chapters.ts";
import { SPEEDS } from "../keys.ts";
import { usePlayer } from "../player-context.ts";
import { watchTexts } from "../texts.ts";
import { describeSound, firstSound, soundsOf } from "../tracks.ts";
import { OptionMenu } from "./option-menu.tsx";

export function SpeedMenu() {
  const texts = useTexts(watchTexts);
  const { language } = useLanguage();
  const dispatch = useMediaDispatch();
  const speed = useMediaSelector(({ mediaPlaybackRate }) => mediaPlaybackRate) ?? 1;
  const options = SPEEDS.map((each) => ({
    value: String(each),
    label: each === 1 ? texts.usualSpeed : `${each.toLocaleString(language)}×`,
  }));
  const choose = (value: string): void =>
    dispatch({ type: MediaActionTypes.MEDIA_PLAYBACK_RATE_REQUEST, detail: Number(value) });
  return (
    <OptionMenu
      icon="speed"
      label={texts.speed}
      testId="speed"
      options={options}
      chosen={String(speed)}
      onChoose={choose}
    />
  );
}

/** Nothing where there is no choice. */
export function SoundMenu() {
  const texts = useTexts(watchTexts);
  const { language } = useLanguage();
  const { film } = usePlayer();
  const sounds = soundsOf(film.info);
  if (sounds.length < 2) return null;
  const chosen = film.audio ?? firstSound(sounds)?.index;
  const options = sounds.map((sound) => ({
    value: String(sound.index),
    label: describeSound(sound, language) || texts.track(sound.index + 1),
  }));
  return (
    <OptionMenu
      icon="sound"
      label={texts.sound}
      testId="sound"
      options={options}
      chosen={String(chosen)}
      onChoose={(value) => film.chooseSound(Number(value))}
    />
  );
}

export function ChapterMenu({ chapters }: { readonly chapters: readonly FilmChapter[] }) {
  const texts = useTexts(watchTexts);
  const { seekTo } = usePlayer();
  const current = useMediaSelector(({ mediaCurrentTime }) => chapterAt(chapters, mediaCurrentTime ?? 0)?.startSeconds);
  if (chapters.length === 0) return null;
  const options = chapters.map(({ startSeconds, title }, position) => ({
    value: String(startSeconds),
    label: title ?? texts.chapter(position + 1),
    note: formatTime(startSeconds),
  }));
  return (
    <OptionMenu
      icon="chapters"
      label={texts.chapters}
      testId="chapters"
      options={options}
      chosen={String(current)}
      onChoose={(value) => seekTo(Number(value))}
    />
  );
}
