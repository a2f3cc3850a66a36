/** The sea is painted small and enlarged by ffmpeg, which also makes it soft. */
export const SCENE_WIDTH = 160;
export const SCENE_HEIGHT = 90;

/** Seconds after which the sea looks the same again: its frames are painted once for the longest film. */
export const SCENE_PERIOD_SECONDS = 12;

type Colour = readonly [red: number, green: number, blue: number];

const SKY_TOP: Colour = [12, 18, 48];
const SKY_BOTTOM: Colour = [236, 122, 92];

/** From the horizon to the shore. `turns` are whole waves in a period, so that the last frame meets the first. */
const WAVES = [
  { level: 0.5, height: 0.03, length: 0.9, turns: 2, colour: [86, 78, 122] },
  { level: 0.6, height: 0.04, length: 0.7, turns: -3, colour: [52, 84, 130] },
  { level: 0.71, height: 0.05, length: 0.55, turns: 4, colour: [28, 98, 128] },
  { level: 0.84, height: 0.05, length: 0.42, turns: -5, colour: [14, 66, 92] },
] as const satisfies readonly { level: number; height: number; length: number; turns: number; colour: Colour }[];

/** How far below a crest the light of the sky shines through, as a share of the height. */
const GLOW_DEPTH = 0.12;

/** A sea at dusk: `SCENE_WIDTH` by `SCENE_HEIGHT` pixels of red, green and blue, at a phase of its period in [0, 1). */
export function paintScene(phase: number): Uint8Array {
  const pixels = new Uint8Array(SCENE_WIDTH * SCENE_HEIGHT * 3);
  for (let x = 0; x < SCENE_WIDTH; x += 1) {
    paintSky(pixels, x);
    for (const wave of WAVES) paintWave(pixels, x, wave, crestOf(wave, x / SCENE_HEIGHT, phase));
  }
  return pixels;
}

function crestOf(wave: (typeof WAVES)[number], x: number, phase: number): number {
  const angle = 2 * Math.PI * (x / wave.length + wave.turns * phase);
  return wave.level + wave.height * (Math.sin(angle) + 0.4 * Math.sin(2 * angle + 1)) * 0.7;
}

function paintSky(pixels: Uint8Array, x: number): void {
  for (let y = 0; y < SCENE_HEIGHT; y += 1) {
    const share = Math.min(1, (2 * y) / SCENE_HEIGHT) ** 2;
    blend(pixels, x, y, SKY_TOP, 1);
    blend(pixels, x, y, SKY_BOTTOM, share);
  }
}

/** Water from the crest down; the pixel that the crest runs through is covered in part. */
function paintWave(pixels: Uint8Array, x: number, wave: (typeof WAVES)[number], crest: number): void {
  for (let y = Math.floor(crest * SCENE_HEIGHT); y < SCENE_HEIGHT; y += 1) {
    const covered = Math.min(1, y + 1 - crest * SCENE_HEIGHT);
    const glow = Math.max(0, 1 - (y / SCENE_HEIGHT - crest) / GLOW_DEPTH);
    blend(pixels, x, y, wave.colour, covered);
    blend(pixels, x, y, SKY_BOTTOM, 0.25 * covered * Math.min(1, glow));
  }
}

function blend(pixels: Uint8Array, x: number, y: number, colour: Colour, share: number): void {
  const at = (y * SCENE_WIDTH + x) * 3;
  for (let channel = 0; channel < 3; channel += 1) {
    const before = pixels[at + channel]!;
    pixels[at + channel] = Math.round(before + (colour[channel]! - before) * share);
  }
}
