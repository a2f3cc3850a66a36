import type { H264Encoder, H264Encoding } from "./h264-encoding.ts";

/** The device of the hardware, which stands before the input. */
export function deviceArguments(encoder: H264Encoder): string[] {
  return [...(DEVICES[encoder] ?? [])];
}

/**
 * The arguments that make H.264 of a picture: 8 bits, 4:2:0 and even sides, which is what every browser decodes. No frame waits for
 * later ones, a keyframe comes every two seconds, and the bit rate is bounded.
 * @param start time of the source before which nothing is put out, written in seconds
 */
export function h264Arguments(encoding: H264Encoding, start: string | undefined): string[] {
  const { encoder, maxHeightPixels, maxBitsPerSecond } = encoding;
  const filters = [
    ...(start === undefined ? [] : [`trim=start=${start}`]),
    maxHeightPixels === undefined
      ? "scale=trunc(iw/2)*2:trunc(ih/2)*2"
      : `scale=w=-2:h='min(${maxHeightPixels},trunc(ih/2)*2)':flags=fast_bilinear`,
    ...FORMATS[encoder],
  ];
  return [
    "-vf",
    filters.join(","),
    ...ENCODERS[encoder](encoding),
    ...AS_SHOWN,
    "-maxrate",
    String(maxBitsPerSecond),
    "-bufsize",
    String(maxBitsPerSecond),
    "-force_key_frames",
    `expr:if(isnan(prev_forced_t),1,gte(t,prev_forced_t+${KEYFRAME_SECONDS}))`,
  ];
}

const KEYFRAME_SECONDS = 2;
/** Else pictures are repeated, left out and moved until they come at what is guessed to be their rate. */
const AS_SHOWN = ["-fps_mode:v", "vfr", "-enc_time_base:v", "1:90000"];

/** Where Linux has its first graphics card. */
export const RENDER_DEVICE = "/dev/dri/renderD128";

const DEVICES: Partial<Record<H264Encoder, readonly string[]>> = {
  h264_vaapi: ["-init_hw_device", `vaapi=gpu:${RENDER_DEVICE}`, "-filter_hw_device", "gpu"],
};

const FORMATS: Readonly<Record<H264Encoder, readonly string[]>> = {
  libx264: ["format=yuv420p"],
  h264_nvenc: ["format=yuv420p"],
  h264_videotoolbox: ["format=yuv420p"],
  h264_qsv: ["format=nv12"],
  h264_vaapi: ["format=nv12", "hwupload"],
};

/** What makes each of them put out every frame at once, and begin anew where it is told to. */
const ENCODERS: Readonly<Record<H264Encoder, (encoding: H264Encoding) => string[]>> = {
  libx264: ({ preset, threads }) =>
    `-c:v libx264 -preset ${preset} -tune zerolatency -threads:v ${threads} -crf 23`.split(" "),
  h264_nvenc: (encoding) =>
    `-c:v h264_nvenc -preset p3 -tune ll -delay 0 -bf 0 -forced-idr 1 -rc vbr ${targetRate(encoding)}`.split(" "),
  h264_videotoolbox: (encoding) => `-c:v h264_videotoolbox -realtime 1 -bf 0 ${targetRate(encoding)}`.split(" "),
  h264_qsv: (encoding) =>
    `-c:v h264_qsv -preset veryfast -async_depth 1 -bf 0 -forced_idr 1 ${targetRate(encoding)}`.split(" "),
  h264_vaapi: (encoding) => `-c:v h264_vaapi -rc_mode VBR -bf 0 ${targetRate(encoding)}`.split(" "),
};

/** Hardware knows no constant quality that all drivers have: it aims at two thirds of what is allowed. */
function targetRate({ maxBitsPerSecond }: H264Encoding): string {
  return `-b:v ${Math.round((maxBitsPerSecond * 2) / 3)}`;
}
