import { SESSION_STORIES } from "./session-stories.ts";
import { SHARING_STORIES } from "./sharing-stories.ts";
import type { Story } from "./story.ts";
import { SWARM_STORIES } from "./swarm-stories.ts";

export const STORIES: readonly Story[] = [...SESSION_STORIES, ...SHARING_STORIES, ...SWARM_STORIES];
