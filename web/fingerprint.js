// SHA-256 of all that the bundle is built from. tests/app/widgets/test_live.py works it out again, without Node.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

const FILES = ["fingerprint.js", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts"];

export function fingerprint() {
  const hash = createHash("sha256");
  const sources = readdirSync("src").map((name) => `src/${name}`);
  for (const name of [...FILES, ...sources].sort()) hash.update(`${name}\n`).update(readFileSync(name));
  return hash.digest("hex");
}
