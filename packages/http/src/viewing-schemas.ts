import { z } from "@hono/zod-openapi";

/** The shapes of what a player asks beside its stream: where somebody stopped watching, and what to have ready. */

/** Times in a file are far below this (115 days); above it they are nonsense. */
const SECONDS_MAX = 9_999_999;

const seconds = z.number().min(0).max(SECONDS_MAX);
const audio = z.number().int().min(0).max(999).optional().openapi({ description: "Index of the chosen sound track." });
const subtitle = z
  .string()
  .max(200)
  .optional()
  .openapi({ description: "The chosen subtitle, by an identifier that means something to the page only." });

/** What a player reports of how far it has come. */
export const recordViewingSchema = z
  .strictObject({ positionSeconds: seconds, durationSeconds: seconds.optional(), audio, subtitle })
  .openapi("RecordViewing");

export const viewingSchema = z
  .strictObject({
    infoHash: z.string().regex(/^[0-9a-f]{40}$/),
    index: z.number().int().nonnegative(),
    positionSeconds: seconds,
    durationSeconds: seconds.optional(),
    watchedAt: z.iso.datetime().openapi({ description: "When it was last reported." }),
    isFinished: z.boolean().openapi({ description: "Whether less is left than the smaller of 5 % and three minutes." }),
    audio,
    subtitle,
  })
  .openapi("Viewing");

export const viewingListSchema = z
  .strictObject({ viewings: z.array(viewingSchema) })
  .openapi("ViewingList", { description: "Newest first." });

/** Longer than any player buffers; two pieces of 16 MiB hold less of most films. */
const PREPARED_SECONDS_MAX = 600;

export const prepareSchema = z
  .strictObject({
    fromSeconds: seconds.optional().openapi({ description: "Without it, only head and index are fetched." }),
    seconds: z
      .number()
      .positive()
      .max(PREPARED_SECONDS_MAX)
      .optional()
      .openapi({ description: "How much of the film from there on. Default 10." }),
  })
  .openapi("Prepare");

const secondsRangeSchema = z.strictObject({ startSeconds: z.number(), endSeconds: z.number() }).openapi("SecondsRange");

export const secondsMapSchema = z
  .strictObject({
    available: z.array(secondsRangeSchema).readonly(),
    wanted: z.array(secondsRangeSchema).readonly(),
    reading: z.array(secondsRangeSchema).readonly(),
  })
  .openapi("SecondsMap", {
    description:
      "Half-open stretches of the film, in seconds: exact at keyframes, by their share of the bytes between them.",
  });

export type RecordViewing = z.infer<typeof recordViewingSchema>;
export type Viewing = z.infer<typeof viewingSchema>;
export type ViewingList = z.infer<typeof viewingListSchema>;
export type Prepare = z.infer<typeof prepareSchema>;
export type SecondsRange = z.infer<typeof secondsRangeSchema>;
export type SecondsMap = z.infer<typeof secondsMapSchema>;
