/** GUIDs as their bytes stand in the file, in hexadecimal (ASF specification §10). */
export const AsfGuid = {
  header: "3026b2758e66cf11a6d900aa0062ce6c",
  fileProperties: "a1dcab8c47a9cf118ee400c00c205365",
  streamProperties: "9107dcb7b7a9cf118ee600c00c205365",
  audioMedia: "409e69f84d5bcf11a8fd00805f5c442b",
  videoMedia: "c0ef19bc4d5bcf11a8fd00805f5c442b",
} as const;
