/**
 * A script that stands for ffmpeg. It passes on what is asked of ffmpeg before it is used, and says its command line in place of what it
 * should make: behind the first box of an MP4, as sound in frames of ADTS, or in place of a JPEG. A picture that is to be as narrow as 160
 * pixels it never makes.
 */
export const RECORDING_FFMPEG = `#!/bin/sh
for word; do
  case "$word" in -version|-demuxers|-encoders|lavfi) exec /usr/bin/ffmpeg "$@";; esac
done
text="ARGV$(printf '\\037%s' "$@")$(printf '\\036')"
case "$*" in
*scale=w=160:*) kill -STOP $$;;
*"-f image2pipe"*) printf '%s' "$text";;
*"-f adts"*)
  length=$((\${#text} + 7))
  header=$(printf '\\\\%03o' $((128 | length >> 11)) $((length >> 3 & 255)) $(((length & 7) << 5 | 31)))
  # Those that an encoder needs to warm up are thrown away.
  for unit in 1 2 3 4 5 6 7 8 9 10; do printf "\\\\377\\\\361\\\\114$header\\\\374%s" "$text"; done;;
*) printf '\\000\\000\\000\\024ftyp%s' "$text";;
esac
`;

/** The words in a body that comes from it; undefined if there are none. */
export function commandLineIn(body: Uint8Array): string[] | undefined {
  const [, said] = Buffer.from(body).toString("latin1").split("ARGV\u001f");
  return said?.split("\u001e")[0]?.split("\u001f");
}
