import { SESSION_STORIES } from "./session-stories.ts";
import type { Story } from "./story.ts";
import { SWARM_STORIES } from "./swarm-stories.ts";

export const STORIES: readonly Story[] = [...SESSION_STORIES, ...SWARM_STORIES];
