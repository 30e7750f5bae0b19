// node rust.mjs VOCABULARY TEXT REPEATS IDS: the best of the repeats in seconds of the processor's time; writes the ids.
// Needs the package "tokenizers" where NODE_PATH says.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';

const { Tokenizer } = createRequire(import.meta.url)('tokenizers');
const [vocabulary, file, repeats, out] = process.argv.slice(2);
const tokenizer = Tokenizer.fromFile(vocabulary);
const text = readFileSync(file, 'utf8');
let best = Infinity;
let ids = [];
for (let i = 0; i <= repeats; i++) {
  const start = process.cpuUsage();
  const encoding = await tokenizer.encode(text, null, { addSpecialTokens: false });
  const seconds = process.cpuUsage(start).user / 1e6;
  if (i > 0) best = Math.min(best, seconds);
  ids = encoding;
}
writeFileSync(out, ids.getIds().join(' '));
console.log(best);
