import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const WCAG_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Nothing on the page, as it is now, goes against WCAG 2.2 A or AA, as far as a program can tell. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  // A script element would be against the page's content policy.
  await page.evaluate(`${axe.source}; 0`);
  const violations = await page.evaluate<readonly Violation[]>(
    `axe.run(document, { runOnly: ${JSON.stringify(WCAG_AA)}, resultTypes: ["violations"] }).then(({ violations }) => violations)`,
  );
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${what}: ${id}: ${html.slice(0, 200)} ${failureSummary}`),
  );
  expect(found).toEqual([]);
}
