/**
 * A body that is read only when its consumer asks: `next` gives a chunk, or undefined at the end. If it rejects, so does the
 * body, which is never cut short as if it were complete. `release` is called once the body has ended, failed or been cancelled,
 * and cancelling waits for it.
 */
export function pulledBody(
  next: () => Promise<Uint8Array | undefined>,
  release: (reason: unknown) => void | Promise<void>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = await next();
          if (chunk !== undefined) {
            controller.enqueue(chunk);
            return;
          }
          await release(undefined);
          controller.close();
        } catch (error) {
          await release(error);
          throw error;
        }
      },
      cancel: release,
    },
    { highWaterMark: 0 },
  );
}
