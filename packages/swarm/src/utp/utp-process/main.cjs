// Run from source: a process of its own brings its own loader.
require("tsx/cjs/api").register();
require("./main.ts");
