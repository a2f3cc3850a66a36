import { useState } from "react";
import { usePlayer } from "../player-context.ts";
import { AssLayer } from "./ass-layer.tsx";
import { PgsLayer } from "./pgs-layer.tsx";
import type { SubtitleSource } from "./sources.ts";
import { TextLayer } from "./text-layer.tsx";

/** The chosen subtitles, over the picture and above the controls. */
export function SubtitleLayer() {
  const { shown } = usePlayer().subtitles;
  return shown === undefined ? null : <Shown key={shown.id} source={shown} />;
}

/** What cannot be drawn here is shown as text, if it has any. */
function Shown({ source: { drawn, text } }: { readonly source: SubtitleSource }) {
  const [isPlain, setIsPlain] = useState(false);
  const fall = (): void => setIsPlain(true);
  if (drawn?.kind === "ass" && !isPlain) return <AssLayer from={drawn.from} onFailure={fall} />;
  if (drawn?.kind === "pgs" && !isPlain) return <PgsLayer from={drawn.from} onFailure={fall} />;
  return text === undefined ? null : <TextLayer from={text} />;
}
