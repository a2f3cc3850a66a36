const ESCAPE = "\u001b";
/** A control sequence (ECMA-48 §5.4), a line end, or anything else up to the next of them. */
const TOKEN = new RegExp(`${ESCAPE}\\[([?\\d;]*)([@-~])|\\r|\\n|[^${ESCAPE}\\r\\n]+`, "g");

/**
 * What a terminal shows after these bytes: understands what `Drawing` uses, colours, and no more, so that a sequence that
 * came out of a name fails the test. Rows are without end; lines are cut off, not wrapped.
 */
export function screenOf(text: string): readonly string[] {
  const rows: string[] = [""];
  let row = 0;
  let column = 0;
  for (const [token, parameters = "", command] of text.matchAll(TOKEN)) {
    if (token === "\r") column = 0;
    else if (token === "\n") {
      row += 1;
      column = 0;
      rows[row] ??= "";
    } else if (command === "A") {
      row -= Number(parameters);
      if (row < 0) throw new Error("The cursor left the drawing");
    } else if (command === "J" && parameters === "") {
      rows.length = row + 1;
      rows[row] = rows[row]!.slice(0, column);
    } else if (command === undefined) {
      rows[row] = rows[row]!.slice(0, column) + token + rows[row]!.slice(column + token.length);
      column += token.length;
    } else if (!["h", "l", "m"].includes(command)) {
      throw new Error(`Nobody expected ${JSON.stringify(token)}`);
    }
  }
  return rows;
}
