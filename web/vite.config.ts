import { defineConfig } from "vite";
import { fingerprint } from "./fingerprint.js";

// One ES module, its style inside, whose first line says of which sources it was built.
export default defineConfig({
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    lib: { entry: "src/main.tsx", formats: ["es"], fileName: () => "instrument.js" },
    outDir: process.env.OUT ?? "../app/static",
    emptyOutDir: false,
    target: "es2022",
    rolldownOptions: { output: { minify: true, postBanner: `/* Built from web/ by "make web". Sources: ${fingerprint()} */` } },
  },
});
