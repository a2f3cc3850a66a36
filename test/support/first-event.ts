/** Reads a stream of events up to the first that holds these words, and gives that. */
export async function firstEvent(response: Response, words: string): Promise<string> {
  let text = "";
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk).toString();
    const found = text.split("\n\n").find((event) => event.includes(words));
    if (found !== undefined) return found;
  }
  throw new Error("The events ended");
}
